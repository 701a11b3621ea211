"""Follows a worker at work, until its result, its end, or the end of our patience."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import Ending
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.ports import Clock, Run

_HEARTBEAT_S = 30.0  # events come many times a second; on disk they are worth this much


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Our patience has ended before the worker had."""

    ending: Ending
    refusal: Refusal


@dataclass(kw_only=True)
class Listening:
    """``heard`` is called at each event of a worker: its log has grown."""

    desk: Desk
    dispatcher: Dispatcher
    settings: Settings
    clock: Clock
    heard: Callable[[], None]

    async def follow(self, task: Task, run: Run) -> Late | None:
        """Follow the worker until its result or its end; say so when our patience ends first."""
        silence = asyncio.timeout(self.settings.tasks_startup_s)
        whole = asyncio.timeout(max(0.0, task.timeout_s - task.ran_s))
        beaten, answered = self.clock.now(), False
        try:
            async with whole, silence, aclosing(run.events()) as events:
                async for kind in events:
                    silence.reschedule(asyncio.get_running_loop().time() + self.settings.tasks_silence_s)
                    self.heard()
                    if kind == "result":
                        break
                    if kind == "assistant" and not answered:
                        answered = True
                        await self.desk.do(lambda tx: self.dispatcher.answered(tx, task))
                    if self.clock.now() - beaten >= _HEARTBEAT_S:
                        beaten = self.clock.now()
                        await self.desk.do(lambda tx: self.dispatcher.heartbeat(tx, task))
        except TimeoutError:
            if whole.expired():
                return _late(Ending.TIMED_OUT, f"no result within {task.timeout_s:g} s")
            return _late(Ending.SILENT, "the worker was silent for too long")
        return None


def _late(ending: Ending, words: str) -> Late:
    refusal = Refusal(
        code=Code.TASK_TIMEOUT,
        message=f"{words}, and was ended",
        hint="the attempt's log shows how far it came: lsp-orch task logs ID",
    )
    return Late(ending=ending, refusal=refusal)
