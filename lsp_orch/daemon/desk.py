"""The one writer: a thread that runs transactions, several of them in one commit."""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.events import Event
from lsp_orch.store.base import Store, Tx

_MOST = 256  # jobs in one commit: beyond it the first of them waits longer than the commit saves

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job(Generic[Result]):
    work: Callable[[Tx], Result]
    future: asyncio.Future[Result]
    result: Result | None = None
    error: BaseException | None = None
    events: Sequence[Event] = field(default=())


class Desk:
    """Takes work from the event loop and answers when it is on disk.

    Jobs that arrive while a commit runs share the next one: one flush of the disk serves all of them. A job
    that raises is undone alone; a commit that fails fails every job in it, and nothing is acknowledged.
    """

    def __init__(self, store: Store, publish: Callable[[Sequence[Event]], None]) -> None:
        self._store = store
        self._publish = publish
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[Tx], Result]) -> asyncio.Future[Result]:
        """Run ``work`` in a transaction; the future holds what it returned once that is durable.

        Work is done in the order in which it was handed in, awaited or not.
        """
        future: asyncio.Future[Result] = self._loop.create_future()
        if self._closed:
            future.set_exception(Unavailable(Code.DAEMON_UNREACHABLE, "the daemon is leaving", "ask again"))
        else:
            self._jobs.put(_Job(work, future))
        return future

    async def close(self) -> None:
        """Finish what was handed in, then stop the thread; what comes later is refused."""
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while batch := self._take():
            try:
                with self._store.transaction() as tx:
                    for job in batch:
                        _perform(job, tx)
            except Exception as error:  # noqa: BLE001 - whatever it was, every caller must hear of it
                for job in batch:
                    job.error = error
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to hear
                self._loop.call_soon_threadsafe(self._answer, batch)

    def _take(self) -> list[_Job[Any]]:
        batch: list[_Job[Any]] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == _MOST:
                break
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
        else:
            if batch:
                self._jobs.put(None)
        return batch

    def _answer(self, batch: list[_Job[Any]]) -> None:
        for job in batch:
            if not job.error:
                self._tell(job.events)
            if job.future.done():  # whoever asked was cancelled meanwhile; the work stands
                continue
            if job.error:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)

    def _tell(self, events: Sequence[Event]) -> None:
        try:
            self._publish(events)
        except Exception:  # noqa: BLE001 - a listener's bug must not cost a caller its answer
            _log.exception("news of a commit did not reach everybody")


def _perform(job: _Job[Any], tx: Tx) -> None:
    mark = len(tx.events)
    try:
        with tx.connection.savepoint():
            job.result = job.work(tx)
        job.events = tx.events[mark:]
    except Unavailable:
        raise  # the store itself failed, and with it all that shares this commit
    except Exception as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
        job.error = error
        del tx.events[mark:]
