"""PostgreSQL, for several daemons on one store: their transactions happen one after the other."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from lsp_orch.domain import hearsay
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.store_url import redacted
from lsp_orch.store import queries
from lsp_orch.store.base import Tx
from lsp_orch.store.connection import Row, Value
from lsp_orch.store.postgres_ear import PostgresEar
from lsp_orch.store.postgres_errors import explain, unreachable
from lsp_orch.store.postgres_login import Line, Password, connect

_PARAMETER = re.compile(r"(?<!:):(\w+)")


class PostgresStore:
    """One connection, used by one thread at a time; one that was lost is made anew by the next transaction.

    ``url`` has no password in it: ``password`` looks that up when the server asks. ``daemon`` is whose store
    this is, among those that share it.

    Raises (from every method):
        Unavailable: store-unreachable, store-newer, disk-full, home-read-only or store-corrupt.
    """

    def __init__(self, url: str, daemon: str, password: Password = str) -> None:
        self._url, self._name, self._daemon, self._password = url, redacted(url), daemon, password
        self._queries = queries.load(queries.POSTGRES)
        self._origin = secrets.token_hex(8)
        self._unsure: Callable[[], None] = lambda: None
        self._line = self._open()
        self.prompt = False  # each statement crosses a socket
        self.untidy = False

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All or nothing; durable when the block has ended without an exception."""
        with self._explained():
            self._begin()
            tx = Tx(_PostgresConnection(self._line, self._name, self._daemon))
            try:
                yield tx
                if told := hearsay.told(self._origin, tx.events):
                    tx.connection.all("store.tell", told=json.dumps(told))
                self._commit()
            except BaseException:
                self._roll_back()
                raise

    def ear(self, unsure: Callable[[], None]) -> PostgresEar:
        """Begin to hear the other daemons."""
        self._unsure = unsure
        line = connect(self._url, self._name, self._password)
        try:
            with self._explained():
                line.execute(self._queries["store.listen"])
        except BaseException:
            line.close()
            raise
        return PostgresEar(line, self._name, self._origin)

    def tidy(self) -> None:
        """The server does it by itself."""

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _begin(self) -> None:
        if not self._line.closed:
            try:
                return self._start()
            except psycopg.OperationalError:
                if not self._line.closed:
                    raise
        self._line = self._open()  # it was lost while nobody spoke
        self._unsure()
        return self._start()

    def _start(self) -> None:
        try:
            format_ = _last(self._line.execute(self._queries["store.begin"]))
            self._check(format_)
        except BaseException:
            self._roll_back()
            raise

    def _commit(self) -> None:
        try:
            outcome = self._line.execute("COMMIT").statusmessage
        except psycopg.OperationalError as error:
            if not self._line.closed:
                raise
            self._unsure()
            raise unreachable(
                self._name,
                "it went away in the middle of a commit: what was asked is done or not, but never half",
                "look what has become of it, then ask again",
            ) from error
        if outcome != "COMMIT":
            raise psycopg.InternalError("a statement had failed, and was passed over: nothing was kept")

    def _roll_back(self) -> None:
        if not self._line.closed:
            try:
                self._line.execute("ROLLBACK")
            except psycopg.Error:
                self._line.close()  # which undoes it as well

    def _open(self) -> Line:
        line = connect(self._url, self._name, self._password)
        try:
            with self._explained():
                self._migrate(line)
        except BaseException:
            line.close()  # rolls back what stopped half-way
            raise
        return line

    def _migrate(self, line: Line) -> None:
        known = queries.migrations(queries.POSTGRES)
        self._newest = known[-1][0]
        format_ = _last(line.execute(self._queries["store.prepare"]))
        self._check(format_)
        for number, script in known:
            if number > format_:
                line.execute(script.encode())
                _PostgresConnection(line, self._name, self._daemon).run("store.migrated", number=number)
        line.execute("COMMIT")

    def _check(self, format_: int) -> None:
        if format_ > self._newest:
            raise Unavailable(
                Code.STORE_NEWER,
                f"{self._name} was written by a newer lsp-orch (format {format_}, ours is {self._newest})",
                "upgrade lsp-orch, or name another database in LSP_ORCH_STORE",
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise explain(error, self._name) from error


class _PostgresConnection:
    def __init__(self, line: Line, name: str, daemon: str) -> None:
        self._line = line
        self._name = name
        self._own: dict[str, Value] = {"daemon": daemon}
        self._queries = queries.load(queries.POSTGRES)

    def all(self, query: str, /, **parameters: Value) -> list[Row]:
        return self._execute(query, parameters).fetchall()

    def one(self, query: str, /, **parameters: Value) -> Row | None:
        return self._execute(query, parameters).fetchone()

    def run(self, query: str, /, **parameters: Value) -> int:
        return self._execute(query, parameters).rowcount

    def _execute(self, query: str, parameters: dict[str, Value]) -> psycopg.Cursor[Any]:
        return self._say(rewritten(self._queries[query]), self._own | parameters)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self._say(b"SAVEPOINT step")
        try:
            yield
        except BaseException:
            if not self._line.closed:
                self._say(b"ROLLBACK TO step; RELEASE step")
            raise
        self._say(b"RELEASE step")

    def _say(self, text: bytes, parameters: dict[str, Value] | None = None) -> psycopg.Cursor[Any]:
        try:
            return self._line.execute(text, parameters)
        except psycopg.Error as error:
            raise explain(error, self._name) from error


def rewritten(query: str) -> bytes:
    """``:name`` as psycopg writes it."""
    return _PARAMETER.sub(r"%(\1)s", query.replace("%", "%%")).encode()


def _last(cursor: psycopg.Cursor[Any]) -> int:
    """What the last of several statements gives."""
    while cursor.nextset():
        pass
    [number] = cursor.fetchone() or (0,)
    return int(number)
