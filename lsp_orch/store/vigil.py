"""Whether reaping is frozen, as a row: a daemon that is killed in a freeze begins with it again."""

from lsp_orch.store.connection import Connection


class VigilTable:
    """Why reaping is frozen; empty while it is not."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def remember(self, why: str) -> None:
        """Note that reaping is frozen, or with an empty reason that it goes on."""
        self._db.run("vigil.remember", why=why)

    def why(self) -> str:
        """Say why it is frozen."""
        row = self._db.one("vigil.why")
        return "" if row is None else str(row[0])
