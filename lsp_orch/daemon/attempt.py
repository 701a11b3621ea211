"""One attempt at a task: a worktree, a worker, and whatever they leave behind."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from lsp_orch.daemon.checking import Checking
from lsp_orch.daemon.gate import Gate
from lsp_orch.daemon.job import Jobs
from lsp_orch.daemon.keeping import Keeping
from lsp_orch.daemon.listening import Listening
from lsp_orch.daemon.placing import Placing
from lsp_orch.daemon.sharing import Sharing, joined
from lsp_orch.daemon.sheltering import Sheltering
from lsp_orch.domain.errors import Code, OrchError, Refusal, Unavailable
from lsp_orch.domain.late import Late
from lsp_orch.domain.reply import read
from lsp_orch.domain.result import Deferred, Outcome, Result
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.ports import Clock, Git, Job, Processes, Worker
from lsp_orch.services.sessions import Sessions
from lsp_orch.services.task_files import TaskFiles
from lsp_orch.store.base import Tx

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
    gate: Gate
    sessions: Sessions
    sheltering: Sheltering
    processes: Processes
    files: TaskFiles
    settings: Settings
    clock: Clock
    chance: Callable[[], float] = random.random
    heard: Callable[[], None] = lambda: None
    ears: Ears | None = None
    sharing: Sharing | None = None
    checking: Checking | None = None

    @cached_property
    def placing(self) -> Placing:
        """What makes the folders."""
        return Placing(desk=self.desk, dispatcher=self.dispatcher, git=self.git, files=self.files)

    @cached_property
    def listening(self) -> Listening:
        """What follows the workers."""
        return Listening(
            desk=self.desk,
            dispatcher=self.dispatcher,
            settings=self.settings,
            clock=self.clock,
            heard=self.heard,
        )

    @cached_property
    def keeping(self) -> Keeping:
        """What keeps their work."""
        grace_s = self.settings.tasks_kill_grace_s
        return Keeping(git=self.git, processes=self.processes, files=self.files, grace_s=grace_s)

    @cached_property
    def jobs(self) -> Jobs:
        """What says what each is started with."""
        return Jobs(gate=self.gate, files=self.files, settings=self.settings)

    async def carry(self, task: Task) -> None:
        """Do one attempt at a task that was just claimed; when cancelled, the task is queued again."""
        try:
            await self._carry(task)
        except Unavailable:
            # the store could not be told: the run counts as left behind, and is picked up when it can be
            _log.exception("how the attempt at %s ended could not be noted", task.id)

    async def withdraw(self, task: Task) -> None:
        """End whatever a run has left, keep its work, and queue the task again if it is still to be done."""
        await asyncio.to_thread(self.keeping.clear, task)

        def work(tx: Tx) -> None:
            self.sessions.left(tx, task.session_id)
            self.dispatcher.stopped(tx, task)

        await self.desk.do(work)

    async def _carry(self, task: Task) -> None:
        loop = asyncio.get_running_loop()
        began, ticket, why = loop.time() - task.ran_s, "", ""
        try:
            outcome, (ticket, why) = await self._work(task)
        except asyncio.CancelledError:
            await wholly(self.withdraw(task))
            raise
        except OrchError as error:
            outcome = Outcome(result=error.refusal)
        except Exception:  # noqa: BLE001 - a bug in one attempt must not end the others
            _log.exception("the attempt at %s failed", task.id)
            words = "lsp-orch itself failed; the daemon's log says why"
            outcome = Outcome(result=Refusal(code=Code.INTERNAL, message=words))
        if ticket and isinstance(outcome.result, Deferred):
            await wholly(self._park(task, outcome, ticket, why, loop.time() - began))
            return
        kept = asyncio.ensure_future(self._keep(task, outcome))
        try:
            tip, _ = await asyncio.shield(kept)
            await self._check(task, tip)
        finally:  # also when we are cancelled meanwhile: the work is done
            await wholly(self._settle(task, kept))

    async def _work(self, task: Task) -> tuple[Outcome, tuple[str, str]]:
        """Run it; the outcome, and the ticket and reason for which its last call was put off."""
        folder = await self.placing.place(task)
        conflict = await self.desk.do(lambda tx: tx.conflicts.unsettled(task.id))
        share = await self.sharing.of(task) if self.sharing else None
        try:
            async with self.sheltering.around(task, folder) as shelter:
                job = self.jobs.make(task, folder, shelter, conflict[-1] if conflict else None)
                outcome = await self._run(task, joined(job, share))
            return outcome, self.gate.put_off(task.session_id)
        finally:
            self.gate.dismiss(task.session_id)

    async def _run(self, task: Task, job: Job) -> Outcome:
        run = await self.worker.start(job)
        if self.ears:
            self.ears.opened(task.session_id, run.say)
        try:
            await self.desk.do(lambda tx: self.dispatcher.started(tx, task, run.pid, run.started))
            late = await self.listening.follow(task, run)
        finally:
            if self.ears:
                self.ears.closed(task.session_id)
            await wholly(run.end(self.settings.tasks_kill_grace_s))
        ended = read(run.reply())
        return replace(ended, result=late.refusal, ending=late.ending) if late else ended

    async def _park(self, task: Task, outcome: Outcome, ticket: str, why: str, ran_s: float) -> None:
        """Let the task rest: its folder, its leases and its place in the queue stay."""

        def work(tx: Tx) -> Task | None:
            self.sessions.rested(tx, task.session_id)
            return self.dispatcher.parked(tx, task, outcome, ticket, why, ran_s)

        if not await self.desk.do(work):
            await self.withdraw(task)  # cancelled meanwhile

    async def _keep(self, task: Task, outcome: Outcome) -> tuple[str, Outcome]:
        """Keep the work; its commit, and what the attempt has come to."""
        try:
            return await asyncio.to_thread(self.keeping.keep, task, outcome.result), outcome
        except Unavailable as error:
            await asyncio.to_thread(self.keeping.clear, task)
            return "", replace(outcome, result=error.refusal)

    async def _check(self, task: Task, tip: str) -> None:
        """See how its check goes on the work that is to be reviewed."""
        if tip and self.checking:
            folder = await asyncio.to_thread(self.placing.folder, task)
            await self.checking.work(task, folder)

    async def _settle(self, task: Task, kept: Awaitable[tuple[str, Outcome]]) -> None:
        """Tell the store how the attempt ended, once the work is kept."""
        tip, outcome = await kept
        chance = self.chance()
        if not await self.desk.do(lambda tx: self.dispatcher.finished(tx, task, outcome, tip, chance)):
            await self._set_aside(task, outcome, tip)  # cancelled meanwhile
            await self.withdraw(task)

    async def _set_aside(self, task: Task, outcome: Outcome, tip: str) -> None:
        """Keep the work of a run that has the task no more where a review of the task shows it."""
        result = outcome.result
        if isinstance(result, Result):
            late = Late(
                run=task.run,
                task_id=task.id,
                status=result.status,
                summary=result.summary,
                kept_ref=await asyncio.to_thread(self.keeping.set_aside, task, tip),
                at=self.clock.now(),
            )
            await self.desk.do(lambda tx: tx.late.insert(late))
