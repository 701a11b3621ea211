"""The report: what the store knows of a time, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_orch.domain.attempt import Attempt
from lsp_orch.domain.money import Notice, day
from lsp_orch.domain.task import State, Task
from lsp_orch.domain.timeline import Report, Run, Story, report
from lsp_orch.domain.waits import Stay, reviews, waits
from lsp_orch.services.ports import Clock
from lsp_orch.services.routing import REJECTION
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report, what each day of this daemon's has cost, and the notices."""

    report: Report
    days: Mapping[float, float]
    notices: Sequence[Notice]


class Reports:
    """Reads only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def of(self, tx: Tx, workspace: str, since: float) -> Told:
        """All of a workspace (empty: everywhere) that was under way after ``since``."""
        now = self._clock.now()
        tasks = {task.id: task for task in tx.tasks.of(workspace)}
        runs: dict[str, list[Run]] = {}
        for attempt in tx.attempts.of(workspace):
            runs.setdefault(attempt.task_id, []).append(_run(attempt, tasks[attempt.task_id], now))
        stories = [
            _story(task, runs.get(task.id, []), tasks, now)
            for task in tasks.values()
            if task.finished_at is None or task.finished_at >= since
        ]
        return Told(
            report=report([run for each in runs.values() for run in each], stories, since, now),
            days=tx.money.days(day(since)),
            notices=tx.money.notices(since),
        )


def _run(attempt: Attempt, task: Task, now: float) -> Run:
    waiting_s = 0.0 if attempt.parked_at is None else now - attempt.parked_at
    return Run(
        task_id=task.id,
        title=task.title,
        number=attempt.number,
        model=attempt.model,
        why_model=attempt.why_model,
        began_at=attempt.started_at,
        ended_at=attempt.ended_at,
        ending=str(attempt.ending or ""),
        cost_usd=attempt.cost_usd,
        parked_s=attempt.parked_s + max(0.0, waiting_s),
    )


def _story(task: Task, runs: Sequence[Run], tasks: Mapping[str, Task], now: float) -> Story:
    before = [tasks[each] for each in task.after if each in tasks]
    ready = all(each.state is State.DONE and each.finished_at is not None for each in before)
    stay = Stay(
        filed_at=task.created_at,
        ready_at=max([task.created_at, *(each.finished_at or 0.0 for each in before)]) if ready else None,
        settled_at=None if task.state is State.REVIEW else task.finished_at,
        chained=bool(task.after),
        runs=runs,
    )
    endings = [run.ending for run in runs]
    return Story(
        task_id=task.id,
        state=task.state.value,
        filed_at=task.created_at,
        reviews=reviews(task.state, endings, rejected=task.error.startswith(REJECTION)),
        waits=waits(stay, now),
        pruned_why=task.pruned_why,
    )
