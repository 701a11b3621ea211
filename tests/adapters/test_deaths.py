"""The end of a real process is told at once, of that very process, and of no more than can be watched."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from lsp_orch.adapters.deaths import KernelDeaths
from lsp_orch.adapters.processes import SystemProcesses

SOON_S = 2.0  # far less than a tick, and far more than the kernel takes
_WAITS = "import sys; sys.stdin.read()"

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-S", "-c", _WAITS], stdin=subprocess.PIPE)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        with suppress(BrokenPipeError):
            process.communicate()


def began(process: subprocess.Popen[bytes]) -> float:
    found = SystemProcesses().started(process.pid)
    assert found is not None
    return found


async def test_an_end_is_told_at_once_also_of_one_that_nobody_has_buried(start: Start) -> None:
    deaths, ended, process = KernelDeaths(SystemProcesses()), asyncio.Event(), start()
    deaths.watch(process.pid, began(process), ended.set)
    assert len(deaths) == 1
    process.kill()
    async with asyncio.timeout(SOON_S):
        await ended.wait()
    assert not SystemProcesses().alive(process.pid, began(process) if process.poll() is None else 0.0)
    assert len(deaths) == 0


async def test_one_that_ended_before_is_told_too(start: Start) -> None:
    deaths, ended, process = KernelDeaths(SystemProcesses()), asyncio.Event(), start()
    at = began(process)
    process.kill()
    process.communicate()
    deaths.watch(process.pid, at, ended.set)
    async with asyncio.timeout(SOON_S):
        await ended.wait()
    assert len(deaths) == 0


async def test_another_process_of_the_same_number_is_not_taken_for_it(start: Start) -> None:
    deaths, ended, process = KernelDeaths(SystemProcesses()), asyncio.Event(), start()
    deaths.watch(process.pid, began(process) - 60, ended.set)
    async with asyncio.timeout(SOON_S):
        await ended.wait()  # the one that was meant is gone, though the number lives
    assert process.poll() is None
    assert len(deaths) == 0


async def test_a_watch_that_was_ended_tells_nothing(start: Start) -> None:
    deaths, told, process = KernelDeaths(SystemProcesses()), asyncio.Queue[str](), start()
    end = deaths.watch(process.pid, began(process), lambda: told.put_nowait("first"))
    deaths.watch(process.pid, began(process), lambda: told.put_nowait("second"))
    end()
    end()
    assert len(deaths) == 1
    process.kill()
    async with asyncio.timeout(SOON_S):
        assert await told.get() == "second"
    assert told.empty()


async def test_no_more_than_so_many_are_watched(start: Start) -> None:
    deaths, ended = KernelDeaths(SystemProcesses(), most=1), asyncio.Event()
    first, second = start(), start()
    end = deaths.watch(first.pid, began(first), ended.set)
    deaths.watch(second.pid, began(second), ended.set)
    assert len(deaths) == 1
    end()
    assert len(deaths) == 0


async def test_where_the_system_has_no_such_handles_the_tick_must_look(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("os.pidfd_open")
    deaths, process = KernelDeaths(SystemProcesses()), start()
    deaths.watch(process.pid, began(process), lambda: None)()
    assert len(deaths) == 0
