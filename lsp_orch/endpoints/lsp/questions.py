"""Somebody wants what a person holds: that person is asked, where a question blocks nobody, or told."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from lsprotocol import types as lsp

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease
from lsp_orch.endpoints.lsp.documents import EDITING
from lsp_orch.endpoints.lsp.office import Office
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.resources import shown
from lsp_orch.endpoints.shapes import exact_time
from lsp_orch.store.base import Tx

HAND_OVER = "Hand over"
KEEP = "Keep"
_MOST = 32  # open at once: a person who answers none of them is told of the others

_Pair = tuple[str, str]  # a lease and a holder who wants it


class Questions:
    """One editor's. Nobody waits for an answer: it does what it does when it comes, if it does."""

    def __init__(
        self, server: EditorServer, office: Office, say: Callable[[lsp.MessageType, str], None]
    ) -> None:
        self._server = server
        self._office = office
        self._say = say
        self._due: dict[_Pair, tuple[Lease, Waiter]] = {}
        self._open: set[_Pair] = set()
        self.allowed = False

    def wanted(self, lease: Lease, waiter: Waiter) -> None:
        """``waiter`` wants ``lease``; what it does in one commit, queue and claim, is one question."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._ask_all)
        self._due[lease.id, waiter.ask.holder.id] = (lease, waiter)

    def _ask_all(self) -> None:
        due, self._due = self._due, {}
        for pair, (lease, waiter) in due.items():
            if pair not in self._open and self.allowed and len(self._open) < _MOST:
                self._ask(pair, lease, waiter)
            elif pair not in self._open or waiter.claims_at is not None:  # a date is news
                self._say(lsp.MessageType.Warning, f"{_wants(lease, waiter)} {_by_hand(waiter)}")

    def _ask(self, pair: _Pair, lease: Lease, waiter: Waiter) -> None:
        self._open.add(pair)
        question = lsp.ShowMessageRequestParams(
            lsp.MessageType.Warning if waiter.claims_at is not None else lsp.MessageType.Info,
            f"lsp-orch: {_wants(lease, waiter)}",
            [lsp.MessageActionItem(HAND_OVER), lsp.MessageActionItem(KEEP)],
        )
        answer = self._server.protocol.send_request(lsp.WINDOW_SHOW_MESSAGE_REQUEST, question)
        answer.add_done_callback(partial(self._answered, pair, lease, waiter))

    def _answered(self, pair: _Pair, lease: Lease, waiter: Waiter, answer: Future[Any]) -> None:
        self._open.discard(pair)
        if answer.cancelled() or answer.exception():  # the editor has left, or can ask nobody
            return
        chosen = answer.result().title if answer.result() else ""
        if chosen in {HAND_OVER, KEEP}:
            self._server.peer.spawn(self._do(chosen, lease, waiter))

    async def _do(self, chosen: str, lease: Lease, waiter: Waiter) -> None:
        def work(tx: Tx) -> str:
            now = tx.leases.by_id(lease.id)
            if now is None:
                return "is not yours any more: there is nothing to decide"
            if chosen == KEEP:
                self._office.leases.object(tx, now.holder, now.scopes)
                return ""
            asker = waiter.ask.holder
            if not any(each.ask.holder.id == asker.id for each in tx.waiters.touching(now.scopes)):
                return f"is still yours: {asker.name} does not wait for it any more"
            given = self._office.claims.hand_over(tx, now, asker)
            return f"is still yours: {given.message}" if isinstance(given, Refusal) else ""

        if words := await self._office.desk.do(work):
            self._say(lsp.MessageType.Info, f"{_names(lease)} {words}.")


def _wants(lease: Lease, waiter: Waiter) -> str:
    who, reason = waiter.ask.holder.name, waiter.ask.reason
    why = f" ({reason})" if reason and reason != EDITING else ""
    if waiter.claims_at is None:
        return f"{who} waits for {_names(lease)}{why}."
    return f"{who} takes {_names(lease)} at {exact_time(waiter.claims_at)} unless you keep it{why}."


def _by_hand(waiter: Waiter) -> str:
    keep = "" if waiter.claims_at is None else " or keep it"
    return f"A code action lets you hand it over{keep}."


def _names(lease: Lease) -> str:
    return ", ".join(shown(scope, lease.workspace) for scope in lease.scopes)
