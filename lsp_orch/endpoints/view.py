"""What is live right now, kept in memory from the events, for answers that must cost nothing."""

from collections.abc import Iterable

from lsp_orch.domain.events import (
    ClaimMade,
    ClaimRefused,
    Event,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Scope, touch


class LeaseView:
    """The live leases and the queue as of the last commit."""

    def __init__(self, leases: Iterable[Lease], waiters: Iterable[Waiter]) -> None:
        self._leases = {lease.id: lease for lease in leases}
        self._waiters = {waiter.id: waiter for waiter in waiters}

    @property
    def empty(self) -> bool:
        """Nobody holds anything or waits for anything."""
        return not self._leases and not self._waiters

    def leases(self) -> list[Lease]:
        """All that are live, oldest first."""
        return list(self._leases.values())

    def on(self, scope: Scope) -> tuple[list[Lease], list[Waiter]]:
        """Who holds what overlaps ``scope``, and who waits for it, first come first."""
        holding = [lease for lease in self._leases.values() if touch(lease.scopes, (scope,))]
        waiting = [each for each in self._waiters.values() if touch(each.ask.scopes, (scope,))]
        return holding, sorted(waiting, key=lambda each: each.place)

    def on_event(self, event: Event) -> tuple[Scope, ...]:
        """Take the news; return the resources of which there is something new to show."""
        match event:
            case LeaseGranted(lease=lease, ticket=ticket):
                self._waiters.pop(ticket, None)
                self._leases[lease.id] = lease
                return lease.scopes
            case LeaseChanged(lease=lease):
                known = self._leases.get(lease.id)
                self._leases[lease.id] = lease
                return () if known and known.state is lease.state else lease.scopes
            case LeaseEnded(lease=lease):
                self._leases.pop(lease.id, None)
                return lease.scopes
            case WaiterQueued(waiter=waiter) | ClaimMade(waiter=waiter) | ClaimRefused(waiter=waiter):
                self._waiters[waiter.id] = waiter
                return waiter.ask.scopes
            case WaiterGone(waiter=waiter):
                self._waiters.pop(waiter.id, None)
                return waiter.ask.scopes
            case _:
                return ()
