"""Who sees which file: news about a resource goes to the editors that show it, and to no other."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from lsp_orch.domain.events import (
    ClaimMade,
    Event,
    FileWritten,
    ForeignWrite,
    LeaseEnded,
    LeaseGranted,
    ReapingFrozen,
    WaiterQueued,
)
from lsp_orch.domain.grants import Waiter, blockers
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.kin import Neighbour, Relatives
from lsp_orch.endpoints.view import LeaseView


class Screen(Protocol):
    """One editor, as far as news goes."""

    @property
    def holder_id(self) -> str:
        """Who sits there."""

    def refresh(self, scope: Scope) -> None:
        """Show anew who holds a file and who waits for it."""

    def granted(self, lease: Lease) -> None:
        """Tell the person that what they waited for is theirs."""

    def taken(self, lease: Lease, by: str, reason: str) -> None:
        """Tell the person that somebody has taken a lease of theirs."""

    def given(self, lease: Lease, to: str) -> None:
        """Tell the person where a lease of theirs went that was handed over."""

    def wanted(self, lease: Lease, waiter: Waiter) -> None:
        """Ask or tell the person about somebody who wants a lease of theirs."""

    def written(self, scope: Scope, by: Author, at: float) -> None:
        """Tell the person of a write to a file that they show, unless it was theirs."""

    def foreign(self, write: ForeignWrite) -> None:
        """Tell the person of a write behind their back, if it is a file of theirs."""

    def frozen(self, freeze: ReapingFrozen) -> None:
        """Tell the person that nothing ends by itself for a while."""


class Hub:
    """The editors that are connected."""

    def __init__(self, view: LeaseView, relatives: Relatives | None = None) -> None:
        self._view = view
        self._relatives = relatives
        self._screens: list[Screen] = []

    def join(self, screen: Screen) -> None:
        """Send news here from now on."""
        self._screens.append(screen)

    def leave(self, screen: Screen) -> None:
        """Send nothing more here."""
        self._screens.remove(screen)

    def elsewhere(self, scope: Scope) -> Sequence[Neighbour]:
        """Who holds the same in another checkout of its repository."""
        return self._relatives.on(scope) if self._relatives else ()

    def show(self, scopes: Iterable[Scope]) -> None:
        """Let every editor show these anew."""
        for scope in scopes:
            for screen in self._screens:
                screen.refresh(scope)

    def on_event(self, event: Event) -> None:
        """Pass the news on."""
        self.show(self._view.on_event(event))
        match event:
            case LeaseGranted(lease=lease, ticket=ticket) if ticket:
                self._each(lease, lambda screen: screen.granted(lease))
            case LeaseEnded(lease=lease, why="handed-over", by=by):
                self._each(lease, lambda screen: screen.given(lease, by))
            case LeaseEnded(lease=lease, by=by, reason=reason) if by:
                self._each(lease, lambda screen: screen.taken(lease, by, reason))
            case WaiterQueued(waiter=waiter):
                self._wanted(blockers(waiter.ask, self._view.leases()), waiter)
            case ClaimMade(waiter=waiter, leases=leases):
                self._wanted(leases, waiter)
            case _:
                self._for_all(event)

    def _for_all(self, event: Event) -> None:
        """What is not about the holder of a lease alone."""
        for screen in self._screens:
            match event:
                case FileWritten(scope=scope, by=author, at=at):
                    screen.written(scope, author, at)
                case ForeignWrite():
                    screen.foreign(event)
                case ReapingFrozen(longer=False):
                    screen.frozen(event)
                case _:
                    pass

    def _wanted(self, leases: Iterable[Lease], waiter: Waiter) -> None:
        for lease in leases:
            for screen in self._of(lease):
                screen.wanted(lease, waiter)

    def _each(self, lease: Lease, tell: Callable[[Screen], None]) -> None:
        for screen in self._of(lease):
            tell(screen)

    def _of(self, lease: Lease) -> list[Screen]:
        """The editor whose lease it is, and no other."""
        return [screen for screen in self._screens if screen.holder_id == lease.holder.id]
