"""``lsp-orch lease watch``: what happens to leases, pushed as it happens."""

import asyncio
from dataclasses import dataclass
from typing import Any

from lsp_orch.domain.events import (
    Event,
    ForeignWrite,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
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
            if each.workspace in {"", workspace}:
                each.peer.send({"jsonrpc": "2.0", "method": EVENT, "params": document})

    def _watch(self, peer: Peer, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere) to ``{"watching"}``; then events, until the peer hangs up."""
        watcher = _Watcher(peer, optional(params, "workspace", ""))
        self._watchers.append(watcher)
        peer.spawn(self._until_lost(watcher))
        return {"watching": watcher.workspace}

    async def _until_lost(self, watcher: _Watcher) -> None:
        try:
            await asyncio.get_running_loop().create_future()  # cancelled with the connection
        finally:
            self._watchers.remove(watcher)

    def _told(self, event: Event) -> tuple[str, dict[str, Any]] | None:
        if isinstance(event, ForeignWrite):
            return event.workspace, alarm.document(event)
        return self._document(event)

    def _document(self, event: Event) -> tuple[str, dict[str, Any]] | None:
        at = shapes.rfc3339(self._clock.now())
        match event:
            case LeaseGranted(lease=lease, ticket=ticket):
                more = {"lease": shapes.lease(lease), "ticket": ticket}
                return lease.workspace, {"event": "granted", "at": at, **more}
            case LeaseChanged(lease=lease):
                return lease.workspace, {"event": "changed", "at": at, "lease": shapes.lease(lease)}
            case LeaseEnded(lease=lease, why=why):
                return lease.workspace, {"event": "ended", "at": at, "lease": shapes.lease(lease), "why": why}
            case WaiterQueued(waiter=waiter):
                return waiter.ask.workspace, {"event": "queued", "at": at, "waiter": self._waiter(waiter)}
            case WaiterGone(waiter=waiter, why=why):
                gone = {"event": "gone", "at": at, "waiter": self._waiter(waiter), "why": why}
                return waiter.ask.workspace, gone
            case _:
                return None

    def _waiter(self, waiter: Waiter) -> dict[str, Any]:
        places = {each.place for scope in waiter.ask.scopes for each in self._view.on(scope)[1]}
        return shapes.waiter(waiter, 1 + sum(place < waiter.place for place in places))
