"""What follows for those that wait for a task."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lsp_orch.domain import chain
from lsp_orch.domain.cycles import cycle
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.task import STEPS, OnDead, Step, Task
from lsp_orch.store.base import Tx


def circle(tx: Tx, task_id: str, after_id: str) -> tuple[str, ...]:
    """The circle that would close if a task waited for that one, or ``()``."""
    above = tx.chains.above(after_id)
    return cycle(task_id, [after_id], lambda here: above.get(here, ()))


def ruins(tx: Tx, name: str, after: Iterable[str], on_dead: OnDead) -> Refusal | None:
    """Why a task that falls with others cannot wait for these, if one of them is dead."""
    states = {each: tx.tasks.state(each) for each in after} if on_dead is OnDead.CASCADE else {}
    dead = {each: state for each, state in states.items() if state and state in chain.DEAD}
    return chain.refuse_ruins(name, dead) if dead else None


def refuse_retry(tx: Tx, task_ids: Sequence[str]) -> Refusal | None:
    """Why tasks that fell with others cannot be tried again before those are, or together with them."""
    again = set(task_ids)
    for each in task_ids:
        if task := tx.tasks.by_id(each):
            alone = [other for other in task.after if other not in again]
            if refusal := ruins(tx, each, alone, task.on_dead):
                return refusal
    return None


def fallen(tx: Tx, dead: Task) -> Iterator[tuple[Task, Task]]:
    """Those that are to be cancelled with a dead task, as they were and as they are then."""
    for task_id, cause in tx.chains.falling(dead.id).items():
        if was := tx.tasks.by_id(task_id):
            state = STEPS[was.state, Step.CANCEL]
            yield was, replace(was, state=state, error=chain.fell(cause), finished_at=dead.finished_at)
