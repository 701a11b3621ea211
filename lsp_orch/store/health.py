"""Whether the store is well, tried out."""

from lsp_orch.store.connection import Connection


class Health:
    """Tries inside the caller's transaction and leaves nothing behind."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def damage(self) -> list[str]:
        """What the engine finds wrong with its files; nothing when they are sound."""
        found = [str(row[0]) for row in self._connection.all("health.quick_check")]
        return [each for each in found if each != "ok"]

    def remembers(self, word: str) -> bool:
        """Write a word, read it back and take it away again."""
        self._connection.run("health.scratch_make")
        self._connection.run("health.scratch_write", word=word)
        rows = self._connection.all("health.scratch_read")
        self._connection.run("health.scratch_drop")
        return [row[0] for row in rows] == [word]
