"""A task that is held back starts by an event, and until then nobody asks the store anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from lsp_orch.daemon.attempt import Attempts
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.dispatch import Dispatch
from lsp_orch.daemon.news import News
from lsp_orch.daemon.whereabouts import Whereabouts
from lsp_orch.domain.grants import Granted
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.repository import Checkout
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, Isolation, State, Task
from lsp_orch.services import ports
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.leases import Leases
from lsp_orch.services.parking import Parking
from lsp_orch.services.pausing import Pausing
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.leases import ask, person

Answer = TypeVar("Answer")
HERE, THERE = "/ws", "/elsewhere"  # two checkouts of one repository


class Counted:
    """The desk, as the dispatcher sees it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.asked = 0

    def do(self, work: Callable[[Tx], Answer], *, brief: bool = False) -> Awaitable[Answer]:
        self.asked += 1
        return self._desk.do(work, brief=brief)


class Workers:
    """Each works until it is told to stop."""

    def __init__(self) -> None:
        self.began: asyncio.Queue[str] = asyncio.Queue()
        self.stop = asyncio.Event()

    async def carry(self, task: Task) -> None:
        self.began.put_nowait(task.id)
        await self.stop.wait()

    async def withdraw(self, task: Task) -> None:
        """Nothing is left of it."""


class Resting(Dispatch):
    """Says when it has nothing to do."""

    rests: asyncio.Event

    async def _rest(self) -> None:
        if not self._woken.is_set():
            self.rests.set()
        await super()._rest()


class Repositories:
    """Both are of one; asked once for each."""

    def __init__(self) -> None:
        self.found: dict[str, Checkout] = {}

    def known(self, root: str) -> Checkout | None:
        return self.found.get(root)

    def find(self, root: str) -> Checkout:
        return self.found.setdefault(root, Checkout(root=root, repository="one"))

    def branch(self, root: str) -> str:
        raise NotImplementedError


class Paths:
    """As if each workspace were the top of its checkout."""

    def workspace(self, path: str) -> str:
        return path


class Bench:
    """A dispatcher at rest between events."""

    def __init__(self) -> None:
        clock, ids, settings, news = FakeClock(), SerialIds(), Settings(), News()
        self.desk = Desk(SqliteStore(), news.publish)
        self.counted, self.workers = Counted(self.desk), Workers()
        self.leases = Leases(clock, ids, lambda _: settings)
        self.tasks, self.pausing = Tasks(clock, ids, settings), Pausing(clock)
        where = Whereabouts(cast("ports.Paths", Paths()), Repositories())
        self.dispatch = Resting(
            desk=self.counted,
            dispatcher=Dispatcher(clock, ids, settings, checkout_of=where.of),
            attempts=cast("Attempts", self.workers),
            parking=Parking(clock, self.leases, lambda _: settings),
            clock=clock,
            settings=Settings(tasks_workers=4),
            whereabouts=where,
        )
        self.dispatch.rests = asyncio.Event()
        news.subscribe(self.dispatch.on_event)

    async def do(self, work: Callable[[Tx], Answer]) -> Answer:
        self.dispatch.rests.clear()
        return await self.desk.do(work)

    async def rest(self) -> None:
        async with asyncio.timeout(10):
            await self.dispatch.rests.wait()

    async def held(self, *names: str) -> Lease:
        done = await self.do(lambda tx: self.leases.acquire(tx, ask(person(names[0]), *names)))
        assert isinstance(done, Granted)
        return done.lease

    async def add(self, *paths: str) -> Task:
        draft = Draft(
            workspace=THERE,
            prompt="do it",
            title="it",
            paths=paths,
            isolate=Isolation.WORKTREE,
            max_usd=1,
            max_turns=1,
            timeout_s=1,
            attempts=1,
        )
        task = await self.do(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        return task

    async def why(self, task: Task) -> str:
        def work(tx: Tx) -> str:
            found = tx.tasks.by_id(task.id)
            hold = self.dispatch.held_back(tx, found) if found else None
            return hold.reason if hold else ""

        return await self.desk.do(work)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    found = Bench()
    running = asyncio.create_task(found.dispatch.run())
    try:
        await found.rest()
        yield found
    finally:
        found.workers.stop.set()
        await found.dispatch.drain()
        await running
        await found.desk.close()


async def test_it_starts_when_the_person_in_another_checkout_is_done_and_nobody_looks_before() -> None:
    async with bench() as it:
        theirs, other = await it.held("src/a.py"), await it.held("docs/x.md")
        task = await it.add("src/**")
        await it.rest()
        assert await it.why(task) == f"src/a.py has src/a.py in {HERE}"
        asked = it.counted.asked
        await it.desk.do(lambda tx: it.leases.release(tx, [other]))
        more = await it.desk.do(lambda tx: it.leases.acquire(tx, ask(person("ada"), "b.py")))
        assert isinstance(more, Granted)
        await it.desk.do(lambda tx: tx.tasks.counts())  # whatever was handed in before is done by now
        assert it.counted.asked == asked, "somebody looked though nothing had changed for it"
        await it.do(lambda tx: it.leases.release(tx, [theirs]))
        async with asyncio.timeout(10):
            assert await it.workers.began.get() == task.id
        await it.rest()
        assert await it.why(task) == ""


async def test_many_that_one_lease_holds_back_are_not_looked_at_again() -> None:
    async with bench() as it:
        await it.held("src/a.py")
        first = await it.add("src/**")
        await it.rest()
        for _ in range(200):
            await it.add("src/**")
        await it.rest()
        free = await it.add("docs/**")
        await it.rest()
        assert await it.workers.began.get() == free.id
        queued = await it.desk.do(lambda tx: tx.tasks.candidates(1e12, 1000))
        assert queued == [], "they are in the queue's way"
        counts = await it.desk.do(lambda tx: tx.tasks.counts())
        assert counts == {State.READY: 201, State.RUNNING: 1}
        assert await it.why(first)


async def test_a_pause_holds_back_without_a_look_and_its_end_starts() -> None:
    async with bench() as it:
        await it.do(lambda tx: it.pausing.pause(tx, THERE, "a demo", "ada"))
        await it.rest()
        task = await it.add()
        await it.rest()
        assert "ada has paused this workspace (a demo)" in await it.why(task)
        asked = it.counted.asked
        await it.desk.do(lambda tx: tx.tasks.counts())
        assert it.counted.asked == asked
        await it.do(lambda tx: it.pausing.resume(tx, THERE, "ada"))
        async with asyncio.timeout(10):
            assert await it.workers.began.get() == task.id
