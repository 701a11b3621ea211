"""The one writer: runs transactions one after the other, several jobs in one commit."""

import asyncio
import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.events import Event
from lsp_orch.store.base import Store, Tx

_MOST = 256  # jobs in one commit: beyond it the first of them waits longer than the commit saves

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Job(Generic[Result]):
    work: Callable[[Tx], Result]
    future: asyncio.Future[Result]
    brief: bool
    result: Result | None = None
    error: BaseException | None = None
    events: Sequence[Event] = field(default=())


class _Stumbled(Exception):
    """One of several brief jobs raised: each is done again, in a commit of its own."""


class Desk:
    """Takes work from the event loop and answers when it is safe.

    Brief jobs are done on the loop itself, as all that came in during one of its turns, which spares two
    hand-overs between threads. Whatever may read much or wait for the disk is done by the
    thread, and what comes in meanwhile shares the next commit. A job that raises is undone alone; a commit
    that fails fails every job in it, and nothing is acknowledged.
    """

    def __init__(self, store: Store, publish: Callable[[Sequence[Event]], None]) -> None:
        self._store = store
        self._publish = publish
        self._jobs: deque[_Job[Any]] = deque()
        self._engaged = False  # a turn is due, or the thread is at work
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._idle = asyncio.Event()
        self._lent: queue.SimpleQueue[Callable[[], Sequence[_Job[Any]]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[Tx], Result], *, brief: bool = False) -> asyncio.Future[Result]:
        """Run ``work`` in a transaction; the future holds what it returned once that is safe.

        Work is done in the order in which it was handed in, awaited or not. It is ``brief`` when it touches a
        few rows and nothing but the store, so that it can be undone and done again.
        """
        future: asyncio.Future[Result] = self._loop.create_future()
        if self._closed:
            future.set_exception(Unavailable(Code.DAEMON_UNREACHABLE, "the daemon is leaving", "ask again"))
        else:
            self._jobs.append(_Job(work=work, future=future, brief=brief and self._store.prompt))
            self._engage()
        return future

    async def close(self) -> None:
        """Finish what was handed in, then stop the thread; what comes later is refused."""
        self._closed = True
        while self._engaged:
            self._idle.clear()
            await self._idle.wait()
        self._lent.put(None)
        await asyncio.to_thread(self._thread.join)

    def _engage(self) -> None:
        if not self._engaged:
            self._engaged = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        if self._store.untidy:
            self._lent.put(self._tidy)
            return
        batch = self._take()
        if batch[0].brief:
            self._done(self._commit(batch))
        else:
            self._lent.put(lambda: self._commit(batch))

    def _take(self) -> list[_Job[Any]]:
        """The next jobs that can share a commit: a brief one is not made to wait for another's flush."""
        batch = [self._jobs.popleft()]
        while self._jobs and len(batch) < _MOST and self._jobs[0].brief is batch[0].brief:
            batch.append(self._jobs.popleft())
        return batch

    def _run(self) -> None:
        while work := self._lent.get():
            done = work()
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to hear
                self._loop.call_soon_threadsafe(self._done, done)

    def _tidy(self) -> Sequence[_Job[Any]]:
        try:
            self._store.tidy()
        except Exception:  # noqa: BLE001 - nothing is lost by it, and it is tried again
            _log.exception("the store could not be tidied")
        return ()

    def _commit(self, batch: Sequence[_Job[Any]]) -> Sequence[_Job[Any]]:
        try:
            with self._store.transaction() as tx:
                for job in batch:
                    _perform(job, tx, alone=len(batch) == 1)
        except _Stumbled:
            for job in batch:
                self._commit([job])
        except Exception as error:  # noqa: BLE001 - whatever it was, every caller must hear of it
            for job in batch:
                job.error = error
        return batch

    def _done(self, batch: Sequence[_Job[Any]]) -> None:
        for job in batch:
            self._answer(job)
        self._engaged = False
        if self._jobs:
            self._engage()
        else:
            self._idle.set()

    def _answer(self, job: _Job[Any]) -> None:
        if not job.error:
            self._tell(job.events)
        if job.future.done():  # whoever asked was cancelled meanwhile; the work stands
            return
        if job.error:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)

    def _tell(self, events: Sequence[Event]) -> None:
        try:
            self._publish(events)
        except Exception:  # noqa: BLE001 - a listener's bug must not cost a caller its answer
            _log.exception("news of a commit did not reach everybody")


def _perform(job: _Job[Any], tx: Tx, *, alone: bool) -> None:
    """Do one job of a commit; raises when the whole transaction has to be undone."""
    mark = len(tx.events)
    try:
        with nullcontext() if alone or job.brief else tx.connection.savepoint():
            job.result = job.work(tx)
        job.events = tx.events[mark:]
    except Unavailable:
        raise  # the store itself failed, and with it all that shares this commit
    except Exception as error:
        if alone:
            raise
        if job.brief:
            raise _Stumbled from error
        job.error = error
        del tx.events[mark:]
