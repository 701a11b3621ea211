import asyncio
from collections.abc import Callable
from typing import Any

from lsp_orch.adapters.clock import SystemClock
from lsp_orch.daemon.reaping import TICK_S, Reaping
from lsp_orch.domain.events import LeaseGranted
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.vigil import Vigil, alarm, begin
from lsp_orch.services.reaper import Reaped
from tests.fixtures.clock import START, FakeClock, moment

SOON_S = 2.0  # far less than a tick's wait would take


class Reaps:
    """A desk on which every reap counts; the next thing never ends."""

    def __init__(self) -> None:
        self.done: asyncio.Queue[None] = asyncio.Queue()

    def do(self, work: Callable[[Any], Any]) -> Any:
        self.done.put_nowait(None)
        future = asyncio.get_running_loop().create_future()
        future.set_result(work(None))
        return future


def reaped(_: Any, vigil: Vigil) -> Reaped:
    return Reaped(vigil=vigil, deadline=None)


def lease(expires_at: float) -> Lease:
    return Lease(
        id="lease-1",
        token=1,
        mode=Mode.WRITE,
        state=State.HELD,
        workspace="/w",
        scopes=(),
        holder=Holder(id="a", kind=Party.AGENT, name="a"),
        reason="",
        ttl_s=1.0,
        acquired_at=0.0,
        expires_at=expires_at,
    )


async def test_a_lease_that_ends_earlier_wakes_the_reaper_before_its_tick() -> None:
    assert SOON_S < TICK_S
    desk, clock = Reaps(), SystemClock()
    reaping = Reaping(desk, clock, reaped, begin(moment(clock)))  # type: ignore[arg-type]  # a desk is what has `do`
    running = asyncio.create_task(reaping.run())
    async with asyncio.timeout(SOON_S):
        await desk.done.get()
        reaping.on_event(LeaseGranted(lease=lease(clock.now())))
        await desk.done.get()
    running.cancel()


async def test_a_reap_that_fails_is_logged_and_tried_again(caplog: Any) -> None:
    desk, clock = Reaps(), SystemClock()
    failures = iter([RuntimeError("the disk is gone")])

    def reap(_: Any, vigil: Vigil) -> Reaped:
        if error := next(failures, None):
            raise error
        return Reaped(vigil=vigil, deadline=None)

    reaping = Reaping(desk, clock, reap, begin(moment(clock)))  # type: ignore[arg-type]  # as above
    running = asyncio.create_task(reaping.run())
    async with asyncio.timeout(SOON_S):
        await desk.done.get()
        reaping.on_event(LeaseGranted(lease=lease(clock.now())))
        await desk.done.get()
    running.cancel()
    assert "stumbled" in caplog.text


async def test_what_was_seen_of_the_time_counts_once_it_is_durable() -> None:
    desk, clock = Reaps(), SystemClock()
    first = begin(moment(clock))
    second = alarm(first, "why", 120.0)
    seen: list[Vigil] = []
    fails = iter([False, True, False])

    def reap(_: Any, vigil: Vigil) -> Reaped:
        seen.append(vigil)
        if next(fails):
            raise RuntimeError("the disk is gone")
        return Reaped(vigil=second, deadline=None)

    reaping = Reaping(desk, clock, reap, first)  # type: ignore[arg-type]  # as above
    running = asyncio.create_task(reaping.run())
    async with asyncio.timeout(SOON_S):
        for _ in range(3):
            await desk.done.get()
            reaping.wake()
    running.cancel()
    assert seen == [first, second, second]


async def test_a_clock_that_is_set_back_does_not_put_the_reaper_to_sleep(monkeypatch: Any) -> None:
    clock = FakeClock()
    desk = Reaps()
    rested: list[float] = []

    def timeout(left: float) -> Any:
        rested.append(left)
        clock.advance(left)
        clock.jump(-3600.0 if len(rested) == 1 else 0.0)
        return asyncio.timeout_at(0)

    monkeypatch.setattr("lsp_orch.daemon.reaping.asyncio.timeout", timeout)
    ends = START + 1.0
    reaping = Reaping(desk, clock, lambda _, vigil: Reaped(vigil=vigil, deadline=ends), begin(moment(clock)))  # type: ignore[arg-type]  # as above
    running = asyncio.create_task(reaping.run())
    await desk.done.get()
    await desk.done.get()
    running.cancel()
    assert rested[:2] == [1.0, TICK_S - 1.0]
