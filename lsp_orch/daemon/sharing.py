"""What the worker of a planned task has beside its checkout: what the plan shares, scratch, fewer tools."""

import asyncio
from dataclasses import dataclass, replace

from lsp_orch.domain import shared
from lsp_orch.domain.planning import Context, Planned
from lsp_orch.domain.task import Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.ports import ContextFiles, Job
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Folders, and the tools that the templates leave; None is all."""

    context: str
    scratch: str
    tools: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Looks up what a task shares, and puts it where its worker finds it."""

    desk: Desk
    folders: ContextFiles

    async def of(self, task: Task) -> Share | None:
        """The folders, which are there and as they must be; None where the task is of no plan.

        Raises:
            Unavailable: they cannot be made.
        """
        planned, context = await self.desk.do(lambda tx: _known(tx, task))
        if planned is None or context is None:
            return None
        return Share(
            context=await asyncio.to_thread(self.folders.share, planned.plan_id, context.files),
            scratch=await asyncio.to_thread(self.folders.scratch, planned.plan_id, task.id),
            tools=planned.tools,
        )


def joined(job: Job, share: Share | None) -> Job:
    """The job with what the worker shares; of all that, its shell writes to its scratch folder only."""
    if share is None:
        return job
    shelter = job.shelter and replace(job.shelter, writable=(*job.shelter.writable, share.scratch))
    return replace(
        job,
        prompt=f"{job.prompt}\n\n{shared.told(share.context, share.scratch)}",
        add_dirs=(*job.add_dirs, share.context, share.scratch),
        tools=share.tools,
        read_only=(*job.read_only, share.context),
        shelter=shelter,
    )


def _known(tx: Tx, task: Task) -> tuple[Planned | None, Context | None]:
    planned = tx.plans.of_task(task.id)
    return planned, tx.plans.context(planned.plan_id) if planned else None
