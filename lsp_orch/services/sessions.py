"""Sessions: who is here, and what ends with them."""

from dataclasses import replace

from lsp_orch.domain.lease import Party, Step
from lsp_orch.domain.session import Session
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Clock, Processes
from lsp_orch.services.reads import forget
from lsp_orch.store.base import Tx


class Sessions:
    """Arrivals, signs of life and departures."""

    def __init__(self, clock: Clock, processes: Processes, leases: Leases) -> None:
        self._clock = clock
        self._processes = processes
        self._leases = leases

    def seen(self, tx: Tx, session_id: str, kind: Party, name: str, workspace: str, pid: int) -> Session:
        """Note a sign of life; what the session's agents hold is renewed by it."""
        now = self._clock.now()
        known = tx.sessions.by_id(session_id)
        if known is None or known.pid != pid:
            started = (self._processes.started(pid) or 0.0) if pid else 0.0
            connected = now if known is None else known.connected_at
        else:
            started, connected = known.started, known.connected_at
        session = Session(
            id=session_id,
            kind=kind,
            name=name,
            workspace=workspace,
            pid=pid,
            started=started,
            connected_at=connected,
            seen_at=now,
        )
        tx.sessions.upsert(session)
        self._leases.step(tx, tx.leases.of_session(session_id), Step.RENEW)
        return session

    def stopped(self, tx: Tx, session_id: str) -> None:
        """The agent ended its turn: its leases end in a moment unless it goes on, its tickets stay."""
        self._leases.step(tx, tx.leases.of_session(session_id), Step.STOP)

    def vanished(self, tx: Tx, session_id: str) -> None:
        """The editor went away without a goodbye: a reloaded window may come back for its leases."""
        self._leases.withdraw(tx, tx.waiters.of_session(session_id), "died")
        self._leases.step(tx, tx.leases.of_session(session_id), Step.VANISH)
        tx.sessions.delete(session_id)

    def left(self, tx: Tx, session_id: str) -> None:
        """The session said goodbye: all it held or waited for ends now."""
        self._leases.leave(tx, session_id, "closed")
        forget(tx, session_id)
        tx.sessions.delete(session_id)

    def reap(self, tx: Tx) -> None:
        """End what was held by sessions whose process is gone."""
        for session in tx.sessions.all():
            if session.pid and not self._processes.alive(session.pid, session.started):
                self._leases.leave(tx, session.id, "died")
                forget(tx, session.id)
                tx.sessions.delete(session.id)

    def restart(self, tx: Tx) -> None:
        """After a daemon's death no editor is connected: each may come back, agents go on as they were."""
        for session in tx.sessions.all():
            if session.kind is Party.HUMAN:
                self.vanished(tx, session.id)
            else:
                tx.sessions.upsert(replace(session, seen_at=self._clock.now()))
