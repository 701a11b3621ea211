"""The verbs of ``lsp-orch message``.

Each call may say in ``pid`` and ``sessions`` where it comes from: that decides who writes and who reads.
"""

import asyncio
from typing import Any

from lsp_orch.domain import message
from lsp_orch.domain.caller import Caller
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.message import Message, Pace, Post
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.addressees import addressee, everybody
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required, words
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.shapes import rfc3339
from lsp_orch.services.messages import Messages, Sent
from lsp_orch.services.ports import Paths
from lsp_orch.store.base import Tx


class MessageMethods:
    """Translates ``message.*`` calls; ``person`` is whose daemon this is."""

    def __init__(
        self, desk: Desk, messages: Messages, requests: LeaseRequests, paths: Paths, person: str
    ) -> None:
        self._desk = desk
        self._messages = messages
        self._requests = requests
        self._paths = paths
        self._person = person

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "message.send": self.send,
            "message.broadcast": self.broadcast,
            "message.inbox": self.inbox,
        }

    async def send(self, params: dict[str, Any]) -> Answer:
        """``{"to", "text", "urgent", "key"}`` to ``{"id", "to", "known", "full"}``, lists of session ids.

        ``known`` were sent it before, or it waits for them already in the same words; ``full`` have no room.
        """
        to, post = required(params, "to", str), await self._post(params, shared=False)

        def work(tx: Tx) -> Sent | Refusal:
            found = addressee(tx, to, self._person)
            return found if isinstance(found, Refusal) else self._messages.send(tx, post, [found])

        return _answer(await self._desk.do(work))

    async def broadcast(self, params: dict[str, Any]) -> Answer:
        """``{"text", "workspace", "urgent", "key"}`` to the same: to all in any checkout of that repository.

        An empty workspace is everywhere. An agent's goes to the person, too; nobody is sent their own.
        """
        where, post = self._requests.somewhere(params), await self._post(params, shared=True)
        sessions = await self._desk.do(lambda tx: tx.sessions.all())
        near = await asyncio.to_thread(self._near, where, {each.workspace for each in sessions})
        all_ = [message.person(self._person), *everybody(sessions, near)]
        to = [each for each in all_ if each != post.sender.id]
        return _answer(await self._desk.do(lambda tx: self._messages.send(tx, post, to)))

    async def inbox(self, params: dict[str, Any]) -> Answer:
        """``{"all"}`` to ``{"messages": [Message]}``: the caller's, which are read by that.

        Without ``all`` only what they have not been told before.
        """
        told, to = optional(params, "all", default=False), self._author(await self._caller(params)).id
        found = await self._desk.do(lambda tx: self._messages.read(tx, to, told=told))
        return {"messages": [_shape(each) for each in found]}

    async def _post(self, params: dict[str, Any], *, shared: bool) -> Post:
        text, urgent = required(params, "text", str), optional(params, "urgent", default=False)
        usual = Pace.LATER if shared else Pace.SOON
        return Post(
            sender=self._author(await self._caller(params)),
            text=words({"text": text}, "text", ""),
            pace=Pace.NOW if urgent else usual,
            shared=shared,
            key=words(params, "key", ""),
        )

    async def _caller(self, params: dict[str, Any]) -> Caller:
        return await self._requests.caller(params)

    def _author(self, caller: Caller) -> Author:
        return Author(id=caller.session or message.person(self._person), name=caller.name)

    def _near(self, where: str, workspaces: set[str]) -> set[str] | None:
        """The checkouts of the repository that ``where`` is one of."""
        if not where:
            return None
        repository = self._paths.repository(where)
        return {each for each in workspaces if each and self._paths.repository(each) == repository}


def _answer(sent: Sent | Refusal) -> Answer:
    if isinstance(sent, Refusal):
        return sent
    return {"id": sent.id, "to": list(sent.to), "known": list(sent.known), "full": list(sent.full)}


def _shape(value: Message) -> dict[str, Any]:
    return {
        "id": value.id,
        "from": {"id": value.sender.id, "name": value.sender.name},
        "text": value.text,
        "urgent": value.pace is Pace.NOW,
        "broadcast": value.shared,
        "sent_at": rfc3339(value.sent_at),
        "expires_at": rfc3339(value.ends_at),
        "told_at": rfc3339(value.told_at),
    }
