"""Runs checks, which end with whoever waits for them."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lsp_orch.domain.check import Stage
from lsp_orch.domain.task import Isolation, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.task_checks import TaskChecks

_AGAIN_S = 0.2  # it may not have begun when it was first to be stopped

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """Checks the work of an attempt before it goes to its review."""

    desk: Desk
    checks: TaskChecks

    async def work(self, task: Task, folder: str) -> None:
        """Note how the check went in the worker's checkout; the review shows it, whatever it was.

        In the shared checkout others' work is in between: there the check is made at the merge alone.
        """
        if not task.check or task.isolate is Isolation.SHARED:
            return
        try:
            check = await stoppable(
                lambda: self.checks.run(task, folder, Stage.WORK), lambda: self.checks.stop(task, Stage.WORK)
            )
            if check:
                await self.desk.do(lambda tx: tx.checks.keep(check))
        except Exception:  # noqa: BLE001 - the work is done, and its review must not be lost with this
            _log.exception("the check of %s could not be made before its review", task.id)


async def stoppable(work: Callable[[], Answer], stop: Callable[[], None]) -> Answer:
    """Do it in a thread; when we are cancelled it is stopped, and over before that is raised."""
    doing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(doing)
    finally:
        await wholly(_stopped(doing, stop))


async def _stopped(doing: asyncio.Future[Answer], stop: Callable[[], None]) -> None:
    while not doing.done():
        await asyncio.to_thread(stop)
        await asyncio.wait([doing], timeout=_AGAIN_S)
