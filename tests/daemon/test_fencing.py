"""The fence follows the leases: up before a worker starts, changed with each of them, gone with the last."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from lsp_orch.daemon.fencing import Fencing
from lsp_orch.daemon.sheltering import Sheltering
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.events import LeaseEnded, LeaseGranted
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.settings import Sandbox
from lsp_orch.domain.task import State
from lsp_orch.services.ports import Fences, Shelter
from tests.fixtures.leases import WORKSPACE, lease, person
from tests.fixtures.tasks import a_task

HELD = lease(person("ann"), "a.py")


class Board(Fences):
    """What stands where; every change is news."""

    def __init__(self) -> None:
        self.stands: dict[str, tuple[str, ...]] = {}
        self.writes = 0
        self.broken = False
        self.news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def put(self, folder: str, paths: Sequence[str]) -> None:
        self.writes += 1
        try:
            if self.broken:
                raise Unavailable(Code.FENCE_MISSING, "the disk is full")
            self.stands[folder] = tuple(paths)
        finally:
            self._loop.call_soon_threadsafe(self.news.set)

    def left(self) -> Sequence[str]:
        return [folder for folder, paths in self.stands.items() if paths]

    async def until(self, folder: str, *paths: str) -> None:
        async with asyncio.timeout(5):
            while self.stands.get(folder, ()) != paths:
                self.news.clear()
                await self.news.wait()


class World:
    def __init__(self) -> None:
        self.live: list[Lease] = []
        self.board = Board()
        self.fencing = Fencing(lambda: self.live, self.board)

    def grant(self, held: Lease) -> None:
        self.live.append(held)
        self.fencing.on_event(LeaseGranted(lease=held))

    def end(self, held: Lease) -> None:
        self.live.remove(held)
        self.fencing.on_event(LeaseEnded(lease=held, why="released"))

    def sheltering(self, wish: Sandbox, *, works: bool = True) -> Sheltering:
        def probe() -> bool:
            if not works:
                raise Unavailable(Code.SANDBOX_MISSING, "no bwrap")
            return False

        return Sheltering(wish, self.fencing, probe, lambda _: ("/git/objects",))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    running = asyncio.create_task(world.fencing.run())
    yield world
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_it_stands_before_the_worker_starts_and_follows_each_lease(world: World) -> None:
    world.live.append(HELD)
    await world.fencing.enter(WORKSPACE, "s1", shared=True)
    assert world.board.stands == {WORKSPACE: ("/ws/a.py",)}
    world.end(HELD)
    await world.board.until(WORKSPACE)
    world.grant(HELD)
    await world.board.until(WORKSPACE, "/ws/a.py")
    await world.fencing.enter(WORKSPACE, "s2", shared=True)
    await world.fencing.leave(WORKSPACE, "s1")
    assert world.board.stands == {WORKSPACE: ("/ws/a.py",)}
    await world.fencing.leave(WORKSPACE, "s2")
    assert world.board.stands == {WORKSPACE: ()}


async def test_nobody_at_work_costs_nothing(world: World) -> None:
    world.grant(HELD)
    world.end(HELD)
    await world.fencing.enter("/elsewhere", "s1", shared=False)
    await world.fencing.leave("/elsewhere", "s1")
    assert world.board.writes == 0


async def test_what_a_dead_daemon_has_left_is_taken_away(world: World) -> None:
    world.board.stands["/old"] = ("/old/a",)
    await world.fencing.clean()
    assert world.board.stands == {"/old": ()}


async def test_a_write_that_fails_is_made_up_for_at_the_next_change(world: World) -> None:
    await world.fencing.enter(WORKSPACE, "s1", shared=True)
    world.board.broken = True
    world.grant(HELD)
    async with asyncio.timeout(5):
        await world.board.news.wait()
    assert world.board.stands == {}
    world.board.broken = False
    world.fencing.on_event(LeaseEnded(lease=lease(person("bob"), "b.py", token=2), why="released"))
    await world.board.until(WORKSPACE, "/ws/a.py")


@pytest.mark.parametrize(
    ("wish", "works", "given"),
    [
        (Sandbox.OFF, True, None),
        (Sandbox.AUTO, False, None),
        (Sandbox.AUTO, True, Shelter(nested=False, writable=("/git/objects",))),
        (Sandbox.REQUIRE, True, Shelter(nested=False, writable=("/git/objects",))),
    ],
)
async def test_a_worker_has_the_shelter_that_is_wished_for_and_can_be(
    world: World,
    wish: Sandbox,
    works: bool,  # noqa: FBT001 - pytest names it
    given: Shelter | None,
) -> None:
    world.live.append(HELD)
    async with world.sheltering(wish, works=works).around(a_task(State.RUNNING), WORKSPACE) as shelter:
        assert shelter == given
        assert world.board.left() == ([WORKSPACE] if given else [])
    assert world.board.left() == []


async def test_where_it_is_required_its_absence_is_a_refusal(world: World) -> None:
    with pytest.raises(Unavailable, match="no bwrap"):
        async with world.sheltering(Sandbox.REQUIRE, works=False).around(a_task(State.RUNNING), WORKSPACE):
            pytest.fail("it began")


async def test_without_its_fence_a_shelter_is_none(world: World) -> None:
    """An unknown command is let through only where the system holds it back."""
    world.live.append(HELD)
    world.board.broken = True
    async with world.sheltering(Sandbox.AUTO).around(a_task(State.RUNNING), WORKSPACE) as shelter:
        assert shelter is None
    with pytest.raises(Unavailable, match="the disk is full"):
        async with world.sheltering(Sandbox.REQUIRE).around(a_task(State.RUNNING), WORKSPACE):
            pytest.fail("it began")
