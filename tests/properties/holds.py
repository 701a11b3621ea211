"""A provider says no and yes again while workers come, die and are killed with their daemon."""

import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.fault import ACCOUNT, Fault, Kind
from lsp_orch.domain.fault import refusal as refused
from lsp_orch.domain.result import Ending, Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Idle
from lsp_orch.domain.task import Draft, State, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds

MOST_S = 3600.0
STEPS = (60.0, 300.0)
SETTINGS = Settings(
    tasks_retry_provider_s=STEPS, tasks_hold_most_s=MOST_S, tasks_backoff_s=(0.0,), tasks_attempts=3
)
WORKERS = 3
MOST_TASKS = 6
LAPSES = (1.0, 59.0, 61.0, 301.0, 1000.0, MOST_S)
TOLD = (None, -50.0, 30.0, 900.0, 10 * MOST_S)  # seconds until the reset, as the provider says it

GOOD = Outcome(result=Result(status=Status.DONE, summary="did it"), turns=2)
DIED = Outcome(result=Refusal(code=Code.WORKER_DIED, message="it died"), ending=Ending.DIED)
numbers = st.integers(0, 7)


class HoldMachine(RuleBasedStateMachine):
    """What it knows itself: whether the provider serves, who works, and who was told no since it last did."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ids, self.store = FakeClock(), SerialIds(), SqliteStore()
        self.tasks = Tasks(self.clock, self.ids, SETTINGS)
        self.dispatcher = self.a_dispatcher()
        self.serves = True
        self.told: float | None = None  # seconds in which it says that it will serve again
        self.runs: dict[int, Task] = {}
        self.after_no: set[int] = set()  # those that began after the last no
        self.closed_until: float | None = None  # nobody may begin before; None where nobody was told no
        self.spent: dict[str, int] = {}

    def a_dispatcher(self) -> Dispatcher:
        return Dispatcher(self.clock, self.ids, SETTINGS)

    def all(self) -> dict[str, Task]:
        with self.store.transaction() as tx:
            return {task.id: task for task in tx.tasks.of()}

    def pick(self, number: int) -> Task:
        return list(self.runs.values())[number % len(self.runs)]

    @initialize()
    def begins_with_tasks(self) -> None:
        for _ in range(4):
            self.files()

    @precondition(lambda self: len(self.spent) < MOST_TASKS)
    @rule()
    def files(self) -> None:
        draft = Draft(
            workspace="/w", prompt="do it", title="it", max_usd=1, max_turns=1, timeout_s=1, attempts=3
        )
        with self.store.transaction() as tx:
            task = self.tasks.add(tx, draft)
        assert isinstance(task, Task)
        self.spent[task.id] = 0

    @rule(told=st.sampled_from(TOLD))
    def the_provider_says_no_from_now_on(self, told: float | None) -> None:
        self.serves, self.told = False, told

    @rule()
    def the_provider_serves_again(self) -> None:
        self.serves = True

    @rule()
    def starts(self) -> None:
        with self.store.transaction() as tx:
            task = self.dispatcher.claim(tx, WORKERS)
        if isinstance(task, Idle):
            self.rests(task)
            return
        assert self.closed_until is None or self.clock.now() >= self.closed_until, "started before the time"
        assert self.closed_until is None or not self.after_no, "a herd at the reset"
        self.runs[task.run] = task
        self.after_no.add(task.run)

    def rests(self, idle: Idle) -> None:
        """Nobody is let start: there must be a reason for it."""
        ready = [each for each in self.all().values() if each.state is State.READY and not each.engaged]
        waits = [each for each in ready if each.next_attempt_at <= self.clock.now()]
        full = len(self.runs) >= WORKERS
        early = self.closed_until is not None and self.clock.now() < self.closed_until
        tried = self.closed_until is not None and bool(self.after_no)
        assert not waits or full or early or tried, "a ready task was left lying"
        if waits and early and not full:
            assert idle.until is not None, "nobody looks again"
            assert idle.until - self.clock.now() <= MOST_S, "a hold without end"

    @precondition(lambda self: self.runs)
    @rule(number=numbers)
    def asks(self, number: int) -> None:
        """A run asks the model: it goes on with the answer, or ends without."""
        run = self.pick(number)
        if self.serves:
            with self.store.transaction() as tx:
                self.dispatcher.answered(tx, run)
            if run.run in self.after_no:
                self.closed_until = None
            return
        until = None if self.told is None else self.clock.now() + self.told
        fault = Fault(kind=Kind.LIMIT, scope=ACCOUNT, until=until)
        self.end(run, Outcome(result=refused(fault), ending=Ending.PROVIDER, fault=fault, turns=1))
        self.now_it_is_closed(run, until)

    def now_it_is_closed(self, run: Task, until: float | None) -> None:
        """What must follow by what was promised, worked out anew."""
        now = self.clock.now()
        told_s = 0.0 if until is None else min(until - now, MOST_S)
        if self.closed_until is None or run.run in self.after_no:
            least = told_s if told_s > 0 else STEPS[0]
            self.closed_until = now + least
            self.after_no = set()
        elif told_s > 0:
            self.closed_until = max(self.closed_until, now + told_s)
        self.after_no.discard(run.run)

    @precondition(lambda self: self.runs)
    @rule(number=numbers, outcome=st.sampled_from((GOOD, DIED)))
    def ends(self, number: int, outcome: Outcome) -> None:
        run = self.pick(number)
        if outcome is GOOD:
            if not self.serves:
                return
            self.asks(number)
        self.end(run, outcome)
        self.spent[run.id] += 1
        self.after_no.discard(run.run)

    def end(self, run: Task, outcome: Outcome) -> None:
        with self.store.transaction() as tx:
            assert self.dispatcher.finished(tx, run, outcome, "c0ffee", 0.0)
        del self.runs[run.run]

    @rule()
    def the_daemon_is_killed(self) -> None:
        self.dispatcher = self.a_dispatcher()
        with self.store.transaction() as tx:
            for run in self.dispatcher.orphans(tx, ()):
                self.dispatcher.stopped(tx, run)
        self.runs.clear()
        self.after_no.clear()

    @rule(seconds=st.sampled_from(LAPSES))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def only_what_a_run_did_is_counted(self) -> None:
        for task in self.all().values():
            working = 1 if task.state is State.RUNNING else 0
            assert task.attempt == self.spent[task.id] + working, "an attempt was spent on the provider"
            assert task.state is not State.FAILED or self.spent[task.id] == 3, (
                "failed for no fault of its own"
            )

    def teardown(self) -> None:
        """The provider serves again: whatever it has said, everybody has their turn."""
        try:
            if sys.exc_info()[0]:  # a promise is broken already: that one is to be told
                return
            self.serves = True
            for _ in range(len(self.spent) + 2):
                self.clock.advance(MOST_S)
                self.starts()
                while self.runs:
                    self.ends(0, GOOD)
            settled = {State.REVIEW, State.FAILED}
            assert all(task.state in settled for task in self.all().values()), "a hold without end"
            with self.store.transaction() as tx:
                assert not tx.holds.all(), "a hold without end"
        finally:
            self.store.close()
