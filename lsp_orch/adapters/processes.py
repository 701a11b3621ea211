"""Processes: who is alive, and the end of a whole tree, also of those that left it."""

import contextlib
import math
import os
import signal
import sys
import threading
from collections.abc import Iterable

import psutil

_SAME_S = 0.1 if sys.platform == "linux" else 2.0  # elsewhere its idea of its boot time may drift
_LOOK_S = 0.02
_ROUNDS = 5  # a process that forks while it is killed needs another look


class SystemProcesses:
    """The processes of this machine that we may see."""

    def started(self, pid: int) -> float | None:
        """When the process began, or None when there is none."""
        try:
            return began(psutil.Process(pid))
        except psutil.Error:
            return None

    def alive(self, pid: int, started: float) -> bool:
        """Whether the very process that began then still runs; one that is only not yet buried does not."""
        return _same(pid, started) is not None

    def end(self, session_id: str, pid: int, started: float, grace_s: float) -> bool:
        """End a worker's process, all below it and all whose environment carries the session's id.

        They are told, and killed after ``grace_s``; whether none is left, which only a process that hangs
        inside the kernel can prevent.
        """
        _signal(signal.SIGTERM, _members(session_id, pid, started), grace_s)
        for _ in range(_ROUNDS):
            if not (left := _members(session_id, pid, started)):
                return True
            _signal(signal.SIGKILL, left, grace_s)
        return not _members(session_id, pid, started)


def _signal(number: signal.Signals, members: list[psutil.Process], wait_s: float) -> None:
    for member in members:
        with contextlib.suppress(psutil.Error):  # gone meanwhile
            member.send_signal(number)
    pause = threading.Event()
    # not psutil's own wait: it would take the exit status of a child away from whoever started that
    for _ in range(math.ceil(wait_s / _LOOK_S)):
        if not any(map(_runs, members)):
            return
        pause.wait(_LOOK_S)


def _members(session_id: str, pid: int, started: float) -> list[psutil.Process]:
    root = _same(pid, started)
    below = [] if root is None else [root, *_children(root)]
    found = {member.pid: member for member in (*below, *_carrying(session_id))}
    found.pop(os.getpid(), None)  # a daemon that a worker's own hook has started carries the id as well
    return [member for member in found.values() if _runs(member)]


def _carrying(session_id: str) -> Iterable[psutil.Process]:
    """Those who have the id in their environment: a worker's shells leave its group and outlive it."""
    if not session_id:
        return
    for process in psutil.process_iter():
        try:
            if session_id in process.environ().values():
                yield process
        except (psutil.Error, OSError):
            continue  # gone meanwhile, or another user's


def _same(pid: int, started: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid) if pid > 0 else None
        if process is None or abs(began(process) - started) > _SAME_S or not _runs(process):
            return None
    except psutil.Error:
        return None
    return process


def began(process: psutil.Process) -> float:
    """When it began, in seconds since the boot on Linux: there the kernel's epoch moves with the clock."""
    if sys.platform != "linux":
        return float(process.create_time())
    while True:
        boot, created = psutil.boot_time(), process.create_time()
        if psutil.boot_time() == boot:  # nobody has set the clock between the two
            return float(created - boot)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
