"""Sessions: who is here, and what ends with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lsp_orch.domain.events import SessionCame, SessionWent
from lsp_orch.domain.lease import Party
from lsp_orch.domain.lease import Step as LeaseStep
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.session import REMEMBERED_S, STEPS, Session, State, Step, advance, judge
from lsp_orch.domain.settings import Settings
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Clock, Processes
from lsp_orch.store.base import Tx

Forget = Callable[[Tx, str], None]
"""Forgets, inside the transaction, what is remembered of the session with that id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a session held when it was reaped; ``holders`` are those who have it now, by name."""

    scope: Scope
    workspace: str
    holders: tuple[str, ...]


class Sessions:
    """Arrivals, signs of life and departures; ``forget`` is asked once a session cannot come back.

    What a reaped one has read is remembered as long as it is itself: it may come back, and write.
    """

    def __init__(
        self,
        clock: Clock,
        processes: Processes,
        leases: Leases,
        settings: Settings | None = None,
        forget: Sequence[Forget] = (),
    ) -> None:
        self._clock = clock
        self._processes = processes
        self._leases = leases
        self._settings = settings or Settings()
        self._forget = forget

    def register(self, tx: Tx, session_id: str, kind: Party, name: str, workspace: str, pid: int) -> Session:
        """Somebody begins, or comes back after they were taken for dead: they may hold from now on."""
        known = tx.sessions.by_id(session_id)
        if known and known.state is State.REAPED:
            known = advance(replace(known, pid=0), Step.REGISTER, self._clock.now())
            tx.sessions.forgive(session_id)
        return self._here(tx, known, session_id, kind, name, workspace, pid)

    def seen(self, tx: Tx, session_id: str, kind: Party, name: str, workspace: str, pid: int) -> Session:
        """Note a sign of life; what the session's agents hold is renewed by it.

        Who is unknown is registered by it. Who was reaped is not: they do not know it yet.
        """
        known = tx.sessions.by_id(session_id)
        if known and known.state is State.REAPED:
            return known
        return self._here(tx, known, session_id, kind, name, workspace, pid)

    def lost(self, tx: Tx, session_id: str) -> list[Lost]:
        """What a reaped session held, and who has it now."""
        return [
            Lost(
                scope=scope,
                workspace=workspace,
                holders=tuple(dict.fromkeys(each.holder.name for each in tx.leases.touching([scope]))),
            )
            for scope, workspace in tx.sessions.lost(session_id)
        ]

    def stopped(self, tx: Tx, session_id: str) -> None:
        """The agent ended its turn: its leases end in a moment unless it goes on, its tickets stay."""
        self._leases.step(tx, tx.leases.of_session(session_id), LeaseStep.STOP)

    def vanished(self, tx: Tx, session_id: str) -> None:
        """The editor went away without a goodbye: a reloaded window may come back for its leases."""
        self._leases.withdraw(tx, tx.waiters.of_session(session_id), "died")
        self._leases.step(tx, tx.leases.of_session(session_id), LeaseStep.VANISH)
        self._gone(tx, session_id)

    def left(self, tx: Tx, session_id: str) -> None:
        """The session said goodbye: all it held or waited for ends now."""
        self._leases.leave(tx, session_id, "closed")
        self._gone(tx, session_id)

    def rested(self, tx: Tx, session_id: str) -> None:
        """The process is gone by its own will and will come back: nothing ends with it."""
        known = tx.sessions.by_id(session_id)
        if known and (known.state, Step.REST) in STEPS:
            tx.sessions.upsert(advance(replace(known, pid=0, started=0.0), Step.REST, self._clock.now()))

    def reap(self, tx: Tx) -> None:
        """End what was held by the dead, whatever the time."""
        self.judge(tx)
        self.bury(tx)

    def judge(self, tx: Tx) -> list[Session]:
        """See who is silent, and whose process is gone; return those who are dead since the last look."""
        now, dead = self._clock.now(), []
        for session in tx.sessions.own():
            gone = bool(session.pid) and not self._processes.alive(session.pid, session.started)
            if step := judge(session, now, self._settings, gone=gone):
                tx.sessions.upsert(after := advance(session, step, now))
                dead += [after] if after.state is State.DEAD else []
        return dead

    def bury(self, tx: Tx) -> None:
        """End what the dead held; who among them comes back is told, for a day."""
        now = self._clock.now()
        for session in tx.sessions.own():
            if session.state is State.DEAD:
                tx.sessions.lose(session.id, tx.leases.of_session(session.id))
                tx.sessions.upsert(advance(session, Step.REAP, now))
                self._leases.leave(tx, session.id, "died")
                tx.announce(SessionWent(id=session.id))
        for session in tx.sessions.reaped():
            if now - (session.reaped_at or now) >= REMEMBERED_S:
                self._drop(tx, session.id)

    def anew(self, tx: Tx) -> None:
        """Count the silence of those who are here from now on: the time before it cannot be trusted."""
        now = self._clock.now()
        for session in tx.sessions.own():
            state = State.ALIVE if session.state is State.SUSPECT else session.state
            tx.sessions.upsert(replace(session, seen_at=now, state=state))
        tx.sessions.keep_reaped(now, now - REMEMBERED_S)

    def restart(self, tx: Tx) -> None:
        """After a daemon's death no editor is connected: each may come back, agents go on as they were."""
        tx.leases.skip_reserved()
        for session in tx.sessions.own():
            if session.kind is Party.HUMAN:
                self.vanished(tx, session.id)
        self.anew(tx)

    def _here(
        self, tx: Tx, known: Session | None, session_id: str, kind: Party, name: str, workspace: str, pid: int
    ) -> Session:
        now = self._clock.now()
        anew = known is None or known.pid != pid
        session = Session(
            id=session_id,
            kind=kind,
            name=name,
            workspace=workspace,
            pid=pid,
            started=self._started(pid) if known is None or anew else known.started,
            connected_at=now if known is None else known.connected_at,
            seen_at=now,
            state=State.ALIVE if known is None else STEPS[known.state, Step.SEE],
        )
        tx.sessions.upsert(session)
        if anew and (pid or known):
            tx.announce(SessionCame(session=session))
        self._leases.renew(tx, session_id)
        return session

    def _started(self, pid: int) -> float:
        return (self._processes.started(pid) or 0.0) if pid else 0.0

    def _gone(self, tx: Tx, session_id: str) -> None:
        self._drop(tx, session_id)
        tx.announce(SessionWent(id=session_id))

    def _drop(self, tx: Tx, session_id: str) -> None:
        tx.sessions.delete(session_id)
        for forget in self._forget:
            forget(tx, session_id)
