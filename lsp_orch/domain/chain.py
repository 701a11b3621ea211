"""Which task waits for which: ready or not, and blocked by whom."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

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


def refuse_cycle(path: Iterable[str]) -> Refusal:
    """Say which tasks would wait for each other."""
    return Refusal(
        code=Code.TASK_CYCLE,
        message=f"these tasks would wait for each other for ever: {' after '.join(path)}",
        hint="leave out one of these dependencies",
    )


def order(after: Mapping[str, Iterable[str]]) -> tuple[str, ...] | Refusal:
    """Those that wait for each other, each behind what it waits for; refused with the cycle named."""
    sorter = TopologicalSorter(
        {name: [each for each in waits if each in after] for name, waits in after.items()}
    )
    try:
        return tuple(sorter.static_order())
    except CycleError as error:
        return refuse_cycle(reversed(error.args[1]))


def refuse_ruins(task: str, dead: Mapping[str, State]) -> Refusal:
    """Say that a task which falls with what it waits for cannot wait for what has fallen."""
    words = ", ".join(f"{each} is {state}" for each, state in dead.items())
    return Refusal(
        code=Code.TASK_BLOCKED,
        message=f"{task} could not start, and would be cancelled at once: {words}",
        hint="retry that one first, or let this one wait for it: --on-failed block",
    )


def fell(cause: str) -> str:
    """Why a task was cancelled with another one."""
    return f"{cause}, which it waited for, came to nothing [{Code.TASK_BLOCKED}]"
