"""The bare minimum: a row in SQLite, in the client's own process, no rules; each transaction on disk."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from turns import Sampler

NAME = "bare SQLite in-process, FULL"


@contextmanager
def opened(folder: Path) -> Iterator[Sampler]:
    """Time pairs of a transaction that inserts the lock's row, and one that deletes it."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "locks.db", isolation_level=None)) as db:
        yield _sampler(db)


def _sampler(db: sqlite3.Connection) -> Sampler:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE lock (key TEXT PRIMARY KEY, token TEXT NOT NULL, expires_at REAL NOT NULL)")

    def pair() -> float:
        begin = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO lock VALUES ('a.py', 'token', ?)", (begin + 120,))
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM lock WHERE key = 'a.py' AND token = 'token'")
        db.execute("COMMIT")
        return time.perf_counter() - begin

    return lambda times: [pair() for _ in range(times)]
