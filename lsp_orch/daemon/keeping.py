"""What is kept of an attempt: a commit for the review, or a snapshot of what came to nothing."""

import logging
from dataclasses import dataclass
from pathlib import Path

from lsp_orch.domain.errors import OrchError, Refusal
from lsp_orch.domain.result import Deferred, Result, Status
from lsp_orch.domain.task import Isolation, Task
from lsp_orch.services import task_files
from lsp_orch.services.ports import Git, Processes
from lsp_orch.services.task_files import TaskFiles

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Every method waits for git, and is for a thread."""

    git: Git
    processes: Processes
    files: TaskFiles
    grace_s: float

    def keep(self, task: Task, result: Result | Refusal | Deferred) -> str:
        """Commit what is worth a review; the commit, or nothing when there is none to make.

        Raises:
            Unavailable: git cannot commit it.
        """
        if not isinstance(result, Result) or result.status is Status.FAILED:
            self.clear(task)
            return ""
        if task.isolate is Isolation.SHARED:
            return ""
        message = f"{task.title}\n\n{result.summary}\n\nTask: {task.id}"
        return self.git.commit_all(self._worktree(task), task_files.branch(task), message)

    def set_aside(self, task: Task, tip: str) -> str:
        """Keep the commit of a run that reports too late; the ref, empty where there is no commit."""
        if not tip:
            return ""
        self.git.keep(task.workspace, task_files.late_ref(task), tip)
        return task_files.late_ref(task)

    def clear(self, task: Task) -> None:
        """End whatever the run has left alive, keep its work under a ref, and take its worktree away."""
        if not self.processes.end(task.session_id, task.pid, task.pid_started, self.grace_s):
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
