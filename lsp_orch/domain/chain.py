"""Which task waits for which: ready or not, blocked by whom, and no cycles."""

from collections.abc import Callable, Iterable, Mapping

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.task import State

DEAD = frozenset({State.FAILED, State.CANCELLED, State.PRUNED})


def ready(dependencies: Iterable[State]) -> bool:
    """Whether a task may start: all that it waits for is done, which means accepted, not only reviewed."""
    return all(state is State.DONE for state in dependencies)


def blockers(dependencies: Mapping[str, State]) -> dict[str, State]:
    """The dependencies that still hold a task back.

    One that is ``DEAD`` holds it back until a person retries that one; nothing is started on its ruins.
    """
    return {task: state for task, state in dependencies.items() if state is not State.DONE}


def cycle(task: str, after: Iterable[str], waits_for: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """The cycle that would close if ``task`` waited for ``after``: from the task back to it, or ``()``.

    ``waits_for`` gives the dependencies that a task has already.
    """
    came_from: dict[str, str] = {}
    open_ends = [(each, task) for each in after]
    while open_ends:
        here, before = open_ends.pop()
        if here in came_from:
            continue
        came_from[here] = before
        if here == task:
            return _path(task, came_from)
        open_ends.extend((each, here) for each in waits_for(here))
    return ()


def refuse_cycle(path: Iterable[str]) -> Refusal:
    """Say which tasks would wait for each other."""
    return Refusal(
        code=Code.TASK_CYCLE,
        message=f"these tasks would wait for each other for ever: {' after '.join(path)}",
        hint="leave out one of these dependencies",
    )


def _path(task: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    path = [task]
    here = came_from[task]
    while here != task:
        path.append(here)
        here = came_from[here]
    return (task, *reversed(path))
