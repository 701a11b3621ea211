"""What a worker is told: the prompt, and the few rules around it."""

from lsp_orch.domain.conflict import Conflict, told
from lsp_orch.domain.task import Isolation, Task

_WORKTREE = "You work alone in a git worktree of the project; what you leave there is committed for you."
_SHARED = (
    "You work in the user's own checkout beside other people and agents. A write that is refused names who"
    " holds the file: do something else first, or finish as partial and say so. Do not commit."
)


def write(task: Task, conflict: Conflict | None = None) -> str:
    """The first message of an attempt; ``conflict`` is what its work came to that was not merged."""
    parts = [task.prompt, "", _SHARED if task.isolate is Isolation.SHARED else _WORKTREE]
    if task.paths:
        parts.append(f"Change only files that match: {', '.join(task.paths)}.")
    if task.check:
        parts.append(f"This command must succeed on your work before it is merged: {task.check}")
    if conflict:
        parts.append(told(conflict))
    if task.error:
        parts.append(f"An earlier attempt did not succeed: {task.error}")
    parts.append("Nobody can answer questions. End with the structured result in any case.")
    return "\n".join(parts)
