"""Which task waits for which: ready or not, and blocked by whom."""

from collections.abc import Iterable, Mapping

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
