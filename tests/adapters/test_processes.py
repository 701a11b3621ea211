"""Processes are told apart by their start, and a worker's end is the end of all it has started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from lsp_orch.adapters.processes import SystemProcesses

SESSION = "5b6dfb5c-0000-4000-8000-000000000001"
# a child in a session of its own, whose parent is gone: what Claude Code's shells are after a kill
LEAVES = (
    "import subprocess, sys; child = subprocess.Popen(['sleep', '600'], start_new_session=True);"
    "print(child.pid, flush=True); {then}"
)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    found: list[subprocess.Popen[str]] = []
    yield found
    for each in found:
        each.kill()
        each.communicate()


def python(code: str, started: list[subprocess.Popen[str]], session: str = SESSION) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "LSP_ORCH_SESSION": session},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started.append(process)
    return process


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_process_is_known_by_its_start_and_not_by_its_number() -> None:
    processes, pid = SystemProcesses(), os.getpid()
    began = processes.started(pid)
    assert began is not None
    assert processes.alive(pid, began)
    assert not processes.alive(pid, began - 60)
    assert not processes.alive(0, 0.0)
    assert processes.started(2**22 + 1) is None


def test_setting_the_clock_makes_nobody_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    processes, pid, boot = SystemProcesses(), os.getpid(), psutil.boot_time()
    began = processes.started(pid)
    assert began is not None
    # the kernel's boot time is the wall clock less the uptime, and psutil's start times are counted from it
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 3600)
    assert abs(psutil.Process(pid).create_time() - began - boot - 3600) < 1
    assert processes.alive(pid, began)
    assert processes.started(pid) == pytest.approx(began)


def test_a_child_that_is_not_buried_yet_is_not_alive(started: list[subprocess.Popen[str]]) -> None:
    processes = SystemProcesses()
    child = python("import time; print(1, flush=True); time.sleep(600)", started)
    said(child)
    began = processes.started(child.pid)
    assert began is not None
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert not processes.alive(child.pid, began)


def test_children_that_left_the_group_end_too(started: list[subprocess.Popen[str]]) -> None:
    processes = SystemProcesses()
    worker = python(LEAVES.format(then="child.wait()"), started)
    child = int(said(worker))
    assert processes.end(SESSION, worker.pid, processes.started(worker.pid) or 0, 5.0)
    assert gone(worker.pid)
    assert gone(child)


def test_orphans_are_found_by_the_session_they_carry(started: list[subprocess.Popen[str]]) -> None:
    worker = python(LEAVES.format(then=""), started)
    child = int(said(worker))
    worker.wait()
    assert not gone(child)
    assert SystemProcesses().end(SESSION, worker.pid, 0.0, 5.0)
    assert gone(child)


def test_one_that_does_not_listen_is_killed(started: list[subprocess.Popen[str]]) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    worker = python(f"{deaf}; print(1, flush=True); time.sleep(600)", started)
    said(worker)
    assert SystemProcesses().end(SESSION, 0, 0.0, 0.1)
    assert worker.wait() == -signal.SIGKILL


def test_the_exit_status_is_left_to_whoever_started_it(started: list[subprocess.Popen[str]]) -> None:
    worker = python("import time; print(1, flush=True); time.sleep(600)", started)
    said(worker)
    SystemProcesses().end(SESSION, worker.pid, SystemProcesses().started(worker.pid) or 0, 5.0)
    assert worker.wait() == -signal.SIGTERM


def test_others_are_left_alone_also_those_of_a_recycled_pid(started: list[subprocess.Popen[str]]) -> None:
    other = python("import time; print(1, flush=True); time.sleep(600)", started, session="another")
    said(other)
    assert SystemProcesses().end(SESSION, other.pid, 12345.0, 0.1)
    assert other.poll() is None


def test_we_are_never_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    began = SystemProcesses().started(os.getpid())
    assert began is not None
    monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: [])
    assert SystemProcesses().end(SESSION, os.getpid(), began, 0.1)
