"""One daemon for a database: each has in memory who holds and waits, and hears of no other."""

import os
from pathlib import Path

from lsp_orch.client import lock
from lsp_orch.domain.errors import Code, Unavailable


def claim(database: str, owner: str) -> int:
    """Take the database for life; ``lock.release`` what comes back. ``owner`` is this daemon's own lock.

    Who has that lock after a daemon's death may still meet the dead one's claim, and waits until it is gone.

    Raises:
        Unavailable: store-in-use, or home-read-only.
    """
    path = f"{os.path.realpath(database)}.lock"
    try:
        fd = lock.try_take(path)
        if fd is None:
            _refuse_another(path, database, owner)
            fd = lock.take(path)
    except OSError as error:
        raise Unavailable(
            Code.HOME_READ_ONLY,
            f"{path} cannot be written ({error})",
            "set LSP_ORCH_HOME to a writable folder",
        ) from error
    os.ftruncate(fd, 0)
    os.write(fd, f"{os.getpid()} {owner}\n".encode(errors="surrogateescape"))
    return fd


def _refuse_another(path: str, database: str, owner: str) -> None:
    said = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    pid, _, other = said.strip().partition(" ")
    if other != owner:
        raise Unavailable(
            Code.STORE_IN_USE,
            f"{database} is open in another daemon (pid {pid or '?'}, whose lock is {other or '?'})",
            "stop that one, or give this one a store of its own with LSP_ORCH_STORE or LSP_ORCH_HOME",
        )
