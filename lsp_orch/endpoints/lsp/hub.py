"""Who sees which file: news about a resource goes to the editors that show it, and to no other."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from lsp_orch.domain.events import ClaimMade, Event, ForeignWrite, LeaseEnded, LeaseGranted
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Scope
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

    def foreign(self, write: ForeignWrite) -> None:
        """Warn the person of a write behind their back, if it is a file of theirs."""

    def warned(self, lease: Lease, words: str) -> None:
        """Tell the person what becomes of a lease of theirs."""


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
            case LeaseEnded(lease=lease, by=by, reason=reason) if by:
                self._tell(lease, f"{by} has taken it" + (f": {reason}" if reason else ""))
            case ClaimMade(waiter=waiter, leases=leases):
                for lease in leases:
                    who, why = waiter.ask.holder.name, waiter.ask.reason
                    self._tell(lease, f"{who} takes it in a minute unless you go on typing: {why}")
            case ForeignWrite() as write:
                for screen in self._screens:
                    screen.foreign(write)
            case _:
                pass
        if isinstance(event, LeaseGranted) and event.ticket:
            for screen in self._screens:
                if screen.holder_id == event.lease.holder.id:
                    screen.granted(event.lease)

    def _tell(self, lease: Lease, words: str) -> None:
        for screen in self._screens:
            if screen.holder_id == lease.holder.id:
                screen.warned(lease, words)
