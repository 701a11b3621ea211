"""Small files written whole or not at all."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

_FILE = 0o644


def add(folder: Path, names: Iterable[str], text: str) -> Path:
    """Write a new file under the first of ``names`` that nobody has, not even another process just now.

    Raises:
        OSError: it could not be written, or every name is taken; nothing is left behind.
    """
    file = _reserve(folder, names)
    try:
        replace(file, text)
    except OSError:
        file.unlink()
        raise
    return file


def replace(file: Path, text: str) -> None:
    """Put the whole text in place of what a file holds, in one step; it is on disk when this returns.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    put(file, text.encode(), stat.S_IMODE(file.stat().st_mode))


def put(file: Path, data: bytes, mode: int = _FILE) -> None:
    """Make a file hold just these bytes, in one step, whether it was there or not.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    part = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with open(handle, "wb") as stream:  # noqa: PTH123 - the file is open already
            stream.write(data)
            stream.flush()
            part.chmod(mode)  # a umask is for new files, and this one may be an old one
            os.fsync(handle)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync(file.parent)


def sync(folder: Path) -> None:
    """Let the folder's entries be on disk when this returns."""
    if os.name == "nt":  # Windows keeps a folder's entries by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reserve(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        with contextlib.suppress(FileExistsError):  # the next name then
            os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE))
            return folder / name
    raise FileExistsError(errno.EEXIST, "each name for the file is taken", str(folder))
