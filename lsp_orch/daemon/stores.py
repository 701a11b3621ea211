"""Open the store that the settings name: a file for us alone, or a database that several daemons share."""

import os
import socket
from pathlib import Path

from lsp_orch.adapters import passwords
from lsp_orch.adapters.places import Places
from lsp_orch.client import lock
from lsp_orch.domain import store_url
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.store.base import Store
from lsp_orch.store.sqlite import MEMORY, SqliteStore


def open_store(name: str, places: Places) -> Store:
    """Open it; ``name`` is as the setting writes it.

    Raises:
        Unavailable: it is not as it must be, somebody else has it, or psycopg is missing.
    """
    if name.startswith(store_url.POSTGRES):
        return _postgres(name, places)
    return OwnSqlite(name.removeprefix(store_url.SQLITE))


class OwnSqlite(SqliteStore):
    """A file with a lock beside it: a second daemon would hear nothing of what the first one does."""

    def __init__(self, path: str) -> None:
        self._guard = None if path == MEMORY else _guard(path)
        try:
            super().__init__(path)
        except BaseException:
            self._let_go()
            raise

    def close(self) -> None:
        """Let go of the file and of its lock."""
        super().close()
        self._let_go()

    def _let_go(self) -> None:
        if self._guard is not None:
            lock.release(self._guard)


def _guard(path: str) -> int | None:
    """Take the lock; None where no file can be made, which SQLite then explains better."""
    beside = f"{os.path.realpath(path)}.lock"  # two names of one file have one lock
    try:
        guard = lock.try_take(beside)
    except OSError:
        return None
    if guard is None:
        pid = Path(beside).read_text(encoding="ascii").strip()
        raise Unavailable(
            Code.STORE_IN_USE,
            f"another daemon (pid {pid}) uses {path}",
            "stop that one, or let both share a PostgreSQL database: LSP_ORCH_STORE=postgresql://USER@HOST/DATABASE",
        )
    os.ftruncate(guard, 0)
    os.write(guard, f"{os.getpid()}\n".encode("ascii"))
    return guard


def _postgres(name: str, places: Places) -> Store:
    try:
        from lsp_orch.store.postgres import PostgresStore
    except ImportError as error:
        raise Unavailable(
            Code.STORE_UNREACHABLE,
            f"{name} cannot be reached: psycopg cannot be loaded ({error})",
            "install it with lsp-orch: pip install 'lsp-orch[postgres]'",
        ) from error
    # the daemon's lock lies in this folder under this name, so that there is no other with both
    daemon = f"{socket.gethostname()}:{places.state / places.instance}"
    account = store_url.account(name)
    return PostgresStore(name, daemon, lambda: passwords.kept(account))
