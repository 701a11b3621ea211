"""Daemons that are killed at a chosen step: ``python -m tests.chaos.crashes``.

A line on stdin makes a daemon, ``{"home": "/x", "step": 12, "armed": false, "seed": ""}``, forked from this
process, which has imported everything already; the next line ends it. Its steps are counted from the first
request on that carries the mark (``armed``: from its start on): each statement before it is run, each commit
that is made, each answer before and after it is written. At the chosen one it is killed. Told are ``ready``
when it listens, ``step`` with the name of the one that it dies of, and ``gone``.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

from lsp_orch.daemon import __main__ as program
from lsp_orch.daemon import build, desk, serve
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.listen import Connection
from lsp_orch.domain.scope import Scope
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore, _SqliteConnection
from tests.fixtures.daemon import HOME

MARK = "the-daemon-dies-of-this"
TURNS = 20  # of the event loop: enough for an answer to be written
HEAVY = (build, serve)  # what a daemon imports when it listens already


class Steps:
    """Counts, and kills at the last."""

    def __init__(self, last: int, *, armed: bool) -> None:
        self.armed = armed
        self._last = last
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        """One step."""
        if self.armed:
            with self._lock:
                self._count += 1
                if self._count == self._last:
                    os.write(1, f"step {' '.join(name.split())[:60]}\n".encode())
                    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Make the daemons, one after the other."""
    while line := sys.stdin.readline():
        wanted = json.loads(line)
        if pid := os.fork():
            sys.stdin.readline()
            os.kill(pid, signal.SIGKILL)  # it is ours until we have waited for it
            os.waitpid(pid, 0)
            os.write(1, b"gone\n")
        else:
            os.environ[HOME] = wanted["home"]
            _install(Steps(wanted["step"], armed=wanted["armed"]))
            SEEDS[wanted["seed"]]()
            program.main()
            os._exit(0)


def _install(step: Steps) -> None:
    """Put a step before and after what others can see or find again."""

    class Stepping(sqlite3.Connection):
        def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
            step(statement)
            cursor = super().execute(statement, *parameters)
            if statement == "COMMIT":
                step("committed")
            return cursor

        def executescript(self, script: str) -> sqlite3.Cursor:
            step("a migration")
            return super().executescript(script)

    connect, deliver, write = sqlite3.connect, Connection._deliver, Connection.write

    def connect_stepping(path: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        store = str(path).endswith("default.db")
        return connect(path, *args, **more, factory=Stepping) if store else connect(path, *args, **more)

    def deliver_armed(connection: Connection, body: bytes) -> None:
        step.armed = step.armed or MARK.encode() in body
        deliver(connection, body)

    def write_stepping(connection: Connection, frame: bytes) -> None:
        step("about to answer")
        write(connection, frame)
        step("answered")

    instead(sqlite3, "connect", connect_stepping)
    instead(Connection, "_deliver", deliver_armed)
    instead(Connection, "write", write_stepping)


def instead(owner: object, name: str, wrong: object) -> None:
    """In this daemon for ever."""
    patch.object(owner, name, wrong).start()


# --- seeded bugs ---


def answers_come_too_early() -> None:
    """Before what they tell is on disk."""

    async def later() -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def work(self: Desk, batch: Sequence[desk._Job[Any]]) -> Sequence[desk._Job[Any]]:
        with self._store.transaction() as tx:
            for job in batch:
                job.brief = False
                desk._perform(job, tx, alone=False)
                self._loop.call_soon_threadsafe(self._answer, job)
            asyncio.run_coroutine_threadsafe(later(), self._loop).result()
        return ()

    def turn(self: Desk) -> None:
        self._lent.put(partial(work, self, self._take()))

    instead(Desk, "_turn", turn)


def statements_stand_alone() -> None:
    """Each is its own transaction."""

    @contextmanager
    def transaction(self: SqliteStore) -> Iterator[Tx]:
        yield Tx(self._connection)

    instead(SqliteStore, "transaction", transaction)
    instead(_SqliteConnection, "savepoint", lambda _: nullcontext())


def a_restart_forgets_who_waits() -> None:
    """Only the leases are found again."""
    right = Sessions.restart

    def restart(self: Sessions, tx: Tx) -> None:
        for each in tx.waiters.waiting():
            tx.waiters.delete(each)
        right(self, tx)

    instead(Sessions, "restart", restart)


def a_grant_is_another_transaction() -> None:
    """What was freed is given to who is next once it is known that it is free."""
    right = Leases._promote

    def promote(self: Leases, tx: Tx, freed: Iterable[Scope]) -> None:
        for statement in ("COMMIT", "BEGIN IMMEDIATE"):
            tx.connection._db.execute(statement)  # type: ignore[attr-defined]  # SQLite's
        right(self, tx, freed)

    instead(Leases, "_promote", promote)
    instead(_SqliteConnection, "savepoint", lambda _: nullcontext())


SEEDS = {
    "": lambda: None,
    "answers come too early": answers_come_too_early,
    "statements stand alone": statements_stand_alone,
    "a restart forgets who waits": a_restart_forgets_who_waits,
    "a grant is another transaction": a_grant_is_another_transaction,
}

if __name__ == "__main__":
    main()
