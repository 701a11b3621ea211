"""Asks a model for a plan: a session that can read the checkout, and nothing else."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import PurePath

from lsp_orch.daemon.gate import Gate
from lsp_orch.domain.errors import Code, OrchError, Refusal
from lsp_orch.domain.planning import Plan
from lsp_orch.domain.reply import Reply
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.plans import Plans
from lsp_orch.services.ports import Job, Processes, Run, Worker
from lsp_orch.services.sessions import Sessions

READS = ("Read", "Grep", "Glob")  # whatever the goal says, nothing can be changed with these


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """``logs`` is the folder that the sessions' events are kept below."""

    desk: Desk
    plans: Plans
    worker: Worker
    gate: Gate
    sessions: Sessions
    processes: Processes
    settings: Settings
    logs: PurePath

    async def ask(self, plan: Plan, prompt: str, schema: Mapping[str, object]) -> Reply:
        """What it says; nothing of it is left alive, also when we are cancelled."""
        try:
            run = await self.worker.start(self._job(plan, prompt, schema))
            try:
                await self.desk.do(lambda tx: self.plans.started(tx, plan.id, run.pid, run.started))
                late = await self._follow(run)
            finally:
                await wholly(run.end(self.settings.tasks_kill_grace_s))
            reply = run.reply()
        except OrchError as error:
            return Reply(came_to=error.refusal)
        finally:
            self.gate.dismiss(plan.session_id)
            await wholly(self._leave(plan))
        return Reply(came_to=late, cost_usd=reply.cost_usd) if late else reply

    def end(self, plan: Plan) -> None:
        """End whatever an earlier daemon's planner has left alive; blocks."""
        grace_s = self.settings.tasks_kill_grace_s
        self.processes.end(plan.session_id, plan.pid, plan.pid_started, grace_s)

    async def _leave(self, plan: Plan) -> None:
        await self.desk.do(lambda tx: self.sessions.left(tx, plan.session_id))

    async def _follow(self, run: Run) -> Refusal | None:
        settings, loop = self.settings, asyncio.get_running_loop()
        silence = asyncio.timeout(settings.tasks_startup_s)
        try:
            async with asyncio.timeout(settings.tasks_timeout_s), silence, aclosing(run.events()) as events:
                async for kind in events:
                    if kind == "result":
                        break
                    silence.reschedule(loop.time() + settings.tasks_silence_s)
        except TimeoutError:
            return Refusal(
                code=Code.TASK_TIMEOUT,
                message="the planner was silent for too long, and was ended",
                hint="ask again",
            )
        return None

    def _job(self, plan: Plan, prompt: str, schema: Mapping[str, object]) -> Job:
        settings = self.settings
        return Job(
            session_id=plan.session_id,
            folder=plan.workspace,
            prompt=prompt,
            model=settings.plan_model,
            max_usd=settings.plan_max_usd,
            max_turns=settings.tasks_max_turns,
            check="",
            log=str(self.logs / plan.id / "planner.jsonl"),
            entry=self.gate.admit(plan.session_id),
            schema=schema,
            tools=READS,
        )
