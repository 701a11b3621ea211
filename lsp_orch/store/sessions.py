"""Sessions as rows."""

from collections.abc import Iterable
from dataclasses import fields

from lsp_orch.domain.lease import Lease, Party
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.session import Session, State
from lsp_orch.store.connection import Connection, Row

_COLUMNS = tuple(each.name for each in fields(Session))


class SessionTable:
    """Who is here, and who was until they were taken for dead."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def upsert(self, session: Session) -> None:
        """Note that a session is here; when it first came is kept."""
        self._db.run("session.upsert", **{name: getattr(session, name) for name in _COLUMNS})

    def delete(self, session_id: str) -> None:
        """Note that a session has gone."""
        self._db.run("session.delete", id=session_id)

    def all(self) -> list[Session]:
        """Everybody who is here, first come first."""
        return [_session(row) for row in self._db.all("session.all")]

    def own(self) -> list[Session]:
        """Those whose processes and connections this daemon can see, first come first."""
        return [_session(row) for row in self._db.all("session.own")]

    def by_id(self, session_id: str) -> Session | None:
        """One of them, or one that was reaped."""
        row = self._db.one("session.by_id", id=session_id)
        return None if row is None else _session(row)

    def is_worker(self, session_id: str) -> bool:
        """Whether it is the run of a task, whose end is no riddle to whoever started it."""
        return self._db.one("session.is_worker", id=session_id) is not None

    def reaped(self) -> list[Session]:
        """Those who were taken for dead and are not here again, the latest first."""
        return [_session(row) for row in self._db.all("session.reaped")]

    def keep_reaped(self, now: float, before: float) -> None:
        """Remember from now on those whom the clock would make forgotten, or never so."""
        self._db.run("session.keep_reaped", now=now, before=before)

    def lose(self, session_id: str, leases: Iterable[Lease]) -> None:
        """Remember what a session held when it was reaped."""
        for lease in leases:
            for scope in lease.scopes:
                self._db.run(
                    "session.insert_lost",
                    session_id=session_id,
                    workspace=lease.workspace,
                    kind=scope.kind,
                    key=scope.key,
                )

    def lost(self, session_id: str) -> list[tuple[Scope, str]]:
        """What that was, each with its workspace."""
        rows = self._db.all("session.lost", session_id=session_id)
        return [(Scope(Kind(kind), key), workspace) for workspace, kind, key in rows]

    def forgive(self, session_id: str) -> None:
        """Forget what it was: the session knows."""
        self._db.run("session.delete_lost", session_id=session_id)


def _session(row: Row) -> Session:
    return Session(
        id=row[0],
        kind=Party(row[1]),
        name=row[2],
        workspace=row[3],
        pid=row[4],
        started=row[5],
        connected_at=row[6],
        seen_at=row[7],
        state=State(row[8]),
        reaped_at=row[9],
    )
