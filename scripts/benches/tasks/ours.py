"""Our queue in this process: the one writer and the services, on a store that flushes."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from lsp_orch.adapters.clock import SystemClock
from lsp_orch.adapters.ids import RandomIds
from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.result import Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Idle
from lsp_orch.domain.task import Draft, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore

Answer = TypeVar("Answer")
_WORKERS = 64  # more than there are: nobody is held back
_DONE = Outcome(result=Result(status=Status.DONE, summary="did it"))


class Ours:
    """What people file and workers drain; each of its methods says how many seconds it took."""

    def __init__(self, store: SqliteStore, loop: asyncio.Runner) -> None:
        self._loop = loop
        self._desk = loop.run(_desk(store))
        clock, ids, settings = SystemClock(), RandomIds(), Settings()
        self._tasks = Tasks(clock, ids, settings)
        self._dispatcher = Dispatcher(clock, ids, settings)

    def close(self) -> None:
        """Stop the writer."""
        self._loop.run(self._desk.close())

    def enqueue(self, count: int, clients: int) -> float:
        """So many clients file the tasks, each awaiting its own before the next."""

        async def client() -> None:
            for _ in range(count // clients):
                await self._do(lambda tx: self._tasks.add(tx, draft()))

        return self._crowd(client, clients)

    def drain(self, workers: int) -> float:
        """So many workers take tasks until there is none; each hands in its result and asks for the next."""

        async def worker() -> None:
            task = await self._do(self._claim)
            while isinstance(task, Task):
                _, task = await asyncio.gather(self._finished(task), self._do(self._claim))

        return self._crowd(worker, workers)

    def claim(self) -> float:
        """Claim one task, and give it back when the time is taken."""

        async def claim() -> float:
            begin = time.perf_counter()
            task = await self._do(self._claim)
            spent = time.perf_counter() - begin
            if not isinstance(task, Task):
                raise TypeError("there is no task to claim")
            await self._do(lambda tx: self._dispatcher.stopped(tx, task))
            return spent

        return self._loop.run(claim())

    def file(self, *drafts: Draft) -> list[Task]:
        """File tasks, untimed."""

        async def add(wanted: Draft) -> Task:
            task = await self._do(lambda tx: self._tasks.add(tx, wanted))
            if not isinstance(task, Task):
                raise TypeError(task.message)
            return task

        return [self._loop.run(add(each)) for each in drafts]

    def _claim(self, tx: Tx) -> Task | Idle:
        return self._dispatcher.claim(tx, _WORKERS)

    async def _do(self, work: Callable[[Tx], Answer]) -> Answer:
        return await self._desk.do(work)

    async def _finished(self, task: Task) -> None:
        await self._do(lambda tx: self._dispatcher.finished(tx, task, _DONE, "c0ffee", 0.5))

    def _crowd(self, one: Callable[[], Coroutine[None, None, None]], count: int) -> float:
        async def crowd() -> float:
            begin = time.perf_counter()
            await asyncio.gather(*(one() for _ in range(count)))
            return time.perf_counter() - begin

        return self._loop.run(crowd())


@contextmanager
def opened(path: Path) -> Iterator[Ours]:
    """A queue in a new file."""
    with asyncio.Runner() as loop, closing(SqliteStore(path)) as store, closing(Ours(store, loop)) as ours:
        yield ours


def draft(after: tuple[str, ...] = ()) -> Draft:
    """A task of which nothing matters."""
    return Draft(
        workspace="/w",
        prompt="do it",
        title="it",
        after=after,
        max_usd=1,
        max_turns=1,
        timeout_s=60,
        attempts=3,
    )


async def _desk(store: SqliteStore) -> Desk:
    return Desk(store, lambda _: None)
