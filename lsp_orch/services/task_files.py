"""Where a task's worktree, its trial merge and its logs lie; and the names git knows its work by."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath

from lsp_orch.domain.task import Task

BRANCHES = "lsp-orch"  # the folder of the branches that workers commit on


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFiles:
    """``worktrees`` and ``logs`` are folders of the daemon, outside every user's tree."""

    worktrees: PurePath
    logs: PurePath

    def worktree(self, repository: str, task: Task) -> str:
        """The checkout a worker works in; ``repository`` is its common git folder."""
        return str(self.worktrees / _short(repository) / task.id)

    def trial(self, repository: str, task: Task) -> str:
        """The throw-away checkout that a merge is tried and checked in."""
        return str(self.worktrees / _short(repository) / f"{task.id}-merge")

    def log(self, task: Task) -> str:
        """What the latest attempt's worker said, one JSON event a line."""
        return str(self.logs / task.id / f"{task.attempt}.jsonl")


def branch(task: Task) -> str:
    """The branch that a worker's commits are on."""
    return f"{BRANCHES}/{task.id}"


def snapshot_ref(task: Task) -> str:
    """Where an attempt that came to nothing keeps its work."""
    return f"refs/lsp-orch/snapshots/{task.id}/{task.attempt}"


def merged_ref(task: Task) -> str:
    """Where the work of an accepted task stays findable after its branch has gone."""
    return f"refs/lsp-orch/merged/{task.id}"


def rejected_ref(task: Task) -> str:
    """Where work that a review did not want stays findable."""
    return f"refs/lsp-orch/rejected/{task.id}/{task.attempt}"


def conflict_ref(task: Task) -> str:
    """Where work that collided with what came before it stays findable; a run has it for itself."""
    return f"refs/lsp-orch/conflicts/{task.id}/{task.run}"


def late_ref(task: Task) -> str:
    """Where the work of a run stays findable that had the task no more."""
    return f"refs/lsp-orch/late/{task.id}/{task.run}"


def _short(repository: str) -> str:
    return sha256(repository.encode()).hexdigest()[:12]
