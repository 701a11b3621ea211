"""A claim does not cost more because many tasks are there."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from report import Absent, Row, compare
from turns import take_turns

from tasks import ours

_CHAINS = 10
_LONG, _SHORT = 10_000, 10  # tasks in each of them
_READY = 100_000
_ROUNDS = 8
_CLAIMS = 40
_TARGET = 2.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that no disk is behind
_COPIES = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO task (id, {columns}) SELECT :id || '-' || i, {columns} FROM n, task WHERE id = :id
"""
_LINKS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO task_after SELECT :id || '-' || i, iif(i = 1, :id, :id || '-' || (i - 1)) FROM n
"""
_READIES = "UPDATE task SET state = 'ready' WHERE id LIKE :id || '-%' AND :count > 0"
_FEW = f"{_CHAINS * _SHORT} tasks in {_CHAINS} chains"


def rows() -> list[Row | Absent]:
    """Through the one writer, on disk; and with nothing but the work itself, where the disk costs nothing."""
    with tempfile.TemporaryDirectory(prefix="lo-bench-") as name:
        found = _measure(Path(name), "a claim")
    if not _MEMORY.is_dir():
        return found
    with tempfile.TemporaryDirectory(prefix="lo-bench-", dir=_MEMORY) as name:
        return [*found, *_measure(Path(name), "a claim, no disk")]


def _measure(folder: Path, what: str) -> list[Row | Absent]:
    with _chains(folder, _SHORT) as few, _chains(folder, _LONG) as many, _ready(folder) as ready:
        queues = {_FEW: few, "chains": many, "ready": ready}
        samplers = {name: partial(_claims, queue) for name, queue in queues.items()}
        found = take_turns(samplers, rounds=_ROUNDS, samples=_CLAIMS)
    return [
        compare(f"{what}: {_CHAINS} chains of {_LONG:,}", _TARGET, found, ours="chains", theirs=_FEW),
        compare(f"{what}: {_READY:,} are ready", _TARGET, found, ours="ready", theirs=_FEW),
    ]


def _claims(queue: ours.Ours, times: int) -> list[float]:
    return [queue.claim() for _ in range(times)]


@contextmanager
def _chains(folder: Path, length: int) -> Iterator[ours.Ours]:
    """Chains of that length, of which only the first tasks are ready."""
    path = folder / f"chains-{length}.db"
    with ours.opened(path) as queue:
        for _ in range(_CHAINS):
            [head] = queue.file(ours.draft())
            [second] = queue.file(ours.draft(after=(head.id,)))
            _copy(path, second.id, length - 2, linked=True)
        yield queue


@contextmanager
def _ready(folder: Path) -> Iterator[ours.Ours]:
    """One chain of two, and many tasks that wait for nobody."""
    path = folder / "ready.db"
    with ours.opened(path) as queue:
        [head] = queue.file(ours.draft())
        [second] = queue.file(ours.draft(after=(head.id,)))
        _copy(path, second.id, _READY, linked=False)
        yield queue


def _copy(path: Path, task_id: str, count: int, *, linked: bool) -> None:
    """So many pending tasks like that one, each after the one before; or ready ones."""
    with closing(sqlite3.connect(path)) as db, db:
        columns = [name for _, name, *_ in db.execute("PRAGMA table_info(task)")]
        columns = [name for name in columns if name not in {"id", "place"}]
        given = {"id": task_id, "count": count}
        db.execute(_COPIES.format(columns=", ".join(columns)), given)
        db.execute(_LINKS if linked else _READIES, given)


ROWS = rows
