"""A connection to PostgreSQL that never keeps anybody waiting for long."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lsp_orch.domain.errors import Unavailable
from lsp_orch.store import queries
from lsp_orch.store.postgres_errors import explain, said, unreachable

Password = Callable[[], str]
"""Looks up what is kept for the database; empty when nothing is. May raise Unavailable."""

_SILENT_S = 40.0  # longer than the server itself lets any statement of ours take
_PATIENCE = {  # what the address says counts before it
    "application_name": "lsp-orch",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds; the others are seconds
}
_LEAST_SERVER = 130000


class Line(psycopg.Connection[Any]):
    """A connection that gives up on a server which stands still."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As psycopg does it, but not for ever; what became of the question is then unknown."""
        try:
            return super().wait(gen, interval, _SILENT_S if timeout is None else timeout)
        except psycopg.OperationalError:
            self.close()  # whatever comes late is no answer to the next question
            raise


def connect(url: str, name: str, password: Password) -> Line:
    """Log in, with the kept password only where one is asked for.

    Raises:
        Unavailable: store-unreachable and why, or what else the server says.
    """
    try:
        line = _log_in(url, name, password)
        try:
            _check(line, name)
            line.execute(queries.load(queries.POSTGRES)["store.begin_session"])
        except BaseException:
            line.close()
            raise
    except psycopg.Error as error:
        raise explain(error, name) from error
    return line


def _log_in(url: str, name: str, password: Password) -> Line:
    try:
        return _dial(url)
    except psycopg.OperationalError as error:
        if error.pgconn is None or not error.pgconn.needs_password:
            raise _refused(error, name) from error
    try:
        kept = password()
    except Unavailable as error:
        raise unreachable(name, f"it asks for a password, and {error}", error.refusal.hint) from error
    if not kept:
        raise unreachable(
            name, "it asks for a password, and none is kept", "keep one with `lsp-orch config password`"
        )
    try:
        return _dial(url, password=kept)
    except psycopg.OperationalError as error:
        raise _refused(error, name) from error


def _dial(url: str, **more: str) -> Line:
    settings: dict[str, Any] = {**_PATIENCE, **conninfo_to_dict(url), **more, "client_encoding": "UTF8"}
    return Line.connect(make_conninfo("", **settings), autocommit=True)


def _refused(error: psycopg.OperationalError, name: str) -> Unavailable:
    hint = "see whether the server runs, and whether user, host and database in LSP_ORCH_STORE are right"
    if error.pgconn is not None and error.pgconn.used_password:
        hint = "keep the right one with `lsp-orch config password`; PGPASSFILE and PGPASSWORD come before it"
    return unreachable(name, said(error), hint)


def _check(line: Line, name: str) -> None:
    encoding = line.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise unreachable(name, f"it keeps text as {encoding}", "create the database with ENCODING 'UTF8'")
    if line.info.server_version < _LEAST_SERVER:
        raise unreachable(name, f"PostgreSQL {line.info.server_version // 10000} is too old", "upgrade it")
