"""The dispatcher's decisions: who starts next, and what follows from how a run ended."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from heapq import merge
from math import inf
from uuid import NAMESPACE_OID, uuid5

from lsp_orch.domain.attempt import Attempt, end, go_on, park, spend
from lsp_orch.domain.ending import ending, follows, is_final, wait_s
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.events import TaskChanged
from lsp_orch.domain.result import Deferred, Ending, Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Hold, Idle, Rule, Scene, held
from lsp_orch.domain.task import State, Step, Task, free
from lsp_orch.services import attempts
from lsp_orch.services.holding import Holding
from lsp_orch.services.lanes import behind, firsts
from lsp_orch.services.money import Money
from lsp_orch.services.ports import Clock, Ids
from lsp_orch.services.routing import Routing
from lsp_orch.services.start_rules import RULES, capped
from lsp_orch.services.tasks import store, take, taken
from lsp_orch.services.waits import Waits
from lsp_orch.services.ways import CheckoutOf, Ways, by_itself
from lsp_orch.store.base import Tx

MOST = 4  # workers by default
_MOST_LANES = 64  # tasks that are put into lanes in one transaction: others want the store, too
_BATCH = 16  # tasks to look at in one query, where rules hold the first one back


class Dispatcher:
    """Each method is one step inside the caller's transaction.

    ``run`` is the task as ``claim`` gave it: its number is the fence, and what is reported for a run that is
    no longer the task's changes nothing.
    """

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        settings: Settings,
        rules: Sequence[Rule] = RULES,
        checkout_of: CheckoutOf = by_itself,
        free_mb: Callable[[], float] = lambda: inf,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self._rules = (*rules, *capped(settings))
        self._free_mb = free_mb
        self.ways = Ways(checkout_of)
        self.waits = Waits(settings)
        self._money = Money(settings)
        self._routing = Routing(settings)
        self._holding = Holding(clock, settings)

    def restart(self, tx: Tx) -> None:
        """Let everybody be looked at once more who was held back: what has ended meanwhile was not heard."""
        tx.lanes.open_all()

    def claim(self, tx: Tx, workers: int = MOST, ended: Collection[str] = ()) -> Task | Idle:
        """Let a parked run go on that waits no more, else give the next task that nothing holds to a new run.

        ``workers`` are the most that may be at work at once, ``ended`` the ids of leases that are over.
        """
        now, holds, lanes = self._clock.now(), dict[str, Hold](), 0
        rules = (*self._rules, behind(tx), self.ways.rule(tx), self._money.rule(tx))
        scene = self._scene(tx, workers)
        self.waits.end(tx, scene, ended)
        for task in _queue(tx, now):
            hold = held(task, scene, rules)
            # what a parked run was let do once is not asked again
            if hold is None or (task.state is State.PARKED and not (hold.everyone or hold.parked)):
                return self._start(tx, task, now)
            holds[task.id] = hold
            if hold.everyone:
                return Idle(holds=holds)
            if hold.waits_for and task.state is State.READY:
                self.waits.begin(tx, task, scene.model(task), hold)
                lanes += 1
                if lanes == _MOST_LANES:
                    return Idle(holds=holds, more=True)
        return Idle(holds=holds, due=tx.tasks.due(now), lanes=tx.lanes.any())

    def _scene(self, tx: Tx, workers: int) -> Scene:
        """What there is now."""
        return Scene(
            now=self._clock.now(),
            workers=workers,
            working=tuple(tx.tasks.engaged()),
            resting=tuple(tx.tasks.parked()),
            holds=tuple(tx.holds.all()),
            pauses=tuple(tx.pauses.all()),
            patience=self._holding.patience,
            model=lambda task: self._routing.choose(tx, task).model,
            free_mb=self._free_mb,
        )

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

    def answered(self, tx: Tx, run: Task) -> None:
        """Note that the run has had an answer from its model."""
        if self._current(tx, run):
            self._holding.answered(tx, run.run)

    def finished(self, tx: Tx, run: Task, outcome: Outcome, tip: str, chance: float) -> Task | None:
        """Decide what follows from how the run ended: review, another attempt, or failure.

        ``tip`` is the commit its work came to, ``chance`` a random number in [0, 1). The run must have left
        nothing alive. None when the task is no longer to be done: then it is ``stopped`` that must follow.
        """
        task = self._current(tx, run)
        if task is None or task.state is not State.RUNNING:
            return None
        if isinstance(outcome.result, Deferred):
            outcome = replace(outcome, result=_nobody_defers(outcome.result), ending=None)
        how = ending(outcome)
        tx.denials.insert(task.run, outcome.denials)
        ended = replace(_spend(task, outcome), error=_error(outcome.result))
        if isinstance(outcome.result, Result):
            ended = replace(ended, result=outcome.result, tip=tip if how is Ending.DONE else "")
        return self._follow(
            tx, task, ended, how, chance, self._asked(tx, task, outcome), final=is_final(outcome)
        )

    def _asked(self, tx: Tx, run: Task, outcome: Outcome) -> float | None:
        """Hold the queue if its provider said no: then it is that which waits, and not this task."""
        if outcome.fault is None:
            return outcome.until
        return self._holding.turn(tx, run.id, self._holding.met(tx, run.run, outcome.fault))

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
        self._note(tx, task, resting, lambda each: park(each, self._clock.now()))
        return taken(take(tx, task, Step.PARK, resting))

    def stopped(self, tx: Tx, run: Task) -> Task | None:
        """Queue the task again, with the attempt given back: it was us who ended the run."""
        task = self._current(tx, run)
        if task is None or task.state is not State.RUNNING:
            return self._let_go(tx, task)
        return self._follow(tx, task, free(task), Ending.OURS)

    def orphans(self, tx: Tx, mine: Collection[int]) -> list[Task]:
        """The tasks of runs that nobody looks after; ``mine`` are the numbers of those that we do."""
        return [task for task in tx.tasks.engaged() if task.run not in mine]

    def _start(self, tx: Tx, task: Task, now: float) -> Task:
        """Let a parked run go on, or begin a new one."""
        if task.state is State.PARKED:
            attempts.change(tx, task.run, lambda attempt: go_on(attempt, now))
            started = tx.tasks.resume(task.id, now)
        else:
            started = self._begin(tx, task, now)
        if started is None:
            raise Misuse(Code.INTERNAL, f"{task.id} was changed behind our back")
        self._holding.began(tx, started.run, started.chosen_model)
        tx.announce(TaskChanged(id=started.id, state=started.state))
        return started

    def _begin(self, tx: Tx, task: Task, now: float) -> Task | None:
        """Open an attempt, and give the task to it."""
        # Claude Code wants a UUID; this one is as unique as the id it is made of
        session_id = str(uuid5(NAMESPACE_OID, self._ids.new("run")))
        choice = self._routing.choose(tx, task)
        attempt = Attempt(
            task_id=task.id,
            number=task.attempt + 1,
            session_id=session_id,
            model=choice.model,
            why_model=choice.reason,
            started_at=now,
        )
        return tx.tasks.claim(task.id, tx.attempts.insert(attempt), session_id, attempt.model, now)

    def _follow(
        self,
        tx: Tx,
        was: Task,
        task: Task,
        how: Ending,
        chance: float = 0.0,
        until: float | None = None,
        *,
        final: bool = False,
    ) -> Task:
        """Close the attempt; ``task``, which is ``was`` with what the run left, takes the next step."""
        now, after = self._clock.now(), follows(how, left=was.attempt < was.attempts and not final)
        self._close(tx, was, task, how)
        if after.step is Step.REQUEUE:
            known_s = None if until is None else until - now
            pause_s = wait_s(after.wait, self._settings.tasks_backoff_s, was.attempt, chance, known_s)
            spent = was.attempt if after.spends else was.attempt - 1
            task = replace(task, attempt=spent, next_attempt_at=now + pause_s)
        else:
            task = replace(task, finished_at=now)
        return taken(take(tx, was, after.step, task))

    def _close(self, tx: Tx, was: Task, task: Task, how: Ending) -> None:
        """End the attempt's row: what went before it is in the task's error, too."""
        now, error = self._clock.now(), task.error if task.error != was.error else ""
        self._note(tx, was, task, lambda each: end(each, now, how, error, task.tip))

    @staticmethod
    def _note(tx: Tx, was: Task, task: Task, change: Callable[[Attempt], Attempt]) -> None:
        """Store how the attempt goes on, and what it has cost since ``was``."""
        cost_usd, turns = task.cost_usd - was.cost_usd, task.turns - was.turns
        attempts.change(tx, was.run, lambda each: change(spend(each, cost_usd, turns)))

    def _let_go(self, tx: Tx, task: Task | None) -> Task | None:
        """Note that nothing of the run is left of a task that was cancelled meanwhile: it may be retried."""
        if task is None:
            return None
        left = free(task)
        self._close(tx, task, left, Ending.CANCELLED)
        store(tx, task, left)
        tx.announce(TaskChanged(id=left.id, state=left.state))
        return left

    def _current(self, tx: Tx, run: Task) -> Task | None:
        task = tx.tasks.by_id(run.id)
        return task if task and task.engaged and task.run == run.run else None


def _queue(tx: Tx, now: float) -> Iterator[Task]:
    """Who may go on or begin now, one after the other; the first is nearly always the one."""
    parked = tx.tasks.resumable()
    while parked:
        yield parked
        parked = tx.tasks.resumable(parked)
    yield from merge(_free(tx, now), firsts(tx, now), key=lambda task: task.rank)


def _free(tx: Tx, now: float) -> Iterator[Task]:
    """Those in no lane."""
    most, batch = 1, tx.tasks.candidates(now, 1)
    while batch:
        yield from batch
        if len(batch) < most:
            return
        most = _BATCH
        batch = tx.tasks.candidates(now, most, batch[-1])


def _error(result: Result | Refusal | Deferred) -> str:
    """What went wrong, for people and for the next attempt."""
    match result:
        case Refusal():
            return _told(result)
        case Result(status=Status.FAILED, summary=summary):
            return f"the worker could not do it: {summary}"
        case _:
            return ""


def _told(refusal: Refusal) -> str:
    """All that a person needs, in one text."""
    return (
        f"{refusal.message}. {refusal.hint} [{refusal.code}]"
        if refusal.hint
        else f"{refusal.message} [{refusal.code}]"
    )


def _spend(task: Task, outcome: Outcome) -> Task:
    """The same, with what the run has cost; a resumed session's costs include what was paid before."""
    cost_usd = max(0.0, outcome.cost_usd - task.paid_usd)
    return replace(free(task), cost_usd=task.cost_usd + cost_usd, turns=task.turns + outcome.turns)


def _nobody_defers(deferred: Deferred) -> Refusal:
    return Refusal(
        code=Code.RESULT_INVALID,
        message=f"a hook that is not ours has put off the worker's call of {deferred.tool}",
        hint="a worker has nobody to ask: see the hooks in your Claude Code settings",
    )
