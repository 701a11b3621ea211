"""``lsp-orch lease watch``: what happens to leases, pushed as it happens."""

import asyncio
from dataclasses import dataclass
from typing import Any

from lsp_orch.domain.events import (
    ClaimMade,
    ClaimRefused,
    DispatcherPaused,
    DispatcherResumed,
    Event,
    ForeignWrite,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    ReapingFrozen,
    ReapingResumed,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Waiter
from lsp_orch.endpoints import alarm, shapes
from lsp_orch.endpoints.params import optional
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.endpoints.wire import Peer
from lsp_orch.services.ports import Clock

EVENT = "lease.event"


@dataclass(frozen=True, slots=True, eq=False)
class _Watcher:
    peer: Peer
    workspace: str


class LeaseWatch:
    """The connections that watch; ``on_event`` hears the news after the view, which knows the queue."""

    def __init__(self, clock: Clock, view: LeaseView) -> None:
        self._clock = clock
        self._view = view
        self._watchers: list[_Watcher] = []

    def methods(self, peer: Peer) -> dict[str, Method]:
        """The method of one connection."""
        return {"lease.watch": lambda params: self._watch(peer, params)}

    def on_event(self, event: Event) -> None:
        """Tell who watches the workspace that it happened in."""
        if not self._watchers or (told := self._told(event)) is None:
            return
        workspace, document = told
        for each in tuple(self._watchers):
            if workspace is None or each.workspace in {"", workspace}:
                each.peer.send({"jsonrpc": "2.0", "method": EVENT, "params": document})

    async def _watch(self, peer: Peer, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere) to ``{"watching"}``; then events, until the peer hangs up."""
        watcher = _Watcher(peer, optional(params, "workspace", ""))
        begun = asyncio.Event()
        peer.spawn(self._until_lost(watcher, begun))
        await begun.wait()
        return {"watching": watcher.workspace}

    async def _until_lost(self, watcher: _Watcher, begun: asyncio.Event) -> None:
        self._watchers.append(watcher)  # here: a handler that never begins has nothing to take away
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()  # cancelled with the connection
        finally:
            self._watchers.remove(watcher)

    def _told(self, event: Event) -> tuple[str | None, dict[str, Any]] | None:
        """The workspace that it happened in, None for all of them; and what is told."""
        if isinstance(event, ForeignWrite):
            return event.workspace, alarm.document(event)
        return self._document(event)

    def _document(self, event: Event) -> tuple[str | None, dict[str, Any]] | None:
        where: str | None
        match event:
            case LeaseGranted() | LeaseChanged() | LeaseEnded():
                where, what = event.lease.workspace, {**_of_lease(event), "lease": shapes.lease(event.lease)}
            case WaiterQueued() | WaiterGone() | ClaimMade() | ClaimRefused():
                where = event.waiter.ask.workspace
                what = {**_of_waiter(event), "waiter": self._waiter(event.waiter)}
            case ReapingFrozen() | ReapingResumed():
                where, what = None, _of_the_reaper(event)
            case DispatcherPaused(pause=pause):
                where = pause.workspace or None
                what = {"event": "dispatcher-paused", "pause": shapes.pause(pause)}
            case DispatcherResumed(workspace=workspace, by=by):
                where, what = workspace or None, {"event": "dispatcher-resumed", "by": by}
            case _:
                return None
        return where, {"at": shapes.rfc3339(self._clock.now()), **what}

    def _waiter(self, waiter: Waiter) -> dict[str, Any]:
        places = {each.place for scope in waiter.ask.scopes for each in self._view.on(scope)[1]}
        return shapes.waiter(waiter, 1 + sum(place < waiter.place for place in places))


def _of_the_reaper(event: ReapingFrozen | ReapingResumed) -> dict[str, Any]:
    match event:
        case ReapingFrozen(until=until, why=why):
            return {"event": "reaping-frozen", "until": shapes.rfc3339(until), "why": why}
        case ReapingResumed():
            return {"event": "reaping-resumed"}


def _of_lease(event: LeaseGranted | LeaseChanged | LeaseEnded) -> dict[str, Any]:
    match event:
        case LeaseGranted(ticket=ticket):
            return {"event": "granted", "ticket": ticket}
        case LeaseChanged():
            return {"event": "changed"}
        case LeaseEnded(why=why, by=by, reason=reason):
            return {"event": "ended", "why": why, **({"by": by, "reason": reason} if by else {})}


def _of_waiter(event: WaiterQueued | WaiterGone | ClaimMade | ClaimRefused) -> dict[str, Any]:
    match event:
        case WaiterQueued():
            return {"event": "queued"}
        case WaiterGone(why=why):
            return {"event": "gone", "why": why}
        case ClaimMade(waiter=waiter, leases=leases):
            until = shapes.rfc3339(waiter.claims_at)
            claimed = [shapes.lease(each) for each in leases]
            return {"event": "claimed", "until": until, "reason": waiter.ask.reason, "leases": claimed}
        case ClaimRefused(by=by):
            return {"event": "objected", "by": by}
