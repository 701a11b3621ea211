"""Sessions as rows."""

from dataclasses import asdict

from lsp_orch.domain.lease import Party
from lsp_orch.domain.session import Session
from lsp_orch.store.connection import Connection, Row


class SessionTable:
    """Who is here."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def upsert(self, session: Session) -> None:
        """Note that a session is here; when it first came is kept."""
        self._db.run("session.upsert", **asdict(session))

    def delete(self, session_id: str) -> None:
        """Note that a session has gone."""
        self._db.run("session.delete", id=session_id)

    def all(self) -> list[Session]:
        """Everybody, first come first."""
        return [_session(row) for row in self._db.all("session.all")]

    def own(self) -> list[Session]:
        """Those whose processes and connections this daemon can see, first come first."""
        return [_session(row) for row in self._db.all("session.own")]

    def by_id(self, session_id: str) -> Session | None:
        """One of them."""
        row = self._db.one("session.by_id", id=session_id)
        return None if row is None else _session(row)


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
    )
