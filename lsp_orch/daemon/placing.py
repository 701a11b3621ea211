"""Where a worker works: a folder that is made one at a time, and that the store knows of before it exists."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.task import Isolation, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services import task_files
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.ports import Git
from lsp_orch.services.task_files import TaskFiles


@dataclass(kw_only=True)
class Placing:
    """Makes the folders of all attempts."""

    desk: Desk
    dispatcher: Dispatcher
    git: Git
    files: TaskFiles
    # git's own locks make parallel `worktree add`s fail
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def place(self, task: Task) -> str:
        """Make the folder the worker works in; what was begun is finished, also when we are cancelled.

        Raises:
            Unavailable: git cannot make it, or the one where the run was parked is gone.
        """
        async with self._one:
            return await wholly(self._place(task))

    async def _place(self, task: Task) -> str:
        if task.resumes:
            return _left(task)
        base = await asyncio.to_thread(self._base, task)
        await self._refuse_stale(task, base)
        if task.isolate is Isolation.SHARED:
            await self.desk.do(lambda tx: self.dispatcher.placed(tx, task, "", "", base))
            return task.workspace
        path, branch = await asyncio.to_thread(self.folder, task), task_files.branch(task)
        if task.branch != branch:  # where it is ours, that was noted before it was made
            await asyncio.to_thread(self.git.refuse_taken, task.workspace, branch)
        await self.desk.do(lambda tx: self.dispatcher.placed(tx, task, path, branch, base))
        await asyncio.to_thread(self.git.add_worktree, task.workspace, path, branch, base)
        return path

    def folder(self, task: Task) -> str:
        """Where the worker of a task works that has a checkout of its own; for a thread."""
        return self.files.worktree(self.git.repository(task.workspace), task)

    async def _refuse_stale(self, task: Task, base: str) -> None:
        """Raise base-stale where the work of an accepted task is missing that this one waited for."""
        if not task.after:
            return
        before = await self.desk.do(lambda tx: [tx.tasks.by_id(each) for each in task.after])
        commits = {each.merged or each.tip: each for each in before if each and (each.merged or each.tip)}
        lacks = await asyncio.to_thread(self.git.lacks, task.workspace, base, list(commits))
        if lacks:
            other, where = commits[lacks], task.workspace
            raise Unavailable(
                Code.BASE_STALE,
                f"what is checked out in {where} ({base[:12]}) does not have the accepted work of {other.id}"
                f" ({other.title}, {lacks[:12]})",
                f"check out a branch that has it, or merge it, then: lsp-orch task retry {task.id}",
            )

    def _base(self, task: Task) -> str:
        if not Path(task.workspace).is_dir():
            gone, mend = f"{task.workspace} is gone", f"bring it back, then: lsp-orch task retry {task.id}"
            raise Unavailable(Code.NOT_A_REPOSITORY, gone, mend)
        return self.git.head(task.workspace)


def _left(task: Task) -> str:
    """The folder that a parked run has left."""
    folder = task.worktree or task.workspace
    if not Path(folder).is_dir():
        raise Unavailable(
            Code.WORKER_DIED,
            f"{folder}, where the worker was parked, is gone",
            "the next attempt begins anew",
        )
    return folder
