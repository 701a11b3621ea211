"""Who sees which file: news about a resource goes to the editors that show it, and to no other."""

from typing import Protocol

from lsp_orch.domain.events import Event, ForeignWrite, LeaseGranted
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Scope
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


class Hub:
    """The editors that are connected."""

    def __init__(self, view: LeaseView) -> None:
        self._view = view
        self._screens: list[Screen] = []

    def join(self, screen: Screen) -> None:
        """Send news here from now on."""
        self._screens.append(screen)

    def leave(self, screen: Screen) -> None:
        """Send nothing more here."""
        self._screens.remove(screen)

    def on_event(self, event: Event) -> None:
        """Pass the news on."""
        for scope in self._view.on_event(event):
            for screen in self._screens:
                screen.refresh(scope)
        if isinstance(event, ForeignWrite):
            for screen in self._screens:
                screen.foreign(event)
        if isinstance(event, LeaseGranted) and event.ticket:
            for screen in self._screens:
                if screen.holder_id == event.lease.holder.id:
                    screen.granted(event.lease)
