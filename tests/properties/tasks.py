"""People file, chain and review tasks while workers come, work and die; what must hold after each step."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lsp_orch.domain.attempt import end
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.result import Deferred, Ending, Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Idle
from lsp_orch.domain.task import Draft, State, Step, Task, free
from lsp_orch.services import attempts
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.tasks import Tasks, take
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.leases import agent, ask
from tests.fixtures.tasks import claimed

SETTINGS = Settings(tasks_day_usd=0)  # money has histories of its own
ATTEMPTS = 4  # more than a retry gives
CAP = 2
LAPSES = (1.0, 40.0, 130.0, 800.0, 4000.0)  # around each backoff, and longer than a step of priority

OVER = (State.FAILED, State.CANCELLED, State.PRUNED)
PRUNABLE = (State.PENDING, State.READY, State.REVIEW, State.FAILED, State.CANCELLED)
ONLY_FROM = {
    Step.PRUNE: (PRUNABLE, "put away"),
    Step.REOPEN: ((State.REVIEW,), "opened again"),
    Step.REQUEUE: ((State.RUNNING, State.PARKED), "queued again"),
}
OPEN = tuple(state for state in State if state not in OVER)

numbers = st.integers(0, 7)
Answer = TypeVar("Answer")

GOOD = Outcome(result=Result(status=Status.DONE, summary="did it"), cost_usd=0.5, turns=3)
BAD = Outcome(result=Result(status=Status.FAILED, summary="could not"))
NONE = Outcome(result=Refusal(code=Code.WORKER_DIED, message="it died"))
AWAY = Outcome(result=Refusal(code=Code.RESULT_INVALID, message="overloaded"), ending=Ending.PROVIDER)


class TaskMachine(RuleBasedStateMachine):
    """Each rule is one transaction. All it knows itself: who works, what is done, who waits for whom."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ids = FakeClock(), SerialIds()
        self.store = SqliteStore()
        self.tasks = Tasks(self.clock, self.ids, SETTINGS)
        self.dispatcher = Dispatcher(self.clock, self.ids, SETTINGS)
        self.resting: dict[str, tuple[Task, Waiter]] = {}  # parked runs, and what they wait for
        self.bill: dict[int, float] = {}  # what each run's session says it has cost so far
        self.runs: dict[str, Task] = {}  # the run that works on a task, until all of it is known to be gone
        self.sessions: set[str] = set()
        self.last = 0  # the latest number of a run
        self.gone: list[Task] = []  # runs that have ended: nobody hears them
        self.ready_at: dict[str, float] = {}  # since when a task that is open has been ready
        self.filed: list[str] = []
        self.done: set[str] = set()
        self.after: dict[str, set[str]] = {}
        self.spent: dict[str, int] = {}  # attempts that ended by themselves since the last retry

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            return work(tx)

    def all(self) -> dict[str, Task]:
        return {task.id: task for task in self.run(lambda tx: tx.tasks.of())}

    def pick(self, number: int, *states: State) -> Task | None:
        found = [task for task in self.all().values() if task.state in states]
        return found[number % len(found)] if found else None

    # --- people ---

    @initialize()
    def begins_with_a_chain(self) -> None:
        for after in ([], [0], [0, 1]):
            self.files(after, 2)

    @rule(after=st.lists(numbers, max_size=3), priority=st.integers(0, 4))
    def files(self, after: list[int], priority: int) -> None:
        waits = {self.filed[each % len(self.filed)] for each in after if self.filed}
        draft = Draft(
            workspace="/w",
            prompt="do it",
            title="it",
            after=tuple(waits),
            priority=priority,
            max_usd=1,
            max_turns=1,
            timeout_s=1,
            attempts=ATTEMPTS,
        )
        task = self.run(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        self.filed.append(task.id)
        self.after[task.id] = waits
        self.spent[task.id] = 0

    @precondition(lambda self: self.filed)
    @rule(number=numbers, on=numbers)
    def chains(self, number: int, on: int) -> None:
        task = self.pick(number, State.PENDING)
        if task is None:
            return
        other = self.filed[on % len(self.filed)]
        answer = self.run(lambda tx: self.tasks.wait_for(tx, task.id, [other]))
        if isinstance(answer, Refusal):
            assert answer.code is Code.TASK_CYCLE
            assert self.reaches(other, task.id), "refused without a cycle"
        else:
            self.after[task.id].add(other)

    @rule(number=numbers)
    def cancels(self, number: int) -> None:
        states = (State.PENDING, State.READY, State.RUNNING, State.PARKED, State.REVIEW)
        task = self.pick(number, *states)
        if task:
            assert not isinstance(self.run(lambda tx: self.tasks.cancel(tx, [task.id])), Refusal)
            if task.id in self.resting:  # what it has left must be looked after
                self.runs[task.id], _ = self.resting.pop(task.id)

    @rule(number=numbers)
    def retries(self, number: int) -> None:
        task = self.pick(number, *OVER)
        if task:
            assert not isinstance(self.run(lambda tx: self.tasks.retry(tx, [task.id])), Refusal), (
                "not retried"
            )
            self.spent[task.id] = 0

    @rule(number=numbers)
    def prunes(self, number: int) -> None:
        found = [each for each in self.all().values() if each.state in PRUNABLE and not each.engaged]
        if found:
            task = found[number % len(found)]
            away = replace(task, pruned_why="nobody wants it", finished_at=self.clock.now())
            assert isinstance(self.run(lambda tx: take(tx, task, Step.PRUNE, away)), Task)

    @rule(number=numbers)
    def opens_again(self, number: int) -> None:
        """A review that is not over sends the task back, without an attempt spent."""
        task = self.pick(number, State.REVIEW)
        if task:
            again = replace(task, attempt=task.attempt - 1, result=None, finished_at=None)
            assert isinstance(self.run(lambda tx: take(tx, task, Step.REOPEN, again)), Task)
            self.spent[task.id] -= 1

    @rule(number=numbers)
    def retries_what_has_not_failed(self, number: int) -> None:
        task = self.pick(number, *OPEN)
        if task:
            answer = self.run(lambda tx: self.tasks.retry(tx, [task.id]))
            assert isinstance(answer, Refusal), f"retried what was {task.state}"

    @rule(number=numbers, wanted=st.booleans())
    def reviews(self, number: int, wanted: bool) -> None:  # noqa: FBT001 - hypothesis names it
        task = self.pick(number, State.REVIEW)
        if task is None:
            return

        def work(tx: Tx) -> Task | Refusal:
            answer = take(tx, task, Step.ACCEPT if wanted else Step.REJECT, task)
            self.tasks.settle(tx, task.id)
            return answer

        assert isinstance(self.run(work), Task)
        if wanted:
            self.done.add(task.id)

    # --- workers ---

    @rule()
    def starts(self) -> None:
        before = self.all()
        answer = self.run(lambda tx: self.dispatcher.claim(tx, CAP))
        can = self.startable(before)
        free = {task_id for task_id, (_, waiter) in self.resting.items() if not self.waits(waiter)}
        full = len(self.runs) >= CAP
        if isinstance(answer, Idle):
            assert full or not can, "a ready task was left lying"
            assert full or not free, "a parked task waits for nothing"
            assert bool(answer.holds) == bool(full and (can or free)), "held back for nothing, or silently"
            return
        task = answer
        if task.id in self.resting:
            run, _ = self.resting.pop(task.id)
            assert task.id in free, "went on before its ticket was decided"
            assert task.session_id == run.session_id, "another session goes on"
            assert task.attempt == run.attempt, "parking was an attempt"
            assert task.run == run.run, "parking was a run"
            self.runs[task.id] = task
            assert not full, "more workers than may be at once"
            return
        assert not free, "a parked task holds what others need, and waits"
        assert task.id not in self.runs, "two workers have it"
        assert task.session_id not in self.sessions, "a session came back"
        assert task.id not in self.done, "started again though it was done"
        assert self.after[task.id] <= self.done, "started before what it waits for"
        assert before[task.id].next_attempt_at <= self.clock.now(), "started before its time"
        assert self.turn(task) == min(self.turn(each) for each in can), "a more urgent one waits"
        assert self.spent[task.id] < ATTEMPTS, "too many attempts"
        self.begins(task)
        assert not full, "more workers than may be at once"

    @rule()
    def many_start(self) -> None:
        for _ in range(CAP + 1):
            self.starts()

    @rule()
    def comes_back_in_its_session(self) -> None:
        """The next run of a task goes on with the session of the one before."""
        if len(self.runs) >= CAP or not (can := self.startable(self.all())):
            return
        first = min(can, key=self.turn)
        if not first.session_id:
            return
        task = self.run(lambda tx: claimed(tx, first.session_id, self.clock.now()))
        assert task
        assert task.id == first.id, "a more urgent one waits"
        self.begins(task)

    @precondition(lambda self: self.gone)
    @rule(number=numbers, outcome=st.sampled_from((GOOD, BAD, NONE)))
    def is_heard_of_too_late(self, number: int, outcome: Outcome) -> None:
        """Somebody still reports for a run that has ended."""
        run = self.gone[number % len(self.gone)]
        before = self.all()[run.id]
        history = self.run(lambda tx: tx.attempts.of_task(run.id))
        self.clock.advance(1.0)

        def work(tx: Tx) -> None:
            self.dispatcher.heartbeat(tx, run)
            self.dispatcher.started(tx, run, 7, 7.0)
            self.dispatcher.stopped(tx, run)
            assert self.dispatcher.finished(tx, run, outcome, "late", 0.0) is None, "a late result was heard"

        self.run(work)
        assert self.all()[run.id] == before, "a late report was heard"
        assert self.run(lambda tx: tx.attempts.of_task(run.id)) == history, "a late report was heard"

    @precondition(lambda self: self.runs)
    @rule(number=numbers, outcome=st.sampled_from((GOOD, GOOD, BAD, NONE)), chance=st.floats(0, 0.99))
    def ends(self, number: int, outcome: Outcome, chance: float) -> None:
        run = list(self.runs.values())[number % len(self.runs)]
        was, cost_usd, away = self.all()[run.id], outcome.cost_usd, outcome.ending is Ending.PROVIDER
        outcome = self.billed(run, outcome)
        task = self.run(lambda tx: self.dispatcher.finished(tx, run, outcome, "c0ffee", chance))
        if task is None:
            assert was.state is not State.RUNNING, "a result was not heard"
            self.run(lambda tx: self.dispatcher.stopped(tx, run))
            assert self.all()[run.id].state is was.state, "a late result was heard"
        else:
            assert task.cost_usd == was.cost_usd + cost_usd, "paid twice, or not at all"
            self.spent[run.id] += not away
        self.ended(run)
        assert task is None or task.attempt == was.attempt - away, "the provider's fault has cost an attempt"

    @precondition(lambda self: self.runs)
    @rule(number=numbers)
    def parks(self, number: int) -> None:
        run = list(self.runs.values())[number % len(self.runs)]
        was, name = self.all()[run.id], self.ids.new("ticket")
        waiter = self.run(
            lambda tx: tx.waiters.insert(name, ask(agent(run.session_id), "a.py"), self.clock.now(), None)
        )
        outcome = self.billed(run, Outcome(result=Deferred(tool="Edit"), cost_usd=0.25))
        task = self.run(lambda tx: self.dispatcher.parked(tx, run, outcome, name, "a.py", 1.0))
        if task is None:
            assert was.state is not State.RUNNING, "not parked though it was at work"
            return
        assert task.cost_usd == was.cost_usd + 0.25, "paid twice, or not at all"
        del self.runs[run.id]
        self.resting[run.id] = run, waiter

    @precondition(lambda self: self.resting)
    @rule(number=numbers)
    def a_ticket_is_decided(self, number: int) -> None:
        _, waiter = list(self.resting.values())[number % len(self.resting)]
        self.run(lambda tx: tx.waiters.delete(waiter))

    @rule()
    def steps_are_tried_from_wrong_states(self) -> None:
        for task in self.all().values():
            away = replace(task, pruned_why="nobody wants it")
            for step, (right, words) in ONLY_FROM.items():
                if task.state not in right:
                    answer = self.run(partial(take, was=task, step=step, task=away))
                    assert isinstance(answer, Refusal), f"{words} what was {task.state}"

    @precondition(lambda self: self.resting)
    @rule(number=numbers)
    def is_queued_again_though_parked(self, number: int) -> None:
        run, waiter = list(self.resting.values())[number % len(self.resting)]
        task = self.all()[run.id]

        def work(tx: Tx) -> Task | Refusal:
            tx.waiters.delete(waiter)
            attempts.change(tx, run.run, lambda each: end(each, self.clock.now(), Ending.OURS))
            return take(tx, task, Step.REQUEUE, replace(free(task), attempt=task.attempt - 1))

        assert isinstance(self.run(work), Task)
        del self.resting[run.id]
        self.gone.append(run)

    @rule(number=numbers)
    def goes_well(self, number: int) -> None:
        """What happens most: a task is done and accepted."""
        self.starts()
        if self.runs:
            self.ends(number, GOOD, 0.0)
        self.reviews(number, wanted=True)

    @rule(number=numbers)
    def is_turned_away(self, number: int) -> None:
        """A task starts, and the provider has no room for it."""
        self.starts()
        if self.runs:
            self.ends(number, AWAY, 0.0)

    @rule(number=numbers)
    def is_cancelled_at_work_and_wanted_again(self, number: int) -> None:
        running = [run for run in self.runs.values() if self.all()[run.id].state is State.RUNNING]
        if running:
            task_id = running[number % len(running)].id
            self.run(lambda tx: (self.tasks.cancel(tx, [task_id]), self.tasks.retry(tx, [task_id])))
            self.spent[task_id] = 0
            self.ready_at[task_id] = self.clock.now()

    @precondition(lambda self: self.runs)
    @rule(number=numbers)
    def is_drained(self, number: int) -> None:
        run = list(self.runs.values())[number % len(self.runs)]
        self.run(lambda tx: self.dispatcher.stopped(tx, run))
        self.ended(run)

    @rule()
    def the_daemon_dies(self) -> None:
        orphans = self.run(lambda tx: self.dispatcher.orphans(tx, ()))
        assert {task.session_id for task in orphans} == {run.session_id for run in self.runs.values()}, (
            "a run was forgotten"
        )
        for task in orphans:
            self.run(partial(self.dispatcher.stopped, run=task))
        for run in list(self.runs.values()):
            self.ended(run)

    @rule(seconds=st.sampled_from(LAPSES))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # --- promises ---

    @invariant()
    def promises(self) -> None:
        tasks = self.all()
        assert sorted(tasks) == sorted(self.filed), "a task was lost"
        for task in tasks.values():
            assert (task.state is State.DONE) == (task.id in self.done), "done is done"
            assert task.engaged == (task.id in self.runs), "engaged without a run, or a run without it"
            assert task.state is not State.RUNNING or task.id in self.runs, "nobody works on it"
            assert (task.state is State.PARKED) == (task.id in self.resting), "parked or not"
            assert set(task.after) == self.after[task.id], "who waits for whom was changed"
            ready = self.after[task.id] <= self.done
            assert task.state is not State.READY or ready, "ready before what it waits for"
            assert task.state is not State.PENDING or not ready, "it waits for nothing"
            self.attempts(task)
            self.is_ready(task)
            assert not any(self.reaches(each, task.id) for each in task.after), "a cycle got in"

    def teardown(self) -> None:
        try:
            self.clock.advance(10_000)
            for number in range(len(self.resting)):
                self.a_ticket_is_decided(number)
            for _ in (*self.filed, *self.resting, self.runs):
                self.starts()
                for run in list(self.runs.values()):  # there is room for so many
                    self.run(lambda tx, run=run: self.dispatcher.finished(tx, run, GOOD, "c0ffee", 0.0))  # type: ignore[misc]  # bound to this round
                    self.run(lambda tx, run=run: self.dispatcher.stopped(tx, run))  # type: ignore[misc]  # as above
                    self.ended(run)
            assert not self.resting, "a parked task never goes on"
            left = [task for task in self.all().values() if task.state is State.READY and not task.engaged]
            assert not left, "a ready task never starts"
        finally:
            self.store.close()

    def startable(self, tasks: dict[str, Task]) -> list[Task]:
        now = self.clock.now()
        ready = (each for each in tasks.values() if each.state is State.READY and each.id not in self.runs)
        return [each for each in ready if each.next_attempt_at <= now]

    def turn(self, task: Task) -> tuple[float, int]:
        """A step of priority is worth an hour of waiting; else they come in the order of their filing."""
        ready_at = self.ready_at.get(task.id, self.clock.now())  # only just
        return ready_at + 3600.0 * task.priority, self.filed.index(task.id)

    def begins(self, task: Task) -> None:
        assert task.run > self.last, "a number came back"
        self.last = task.run
        self.runs[task.id] = task
        self.sessions.add(task.session_id)

    def ended(self, run: Task) -> None:
        del self.runs[run.id]
        self.gone.append(run)

    def attempts(self, task: Task) -> None:
        """Each run has one row, which is open as long as anything of the run may go on."""
        found = self.run(lambda tx: tx.attempts.of_task(task.id))
        runs = [*self.runs.values(), *(run for run, _ in self.resting.values())]
        still = [each.id for each in found if each.ended_at is None]
        assert still == [run.run for run in runs if run.id == task.id], "an attempt was left open, or lost"
        assert sum(each.cost_usd for each in found) == task.cost_usd, (
            "what attempts cost is not what it costs"
        )
        assert sum(each.turns for each in found) == task.turns, "turns of no attempt"

    def is_ready(self, task: Task) -> None:
        """Note since when it has been ready; another attempt does not send it to the end of the queue."""
        if task.state is State.READY:
            self.ready_at.setdefault(task.id, self.clock.now())
        elif task.state in {State.PENDING, State.DONE, *OVER}:
            self.ready_at.pop(task.id, None)

    def waits(self, waiter: Waiter) -> bool:
        return self.run(lambda tx: tx.waiters.by_id(waiter.id)) is not None

    def billed(self, run: Task, outcome: Outcome) -> Outcome:
        """What the client says: the costs of the whole session, also of what it did before it was parked."""
        total = self.bill.get(run.run, 0.0) + outcome.cost_usd
        self.bill[run.run] = total
        return replace(outcome, cost_usd=total)

    def reaches(self, start: str, goal: str) -> bool:
        seen: set[str] = set()
        ends = [start]
        while ends:
            here = ends.pop()
            if here == goal:
                return True
            ends.extend(self.after[here] - seen)
            seen |= self.after[here]
        return False
