"""The dispatcher's decisions: who starts next, and what follows from how a run ended."""

from collections.abc import Collection
from dataclasses import replace
from uuid import NAMESPACE_OID, uuid5

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import TaskChanged
from lsp_orch.domain.result import Deferred, Outcome, Status
from lsp_orch.domain.retry import backoff
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State, Step, Task
from lsp_orch.services.ports import Clock, Ids
from lsp_orch.services.tasks import store, take, taken
from lsp_orch.store.base import Tx


class Dispatcher:
    """Each method is one step inside the caller's transaction.

    ``run`` is the task as ``claim`` gave it: its session id is the fence, and what is reported for a run that
    is no longer the task's changes nothing.
    """

    def __init__(self, clock: Clock, ids: Ids, settings: Settings) -> None:
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def claim(self, tx: Tx) -> Task | None:
        """Let a parked run go on that waits no more, else give the most urgent ready task to a new run."""
        # Claude Code wants a UUID; this one is as unique as the id it is made of
        session_id = str(uuid5(NAMESPACE_OID, self._ids.new("run")))
        now = self._clock.now()
        task = tx.tasks.resume(now) or tx.tasks.claim(session_id, now)
        if task:
            tx.announce(TaskChanged(id=task.id, state=task.state))
        return task

    def placed(self, tx: Tx, run: Task, worktree: str, branch: str, base: str) -> None:
        """Note where the run works, before anything is made there."""
        if task := self._current(tx, run):
            store(tx, task, replace(task, worktree=worktree, branch=branch, base=base, tip=""))

    def started(self, tx: Tx, run: Task, pid: int, pid_started: float) -> None:
        """Note the run's process."""
        if task := self._current(tx, run):
            store(tx, task, replace(task, pid=pid, pid_started=pid_started))

    def heartbeat(self, tx: Tx, run: Task) -> None:
        """Note a sign of life."""
        tx.tasks.heartbeat(run, self._clock.now())

    def finished(self, tx: Tx, run: Task, outcome: Outcome, tip: str, chance: float) -> Task | None:
        """Decide what follows from how the run ended: review, another attempt, or failure.

        ``tip`` is the commit its work came to, ``chance`` a random number in [0, 1). The run must have left
        nothing alive. None when the task is no longer to be done: then it is ``stopped`` that must follow.
        """
        task = self._current(tx, run)
        if task is None or task.state is not State.RUNNING:
            return None
        spent, result = _spend(task, outcome), outcome.result
        if isinstance(result, Deferred):
            result = _nobody_defers(result)
        if isinstance(result, Refusal):
            return self._again(tx, task, replace(spent, error=_told(result)), chance)
        ended = replace(spent, result=result, finished_at=self._clock.now())
        if result.status is Status.FAILED:
            words = f"the worker could not do it: {result.summary}"
            return taken(take(tx, task, Step.FAIL, replace(ended, error=words)))
        return taken(take(tx, task, Step.FINISH, replace(ended, error="", tip=tip)))

    def parked(
        self, tx: Tx, run: Task, outcome: Outcome, ticket: str, waits_for: str, ran_s: float
    ) -> Task | None:
        """Let the run rest until its ticket is decided; the attempt is not over.

        ``ran_s`` are the seconds it has run in all. None when the task is no longer to be done.
        """
        task = self._current(tx, run)
        if task is None or task.state is not State.RUNNING:
            return None
        resting = replace(
            _spend(task, outcome),
            ticket=ticket,
            waits_for=waits_for,
            ran_s=ran_s,
            paid_usd=max(outcome.cost_usd, task.paid_usd),
        )
        return taken(take(tx, task, Step.PARK, resting))

    def stopped(self, tx: Tx, run: Task) -> Task | None:
        """Queue the task again, with the attempt given back: it was us who ended the run."""
        task = self._current(tx, run)
        if task is None or task.state is not State.RUNNING:
            return self._let_go(tx, task)
        again = replace(_free(task), attempt=task.attempt - 1, next_attempt_at=self._clock.now())
        return taken(take(tx, task, Step.REQUEUE, again))

    def orphans(self, tx: Tx, mine: Collection[str]) -> list[Task]:
        """The tasks of runs that nobody looks after; ``mine`` are the session ids of those that we do."""
        return [task for task in tx.tasks.engaged() if task.session_id not in mine]

    def _again(self, tx: Tx, was: Task, task: Task, chance: float) -> Task:
        now = self._clock.now()
        if task.attempt >= task.attempts:
            return taken(take(tx, was, Step.FAIL, replace(task, finished_at=now)))
        wait_s = backoff(self._settings.tasks_backoff_s, task.attempt, chance)
        return taken(take(tx, was, Step.REQUEUE, replace(task, next_attempt_at=now + wait_s)))

    def _let_go(self, tx: Tx, task: Task | None) -> Task | None:
        """Note that nothing of the run is left of a task that was cancelled meanwhile: it may be retried."""
        if task is None:
            return None
        free = _free(task)
        store(tx, task, free)
        tx.announce(TaskChanged(id=free.id, state=free.state))
        return free

    def _current(self, tx: Tx, run: Task) -> Task | None:
        task = tx.tasks.by_id(run.id)
        return task if task and task.session_id == run.session_id else None


def _told(refusal: Refusal) -> str:
    """All that a person needs, in one text."""
    return (
        f"{refusal.message}. {refusal.hint} [{refusal.code}]"
        if refusal.hint
        else f"{refusal.message} [{refusal.code}]"
    )


def _free(task: Task) -> Task:
    """The task without what belongs to the run that has ended."""
    return replace(
        task, engaged=False, pid=0, pid_started=0.0, ticket="", waits_for="", ran_s=0.0, paid_usd=0.0
    )


def _spend(task: Task, outcome: Outcome) -> Task:
    """The same, with what the run has cost; a resumed session's costs include what was paid before."""
    cost_usd = max(0.0, outcome.cost_usd - task.paid_usd)
    return replace(_free(task), cost_usd=task.cost_usd + cost_usd, turns=task.turns + outcome.turns)


def _nobody_defers(deferred: Deferred) -> Refusal:
    return Refusal(
        code=Code.RESULT_INVALID,
        message=f"a hook that is not ours has put off the worker's call of {deferred.tool}",
        hint="a worker has nobody to ask: see the hooks in your Claude Code settings",
    )
