"""Reviews: a person looks at a worker's work, and takes it or not."""

from dataclasses import dataclass, replace

from lsp_orch.domain.check import Check, Stage
from lsp_orch.domain.conflict import Conflict, named
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.lease import Mode
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.task import Isolation, State, Step, Task
from lsp_orch.services import task_files
from lsp_orch.services.ports import Clock, FileChange, Git, Paths
from lsp_orch.services.routing import REJECTION
from lsp_orch.services.task_checks import TaskChecks
from lsp_orch.services.task_files import TaskFiles
from lsp_orch.services.tasks import Tasks, not_found, take, taken
from lsp_orch.store.base import Tx

_SHOWN = 5  # paths in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a merge would make: the commit ``merged``, or why there is none; and how the check went there."""

    merged: str = ""
    stopped: Refusal | Conflict | None = None
    check: Check | None = None


class Reviews:
    """Methods that take a ``tx`` are steps inside it; the others call git and may take as long as it does."""

    def __init__(
        self, clock: Clock, git: Git, checks: TaskChecks, paths: Paths, tasks: Tasks, files: TaskFiles
    ) -> None:
        self._clock = clock
        self._git = git
        self._checks = checks
        self._paths = paths
        self._tasks = tasks
        self._files = files
        self.keys = tasks.keys

    def in_review(self, tx: Tx, task_id: str) -> Task | Refusal:
        """The task, if its work waits for a person."""
        task = tx.tasks.by_id(task_id)
        if task is None:
            return not_found(task_id)
        if task.state is not State.REVIEW:
            return Refusal(
                code=Code.TASK_STATE,
                message=f"{task_id} is {task.state}: there is nothing to review",
                hint="`lsp-orch review list` shows what waits for you",
            )
        return task

    def shown(self, tx: Tx, task_id: str) -> Task | Refusal:
        """The same; also one that was opened again, with the work that collided."""
        found, task = tx.conflicts.unsettled(task_id), tx.tasks.by_id(task_id)
        if task and found:
            return replace(task, base=found[-1].base, tip=found[-1].tip)
        return self.in_review(tx, task_id)

    def changes(self, task: Task) -> tuple[FileChange, ...]:
        """What the work changed; a task that worked in the shared checkout can only say so itself."""
        if task.isolate is Isolation.SHARED:
            named = task.result.changed_files if task.result else ()
            return tuple(FileChange(path=path, added=None, removed=None) for path in named)
        return self._git.changes(task.workspace, task.base, task.tip)

    def diff(self, task: Task) -> str:
        """The same as a unified diff; empty for a task that worked in the shared checkout."""
        return "" if task.isolate is Isolation.SHARED else self._git.diff(task.workspace, task.base, task.tip)

    def held(self, tx: Tx, task: Task, changes: tuple[FileChange, ...]) -> Refusal | None:
        """Refuse while somebody writes one of the files in the checkout that would change under them."""
        scopes = [Scope(Kind.FILE, self._paths.canonical(change.path, task.workspace)) for change in changes]
        for lease in tx.leases.touching(scopes):
            if lease.mode is Mode.WRITE:
                paths = ", ".join(scope.key for scope in lease.scopes if scope in scopes)
                return Refusal(
                    code=Code.LEASE_HELD,
                    message=f"{lease.holder.name} is writing {paths}, which {task.id} changes",
                    hint="accept again when it is saved and committed",
                )
        return None

    def merge(self, task: Task) -> Trial:
        """Merge the work into what is checked out, run its check there; the user's checkout is not touched.

        The trial checkout is gone afterwards; of a conflict all is kept that ``reopened`` needs.
        """
        git, workspace = self._git, task.workspace
        onto = git.head(workspace)
        if task.isolate is Isolation.SHARED:
            return self._checked(task, workspace, onto)
        if dirty := git.obstacles(workspace, onto):
            return Trial(stopped=_dirty(workspace, dirty))
        trial = self._trial(task)
        git.add_worktree(workspace, trial, "", onto)
        try:
            if conflicts := git.merge(trial, task.tip, f"{task.title}\n\nTask: {task.id}"):
                return Trial(stopped=self._collided(task, onto, conflicts))
            return self._checked(task, trial, git.head(trial))
        finally:
            git.remove_worktree(workspace, trial)

    def land(self, task: Task, merged: str) -> Refusal | None:
        """Move the user's checkout to the merged commit, or leave everything as it is."""
        if task.isolate is Isolation.SHARED:
            return None
        if dirty := self._git.obstacles(task.workspace, merged):
            return _dirty(task.workspace, dirty)
        self._git.keep(task.workspace, task_files.merged_ref(task), task.tip)
        self._git.fast_forward(task.workspace, merged)
        return None

    def stop(self, task: Task) -> None:
        """End the check that a merge waits for."""
        self._checks.stop(task, Stage.MERGED)

    def sweep(self, task: Task) -> None:
        """Take away what a merge has left which was cut short: its check, and the throw-away checkout."""
        self.stop(task)
        if task.isolate is Isolation.WORKTREE:
            self._git.remove_worktree(task.workspace, self._trial(task))

    def accepted(self, tx: Tx, task: Task) -> Task | Refusal:
        """Note that the work is in, and let those start that waited for it."""
        done = take(tx, task, Step.ACCEPT, replace(task, finished_at=self._clock.now()))
        if isinstance(done, Task):
            self._tasks.settle(tx, task.id)
        return done

    def tried(self, tx: Tx, trial: Trial) -> str | Refusal:
        """Note what came of trying a merge; the merged commit, or why there is none."""
        if trial.check:
            tx.checks.keep(trial.check)
        if isinstance(trial.stopped, Conflict):
            return self.reopened(tx, trial.stopped)
        return trial.stopped or trial.merged

    def reopened(self, tx: Tx, conflict: Conflict) -> Refusal:
        """Queue the task again, with the attempt given back: nobody could know. Why it was not merged."""
        task = self.in_review(tx, conflict.task_id)
        if isinstance(task, Refusal):
            return task
        refusal = _conflict(task, conflict)
        again = replace(
            task,
            attempt=task.attempt - 1,
            result=None,
            tip="",
            error=refusal.message,
            finished_at=None,
            next_attempt_at=self._clock.now(),
        )
        tx.conflicts.insert(conflict)
        taken(take(tx, task, Step.REOPEN, again))
        return refusal

    def rejected(self, tx: Tx, task: Task, reason: str) -> Task | Refusal:
        """Note that the work is not wanted; the reason is told to the worker of a retry."""
        words = f"{REJECTION}: {reason}"
        return take(tx, task, Step.REJECT, replace(task, error=words, finished_at=self._clock.now()))

    def tidy(self, task: Task) -> None:
        """Remove the worktree and the branch of a task whose review is over; its work stays under a ref."""
        if task.tip:
            if task.state is not State.DONE:
                self._git.keep(task.workspace, task_files.rejected_ref(task), task.tip)
            self._git.remove_worktree(task.workspace, task.worktree, task.branch)

    def _trial(self, task: Task) -> str:
        return self._files.trial(self._git.repository(task.workspace), task)

    def _collided(self, task: Task, onto: str, paths: tuple[str, ...]) -> Conflict:
        """Keep the work and take its worktree away: the next attempt has the same place."""
        git, ref = self._git, task_files.conflict_ref(task)
        git.keep(task.workspace, ref, task.tip)
        git.remove_worktree(task.workspace, task.worktree, task.branch)
        return Conflict(
            run=task.run,
            task_id=task.id,
            base=task.base,
            tip=task.tip,
            onto=onto,
            paths=paths,
            others=git.told(task.workspace, task.base, onto, paths),
            kept_ref=ref,
            at=self._clock.now(),
        )

    def _checked(self, task: Task, folder: str, merged: str) -> Trial:
        check = self._checks.run(task, folder, Stage.MERGED)
        if check is None or check.passed:
            return Trial(merged=merged, check=check)
        refusal = Refusal(
            code=Code.CHECK_FAILED,
            message=f"`{task.check}` did not succeed on the merged tree of {task.id}:\n{check.said}",
            hint=f"nothing was merged; or not at all: lsp-orch review reject {task.id} --reason TEXT",
        )
        return Trial(stopped=refusal, check=check)


def _dirty(workspace: str, paths: tuple[str, ...]) -> Refusal:
    shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return Refusal(
        code=Code.TREE_DIRTY,
        message=f"{workspace} has changes that are not committed: {shown}",
        hint="commit or stash them, then accept again; nothing was changed",
    )


def _conflict(task: Task, conflict: Conflict) -> Refusal:
    return Refusal(
        code=Code.MERGE_CONFLICT,
        message=f"{task.id} conflicts with what is checked out, in {named(conflict)}",
        hint=f"it is done anew on top of that, and no attempt is spent; the work so far: {conflict.kept_ref}",
    )
