"""File locks that the system releases when their holder dies."""

import os
import sys

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int, *, wait: bool) -> None:
        msvcrt.locking(fd, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(fd: int, *, wait: bool) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def take(path: str) -> int:
    """Wait for the lock; ``release`` what comes back. A child that inherits it holds it too."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(fd, wait=True)
    except BaseException:
        os.close(fd)
        raise
    return fd


def try_take(path: str) -> int | None:
    """Take the lock at once, or None when somebody has it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(fd, wait=False)
    except OSError:
        os.close(fd)
        return None
    return fd


def release(fd: int) -> None:
    """Let go; a child that inherited the lock keeps it."""
    os.close(fd)
