"""SQLite, the default engine: one file and its write-ahead log.

No kill takes back what is acknowledged: it is the system's by then. What must also outlast a power failure is
on disk first.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.store import queries
from lsp_orch.store.base import Tx
from lsp_orch.store.connection import Row, Value

_PRAGMAS = (
    "PRAGMA page_size = 1024",  # of a new file: a grant changes a row or two on each of a dozen pages
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # `_flush` does the rest
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA wal_autocheckpoint = 0",  # `tidy` does it, where nobody waits
)
MEMORY = ":memory:"
_COMMITS = 1000  # after so many the log is long enough for `tidy` to be worth its flushes
_to_disk = getattr(os, "fdatasync", os.fsync)


class SqliteStore:
    """One connection, used by one thread at a time.

    Raises (from every method):
        Unavailable: disk-full, store-corrupt, store-newer or home-read-only, naming the file.
    """

    def __init__(self, path: Path | str = MEMORY) -> None:
        self._path = str(path)
        with self._explained():
            self._db = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            try:
                for pragma in _PRAGMAS:
                    self._db.execute(pragma)
                self._migrate()
            except BaseException:
                self._db.close()  # rolls a migration back that stopped half-way
                raise
        self._connection = _SqliteConnection(self._db, self._path)
        self._log: int | None = None  # open once it has to be flushed
        self._commits = 0  # since the log was last tidied
        self.prompt = True

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All or nothing; when the block has ended without an exception, no kill takes it back."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            self._connection.lasting = False
            try:
                yield Tx(self._connection)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has already rolled back
                    self._db.execute("ROLLBACK")
                raise
            self._commits += 1
            if self._connection.lasting:
                self._flush()

    @property
    def untidy(self) -> bool:
        """Whether ``tidy`` is due."""
        return self._commits >= _COMMITS

    def tidy(self) -> None:
        """Move what is in the log to where it belongs, so that the log begins anew."""
        self._commits = 0
        with self._explained():
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def ear(self, unsure: Callable[[], None]) -> None:
        """A file has one daemon, and nobody else to hear of."""

    def close(self) -> None:
        """Let go of the files."""
        if self._log is not None:
            os.close(self._log)
        self._db.close()

    def _migrate(self) -> None:
        known = queries.migrations()
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > known[-1][0]:
            raise Unavailable(
                Code.STORE_NEWER,
                f"{self._path} was written by a newer lsp-orch (format {version}, ours is {known[-1][0]})",
                "upgrade lsp-orch, or set LSP_ORCH_HOME to another folder",
            )
        for number, script in known:
            if number > version:
                self._db.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version = {number};COMMIT;")

    def _flush(self) -> None:
        """Let all commits so far be on disk: one file holds them, in their order."""
        if self._path == MEMORY:
            return
        try:
            if self._log is None:
                self._log = os.open(f"{self._path}-wal", os.O_RDWR)
                _names_to_disk(Path(self._path).parent)
            _to_disk(self._log)
        except OSError as error:
            raise Unavailable(
                Code.DISK_FULL if error.errno == errno.ENOSPC else Code.HOME_READ_ONLY,
                f"{self._path} cannot be written ({error})",
                "see to the disk, then ask again",
            ) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _explain(error, self._path) from error


class _SqliteConnection:
    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self._db = db
        self._path = path
        self._queries = queries.load()
        self._lasting = queries.lasting()
        self.lasting = False  # something was changed that must outlast a power failure

    def all(self, query: str, /, **parameters: Value) -> list[Row]:
        # always to the end: a statement left open would hold up the commit
        before = self._db.total_changes
        rows = self._execute(query, parameters).fetchall()
        self._notice(query, before)
        return rows

    def one(self, query: str, /, **parameters: Value) -> Row | None:
        rows = self.all(query, **parameters)
        return rows[0] if rows else None

    def run(self, query: str, /, **parameters: Value) -> int:
        before = self._db.total_changes
        count = self._execute(query, parameters).rowcount
        self._notice(query, before)
        return count

    def _notice(self, query: str, before: int) -> None:
        """Whether a statement has changed anything is known once it has come to its end."""
        if query in self._lasting and self._db.total_changes != before:
            self.lasting = True

    def _execute(self, query: str, parameters: dict[str, Value]) -> sqlite3.Cursor:
        try:
            return self._db.execute(self._queries[query], {"daemon": "", **parameters})
        except sqlite3.DatabaseError as error:
            raise _explain(error, self._path) from error

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self._db.execute("SAVEPOINT step")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK TO step")
                self._db.execute("RELEASE step")
            raise
        self._db.execute("RELEASE step")


def _names_to_disk(folder: Path) -> None:
    """Let a new file's name be on disk too."""
    if os.name == "nt":  # Windows keeps a folder's entries by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(error: sqlite3.DatabaseError, path: str) -> Exception:
    """The same failure in our words; what is our own fault stays as it is."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return Unavailable(
            Code.DISK_FULL, f"the disk that holds {path} is full", "free some space; nothing was changed"
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Unavailable(
            Code.STORE_CORRUPT,
            f"{path} is damaged ({error})",
            "keep a copy of it, try `sqlite3 FILE .recover`, or move it away to start empty",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return Unavailable(
            Code.HOME_READ_ONLY,
            f"{path} cannot be written ({error})",
            "set LSP_ORCH_HOME to a writable folder",
        )
    return error
