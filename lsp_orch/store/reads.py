"""What holders know of files, and who wrote them, as rows."""

from dataclasses import asdict

from lsp_orch.domain.read import Read, Writer
from lsp_orch.domain.version import Author
from lsp_orch.store.connection import Connection


class ReadTable:
    """One row for each holder and file, and one for each file's last writer."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def remember(self, read: Read) -> None:
        """Note what a holder knows of a file now."""
        self._db.run("read.remember", **asdict(read))

    def of(self, holder_id: str, path: str) -> Read | None:
        """What a holder knows of a file."""
        row = self._db.one("read.of", holder_id=holder_id, path=path)
        if row is None:
            return None
        return Read(holder_id=row[0], session=row[1], path=row[2], digest=row[3], at=row[4])

    def paths(self) -> list[str]:
        """Every file that somebody knows, the least recently read first."""
        return [row[0] for row in self._db.all("read.paths")]

    def otherwise(self, path: str, digest: str | None) -> list[str]:
        """The holders who know a file, and not as what it says now: None is what nobody knows."""
        return [row[0] for row in self._db.all("read.otherwise", path=path, digest=digest)]

    def forget(self, session: str) -> tuple[str, ...]:
        """A session and its subagents know nothing any more; the files that nobody knows now."""
        only = tuple(row[0] for row in self._db.all("read.only", session=session))
        self._db.run("read.forget", session=session)
        return only

    def wrote(self, writer: Writer) -> None:
        """Note who wrote a file."""
        self._db.run(
            "read.wrote", path=writer.path, holder_id=writer.by.id, holder_name=writer.by.name, at=writer.at
        )

    def writer(self, path: str) -> Writer | None:
        """Who wrote a file last."""
        row = self._db.one("read.writer", path=path)
        return None if row is None else Writer(path=row[0], by=Author(id=row[1], name=row[2]), at=row[3])

    def forget_writers(self, before: float) -> None:
        """Forget who wrote before that time what nobody knows."""
        self._db.run("read.forget_writers", before=before)
