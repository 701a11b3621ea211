"""Start, stop and find the daemon: what ``lsp-orch daemon`` does."""

import os

from lsp_orch.client import lock
from lsp_orch.client.connect import Absent, connect, meet
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import Line
from lsp_orch.client.places import Places, here

_LEAVE_S = 60.0


def start() -> Line:
    """Start the daemon unless it runs; the open line knows its pid and version."""
    return connect("cli")


def running() -> Line | None:
    """Find the daemon that runs, or None; never starts one."""
    places = here()
    places.secure()
    try:
        return meet(places, "cli", os.getpid(), "", b"")
    except Absent:
        return None


def stop() -> int | None:
    """Have the daemon finish and leave; gives its pid once it is gone, None when none ran.

    The spawn lock is held meanwhile, so nobody starts another one before this one has left.
    """
    places = here()
    places.secure()
    guard = lock.take(places.spawn_lock)
    try:
        line = meet(places, "stop", os.getpid(), "", b"")
        _watch_it_leave(line, places)
        lock.release(lock.take(places.daemon_lock))  # it is ours once the process has gone
    except Absent:
        return None
    else:
        return line.pid
    finally:
        lock.release(guard)


def log_path() -> str:
    """Where the daemon writes; the file before it ends in ``.1``."""
    return here().log


def _watch_it_leave(line: Line, places: Places) -> None:
    line.socket.settimeout(_LEAVE_S)
    try:
        while line.next():
            pass
    except TimeoutError as error:
        raise ClientError(
            "daemon-unreachable",
            f"The lsp-orch daemon (pid {line.pid}) was asked to leave and is there after {_LEAVE_S:.0f} s",
            f"See its log, {places.log}; `kill -9 {line.pid}` ends it, and nothing acknowledged is lost.",
        ) from error
    except ConnectionError:
        return  # it did not even say goodbye, but it is leaving
    finally:
        line.close()
