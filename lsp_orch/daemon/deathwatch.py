"""Wakes the reaper at the very end of a session's process, instead of at its next tick."""

from collections.abc import Callable, Iterable

from lsp_orch.domain.events import Event, SessionCame, SessionWent
from lsp_orch.domain.session import Session
from lsp_orch.services.ports import Deaths


class Deathwatch:
    """One watch for each session whose process is known, from its arrival until it has gone."""

    def __init__(self, deaths: Deaths, wake: Callable[[], None], here: Iterable[Session]) -> None:
        self._deaths = deaths
        self._wake = wake
        self._watches: dict[str, Callable[[], None]] = {}
        for session in here:
            self._begin(session)

    def on_event(self, event: Event) -> None:
        """Take the news."""
        match event:
            case SessionCame(session=session):
                self._end(session.id)
                self._begin(session)
            case SessionWent(id=name):
                self._end(name)
            case _:
                pass

    def close(self) -> None:
        """End every watch."""
        for name in tuple(self._watches):
            self._end(name)

    def _begin(self, session: Session) -> None:
        if session.pid:
            self._watches[session.id] = self._deaths.watch(session.pid, session.started, self._wake)

    def _end(self, name: str) -> None:
        if end := self._watches.pop(name, None):
            end()
