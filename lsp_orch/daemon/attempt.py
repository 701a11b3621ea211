"""One attempt at a task: a worktree, a worker, and whatever they leave behind."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from lsp_orch.domain import brief
from lsp_orch.domain.errors import Code, OrchError, Refusal, Unavailable
from lsp_orch.domain.result import Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import AUTO, Isolation, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services import task_files
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.ports import Clock, Git, Job, Processes, Run, Worker
from lsp_orch.services.task_files import TaskFiles

_HEARTBEAT_S = 30.0  # events come many times a second; on disk they are worth this much

_log = logging.getLogger(__name__)


class Ears(Protocol):
    """Learns which workers can be spoken to."""

    def opened(self, session_id: str, say: Callable[[str], None]) -> None:
        """This one listens."""

    def closed(self, session_id: str) -> None:
        """No longer."""


@dataclass(kw_only=True)
class Attempts:
    """Carries claimed tasks to their end: the store learns of it, and nothing is left alive.

    ``chance`` is a random number in [0, 1); ``heard`` is called at each event of a worker: its log has grown.
    """

    desk: Desk
    dispatcher: Dispatcher
    git: Git
    worker: Worker
    processes: Processes
    files: TaskFiles
    settings: Settings
    clock: Clock
    chance: Callable[[], float] = random.random
    heard: Callable[[], None] = lambda: None
    ears: Ears | None = None
    # git's own locks make parallel `worktree add`s fail
    _placing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def carry(self, task: Task) -> None:
        """Do one attempt at a task that was just claimed; when cancelled, the task is queued again."""
        try:
            await self._carry(task)
        except Unavailable:
            # the store could not be told: the run counts as left behind, and is picked up when it can be
            _log.exception("how the attempt at %s ended could not be noted", task.id)

    async def withdraw(self, task: Task) -> None:
        """End whatever a run has left, keep its work, and queue the task again if it is still to be done."""
        await asyncio.to_thread(self._clear, task)
        await self.desk.do(lambda tx: self.dispatcher.stopped(tx, task))

    async def _carry(self, task: Task) -> None:
        try:
            outcome = await self._work(task)
        except asyncio.CancelledError:
            await wholly(self.withdraw(task))
            raise
        except OrchError as error:
            outcome = Outcome(result=error.refusal)
        except Exception:  # noqa: BLE001 - a bug in one attempt must not end the others
            _log.exception("the attempt at %s failed", task.id)
            words = "lsp-orch itself failed; the daemon's log says why"
            outcome = Outcome(result=Refusal(code=Code.INTERNAL, message=words))
        await wholly(self._settle(task, outcome))

    async def _work(self, task: Task) -> Outcome:
        async with self._placing:
            folder = await wholly(self._place(task))
        run = await self.worker.start(self._job(task, folder))
        if self.ears:
            self.ears.opened(task.session_id, run.say)
        try:
            await self.desk.do(lambda tx: self.dispatcher.started(tx, task, run.pid, run.started))
            late = await self._listen(task, run)
        finally:
            if self.ears:
                self.ears.closed(task.session_id)
            await wholly(run.end(self.settings.tasks_kill_grace_s))
        return Outcome(result=late) if late else run.outcome()

    async def _place(self, task: Task) -> str:
        """Make the folder the worker works in; the store knows of it before it exists."""
        base = await asyncio.to_thread(self.git.head, task.workspace)
        if task.isolate is Isolation.SHARED:
            await self.desk.do(lambda tx: self.dispatcher.placed(tx, task, "", "", base))
            return task.workspace
        path, branch = await asyncio.to_thread(self._worktree, task), task_files.branch(task)
        await self.desk.do(lambda tx: self.dispatcher.placed(tx, task, path, branch, base))
        await asyncio.to_thread(self.git.add_worktree, task.workspace, path, branch, base)
        return path

    async def _listen(self, task: Task, run: Run) -> Refusal | None:
        """Follow the worker until its result or its end; refuse when our patience ends first."""
        silence = asyncio.timeout(self.settings.tasks_startup_s)
        whole = asyncio.timeout(task.timeout_s)
        beaten = self.clock.now()
        try:
            async with whole, silence, aclosing(run.events()) as events:
                async for kind in events:
                    silence.reschedule(asyncio.get_running_loop().time() + self.settings.tasks_silence_s)
                    self.heard()
                    if kind == "result":
                        break
                    if self.clock.now() - beaten >= _HEARTBEAT_S:
                        beaten = self.clock.now()
                        await self.desk.do(lambda tx: self.dispatcher.heartbeat(tx, task))
        except TimeoutError:
            return _late(task.timeout_s if whole.expired() else None)
        return None

    async def _settle(self, task: Task, outcome: Outcome) -> None:
        """Keep the work, then tell the store how the attempt ended."""
        try:
            tip = await asyncio.to_thread(self._keep, task, outcome.result)
        except Unavailable as error:
            tip, outcome = "", replace(outcome, result=error.refusal)
            await asyncio.to_thread(self._clear, task)
        chance = self.chance()
        if not await self.desk.do(lambda tx: self.dispatcher.finished(tx, task, outcome, tip, chance)):
            await self.withdraw(task)  # cancelled meanwhile: the work is kept, but not for a review

    def _keep(self, task: Task, result: Result | Refusal) -> str:
        """Commit what is worth a review; the commit, or nothing when there is none to make."""
        if isinstance(result, Refusal) or result.status is Status.FAILED:
            self._clear(task)
            return ""
        if task.isolate is Isolation.SHARED:
            return ""
        message = f"{task.title}\n\n{result.summary}\n\nTask: {task.id}"
        return self.git.commit_all(self._worktree(task), task_files.branch(task), message)

    def _clear(self, task: Task) -> None:
        """End whatever the run has left alive, keep its work under a ref, and take its worktree away."""
        grace_s = self.settings.tasks_kill_grace_s
        if not self.processes.end(task.session_id, task.pid, task.pid_started, grace_s):
            _log.error("a process of %s could not be killed", task.id)
        if task.isolate is Isolation.WORKTREE:
            try:
                self._remove(task)
            except OrchError as error:
                _log.warning("what %s has left in its worktree stays there: %s", task.id, error)

    def _remove(self, task: Task) -> None:
        path = Path(self._worktree(task))
        if not path.exists():
            return
        try:
            self.git.snapshot(str(path), task_files.snapshot_ref(task))
        except OrchError as error:
            # the next attempt begins by emptying this place: what could not be kept must not be there
            aside = path.rename(path.with_name(f"{path.name}-{task.session_id}"))
            _log.warning("the work on %s is set aside in %s: %s", task.id, aside, error)
        else:
            self.git.remove_worktree(task.workspace, str(path), task_files.branch(task))

    def _worktree(self, task: Task) -> str:
        return self.files.worktree(self.git.repository(task.workspace), task)

    def _job(self, task: Task, folder: str) -> Job:
        return Job(
            session_id=task.session_id,
            folder=folder,
            prompt=brief.write(task),
            model=self.settings.tasks_model if task.model == AUTO else task.model,
            max_usd=task.max_usd,
            max_turns=task.max_turns,
            check=task.check,
            log=self.files.log(task),
        )


def _late(limit_s: float | None) -> Refusal:
    words = "the worker was silent for too long" if limit_s is None else f"no result within {limit_s:g} s"
    return Refusal(
        code=Code.TASK_TIMEOUT,
        message=f"{words}, and was ended",
        hint="the attempt's log shows how far it came: lsp-orch task logs ID",
    )
