"""What PostgreSQL pushes: the notes of the other daemons, on a connection of its own."""

import psycopg

from lsp_orch.domain.hearsay import Note, understood
from lsp_orch.store.postgres_errors import explain
from lsp_orch.store.postgres_login import Line


class PostgresEar:
    """Listens; nothing here waits."""

    def __init__(self, line: Line, name: str, origin: str) -> None:
        self._line = line
        self._name = name
        self._origin = origin

    def fileno(self) -> int:
        """What can be read when there is something to hear."""
        return self._line.fileno()

    def heard(self) -> list[Note]:
        """What the others have told since the last call.

        Raises:
            Unavailable: the connection is lost, and what was told since.
        """
        notes: list[Note] = []
        try:
            self._line.pgconn.consume_input()
        except psycopg.Error as error:
            raise explain(error, self._name) from error
        while notify := self._line.pgconn.notifies():
            notes += understood(notify.extra.decode(), self._origin)
        return notes

    def close(self) -> None:
        """Hear no more."""
        self._line.close()
