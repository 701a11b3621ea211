"""Where those who wait for a lease sit until it is pushed to them; nobody polls."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.events import Event, LeaseGranted, WaiterGone, WaiterQueued
from lsp_orch.domain.grants import Ask, Granted, Queued, Waiter
from lsp_orch.domain.lease import Lease
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.leases import Leases


class Lobby:
    """One future a ticket, from the moment it is issued until it is granted or gone."""

    def __init__(self, desk: Desk, leases: Leases, waiting: Iterable[Waiter]) -> None:
        self._desk = desk
        self._leases = leases
        self._tickets: dict[str, asyncio.Future[Lease | None]] = {}
        self._seats: Counter[str] = Counter()
        for waiter in waiting:
            self._open(waiter)

    async def acquire(
        self, ask: Ask, wait_s: float, queued: Callable[[Waiter], None] = lambda _: None
    ) -> Granted | Queued | Refusal:
        """Ask, and wait up to ``wait_s`` seconds for the grant; the place in the queue outlives the wait.

        ``queued`` is told of the place before the wait.
        """
        outcome = await self._desk.do(lambda tx: self._leases.acquire(tx, ask, wait_s))
        if not isinstance(outcome, Queued):
            return outcome
        queued(outcome.waiter)
        if wait_s <= 0:
            return outcome
        ticket = outcome.waiter.id
        self._seats[ticket] += 1
        try:
            return await self._sit(ask, outcome, wait_s)
        finally:
            self._seats[ticket] -= 1
            self._seats += Counter()  # drops those that are empty

    def expected(self, ticket: str) -> bool:
        """Whether somebody sits here for it, who is told by that."""
        return ticket in self._seats

    def on_event(self, event: Event) -> None:
        """Take the news from the store."""
        match event:
            case WaiterQueued(waiter=waiter):
                self._open(waiter)
            case LeaseGranted(lease=lease, ticket=ticket) if ticket:
                self._decide(ticket, lease)
            case WaiterGone(waiter=waiter):
                self._decide(waiter.id, None)
            case _:
                pass

    def __len__(self) -> int:
        """How many tickets are open."""
        return len(self._tickets)

    async def _sit(self, ask: Ask, queued: Queued, wait_s: float) -> Granted | Queued | Refusal:
        if decided := self._tickets.get(queued.waiter.id):
            done, _ = await asyncio.wait([decided], timeout=wait_s)
            if done:  # without a lease it was taken out of the queue: asking again would put it back
                lease = decided.result()
                return Granted(lease=lease) if lease else queued
        # decided before we sat down, or in others' hands since: the store knows
        return await self._desk.do(lambda tx: self._leases.acquire(tx, ask))

    def _open(self, waiter: Waiter) -> None:
        self._tickets[waiter.id] = asyncio.get_running_loop().create_future()

    def _decide(self, ticket: str, lease: Lease | None) -> None:
        if future := self._tickets.pop(ticket, None):
            future.set_result(lease)
