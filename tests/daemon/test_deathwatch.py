"""A session's process is watched from its arrival until it has gone, and its end wakes the reaper."""

import asyncio
from collections.abc import Callable

from lsp_orch.adapters.clock import SystemClock
from lsp_orch.daemon.deathwatch import Deathwatch
from lsp_orch.daemon.reaping import TICK_S, Reaping
from lsp_orch.domain.events import SessionCame, SessionWent, TaskChanged
from lsp_orch.domain.lease import Party
from lsp_orch.domain.session import Session
from lsp_orch.domain.vigil import begin
from lsp_orch.services.ports import Deaths
from tests.daemon.test_reaping import SOON_S, Reaps, reaped
from tests.fixtures.clock import START, moment


class Watches(Deaths):
    """Remembers who is watched."""

    def __init__(self) -> None:
        self.of: dict[int, Callable[[], None]] = {}

    def watch(self, pid: int, started: float, tell: Callable[[], None]) -> Callable[[], None]:
        assert started == START
        self.of[pid] = tell
        return lambda: self.of.__delitem__(pid)


def session(name: str, pid: int) -> Session:
    return Session(
        id=name,
        kind=Party.AGENT,
        name=name,
        workspace="/w",
        pid=pid,
        started=START,
        connected_at=START,
        seen_at=START,
    )


def nothing() -> None:
    raise AssertionError("nobody has died")


def test_everybody_with_a_process_is_watched_as_long_as_they_are_here() -> None:
    watches = Watches()
    watch = Deathwatch(watches, nothing, [session("a", 1), session("person", 0)])
    watch.on_event(SessionCame(session=session("b", 2)))
    watch.on_event(TaskChanged(id="task-1", state="ready"))
    assert set(watches.of) == {1, 2}
    watch.on_event(SessionCame(session=session("a", 3)))  # it goes on in another process
    assert set(watches.of) == {2, 3}
    watch.on_event(SessionCame(session=session("a", 0)))
    watch.on_event(SessionWent(id="nobody"))
    watch.on_event(SessionWent(id="b"))
    assert not watches.of


def test_all_watches_end_with_the_daemon() -> None:
    watches = Watches()
    Deathwatch(watches, nothing, [session("a", 1), session("b", 2)]).close()
    assert not watches.of


async def test_a_death_wakes_the_reaper_before_its_tick() -> None:
    assert SOON_S < TICK_S
    desk, clock, watches = Reaps(), SystemClock(), Watches()
    reaping = Reaping(desk, clock, reaped, begin(moment(clock)))  # type: ignore[arg-type]  # a desk is what has `do`
    Deathwatch(watches, reaping.wake, [session("a", 1)])
    running = asyncio.create_task(reaping.run())
    async with asyncio.timeout(SOON_S):
        await desk.done.get()
        watches.of[1]()
        await desk.done.get()
    running.cancel()
