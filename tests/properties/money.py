"""Tasks in chains and plans spend money, day after day; what must hold after each step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import MoneyShort
from lsp_orch.domain.result import Deferred, Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, Step, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.money import Money
from lsp_orch.services.plans import Plans
from lsp_orch.services.tasks import Tasks, take
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.leases import agent, ask

DAY_S = 86_400
DAY_USD, CHAIN_USD, WORKERS, PLAN_USD = 10.0, 6.0, 3, 2.0
CALL_USD = 0.5  # by which a client may overshoot: it looks at its cap after each call
SETTINGS = Settings(
    tasks_day_usd=DAY_USD, tasks_chain_usd=CHAIN_USD, plan_max_usd=PLAN_USD, tasks_backoff_s=(0.0,)
)
NONE = Refusal(code=Code.RESULT_INVALID, message="nothing came of it")

numbers = st.integers(0, 9)
Answer = TypeVar("Answer")


@dataclass
class Open:
    """A run, or a planner: what it may cost and has cost so far."""

    run: Task | str
    may_usd: float
    so_far_usd: float = 0.0
    ticket: str = ""


@dataclass
class Book:
    """All that the machine knows itself: who paid what, and when it was over."""

    paid: list[tuple[str, float, float]] = field(default_factory=list)  # task, when, how much
    open: dict[str, Open] = field(default_factory=dict)
    chains: list[set[str]] = field(default_factory=list)

    def day_usd(self, now: float) -> float:
        return sum(usd for _, at, usd in self.paid if at // DAY_S == now // DAY_S)

    def reserved_usd(self, tasks: Iterable[str] | None = None) -> float:
        return sum(one.may_usd for name, one in self.open.items() if tasks is None or name in tasks)

    def chain(self, task_id: str) -> set[str]:
        return next(each for each in self.chains if task_id in each)

    def chain_usd(self, task_id: str) -> float:
        return sum(usd for name, _, usd in self.paid if name in self.chain(task_id))

    def join(self, task_id: str, after: list[str]) -> None:
        mine = [each for each in self.chains if each.intersection(after)]
        self.chains = [each for each in self.chains if each not in mine] + [{task_id}.union(*mine)]


class MoneyMachine(RuleBasedStateMachine):
    """Each rule is one transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, ids = FakeClock(), SerialIds()
        self.store = SqliteStore()
        self.tasks = Tasks(self.clock, ids, SETTINGS)
        self.dispatcher = Dispatcher(self.clock, ids, SETTINGS)
        self.plans = Plans(self.clock, ids, self.tasks, lambda _: SETTINGS)
        self.money = Money(SETTINGS)
        self.book = Book()
        self.filed: dict[str, Task] = {}
        self.told: list[str] = []

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            answer = work(tx)
            self.told += [each.notice.about for each in tx.events if isinstance(each, MoneyShort)]
        return answer

    @rule(after=st.lists(numbers, max_size=2), max_usd=st.sampled_from((1.0, 2.0, 3.0, 3.0, 50.0)))
    def files(self, after: list[int], max_usd: float) -> None:
        names = list(self.filed)
        waits = sorted({names[each % len(names)] for each in after if names})
        draft = Draft(
            workspace="/w",
            prompt="do it",
            title="it",
            after=tuple(waits),
            max_usd=max_usd,
            max_turns=1,
            timeout_s=1,
            attempts=9,
        )
        task = self.run(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        self.filed[task.id] = task
        self.book.join(task.id, waits)

    @rule()
    def starts(self) -> None:
        ready = self.could_start()
        task = self.run(lambda tx: self.dispatcher.claim(tx, WORKERS))
        if not isinstance(task, Task):
            assert not ready, "held back though there is money"
            return
        if task.id in self.book.open:  # it was parked, and its money is reserved
            self.book.open[task.id].run = task
            return
        now, usd = self.clock.now(), task.max_usd
        assert self.book.day_usd(now) + self.book.reserved_usd() + usd <= DAY_USD, "more than the day has"
        chain = self.book.chain(task.id)
        left = CHAIN_USD - self.book.chain_usd(task.id) - self.book.reserved_usd(chain)
        assert usd <= left, "more than the chain has"
        self.book.open[task.id] = Open(run=task, may_usd=usd)

    def could_start(self) -> bool:
        """Whether the first in the queue, or one behind it that nothing stands before, has all it needs."""
        at_work = [one for one in self.book.open.values() if isinstance(one.run, Task) and not one.ticket]
        if len(at_work) >= WORKERS:
            return False
        now = self.clock.now()
        left = DAY_USD - self.book.day_usd(now) - self.book.reserved_usd()
        for task in self.run(lambda tx: tx.tasks.candidates(now, 99)):
            chain = self.book.chain(task.id)
            if task.max_usd > DAY_USD:
                continue
            if task.max_usd > left:
                return False
            if task.max_usd <= CHAIN_USD - self.book.chain_usd(task.id) - self.book.reserved_usd(chain):
                return True
        return False

    @precondition(lambda self: self.book.open)
    @rule(number=numbers, share=st.sampled_from((0.0, 0.5, 1.0, 1.0)), over=st.booleans(), good=st.booleans())
    def ends(self, number: int, share: float, *, over: bool, good: bool) -> None:
        names = [name for name, one in self.book.open.items() if not one.ticket]
        if not names:
            return
        name = names[number % len(names)]
        one = self.book.open.pop(name)
        cost_usd = max(one.so_far_usd, one.may_usd * share) + (CALL_USD if over else 0.0)
        self.book.paid.append((name, self.clock.now(), cost_usd))
        if isinstance(one.run, str):
            self.run(lambda tx: self.plans.proposed(tx, name, NONE, cost_usd))
            return
        run = one.run
        result = Result(status=Status.DONE, summary="so") if good else NONE
        outcome = Outcome(result=result, cost_usd=cost_usd)
        assert self.run(lambda tx: self.dispatcher.finished(tx, run, outcome, "c0ffee", 0.0))
        if good:
            self.run(lambda tx: self.accept(tx, run.id))

    def accept(self, tx: Tx, task_id: str) -> None:
        """What waits for it may start."""
        task = tx.tasks.by_id(task_id)
        assert task
        assert isinstance(take(tx, task, Step.ACCEPT, task), Task)
        self.tasks.settle(tx, task_id)

    @precondition(lambda self: self.book.open)
    @rule(number=numbers)
    def parks(self, number: int) -> None:
        names = [name for name, one in self.book.open.items() if isinstance(one.run, Task) and not one.ticket]
        if not names:
            return
        one = self.book.open[names[number % len(names)]]
        run = one.run
        assert isinstance(run, Task)
        one.ticket, one.so_far_usd = f"ticket-{run.run}-{len(self.book.paid)}", one.may_usd / 2
        waiter = ask(agent(run.session_id), "a.py")
        self.run(lambda tx: tx.waiters.insert(one.ticket, waiter, self.clock.now(), None))
        outcome = Outcome(result=Deferred(tool="Edit"), cost_usd=one.so_far_usd)
        assert self.run(lambda tx: self.dispatcher.parked(tx, run, outcome, one.ticket, "a.py", 1.0))

    @precondition(lambda self: any(one.ticket for one in self.book.open.values()))
    @rule(number=numbers)
    def goes_on(self, number: int) -> None:
        resting = [one for one in self.book.open.values() if one.ticket]
        one = resting[number % len(resting)]

        def work(tx: Tx) -> None:
            waiter = tx.waiters.by_id(one.ticket)
            assert waiter
            tx.waiters.delete(waiter)

        self.run(work)
        one.ticket = ""
        self.starts()

    @rule()
    def plans_something(self) -> None:
        now = self.clock.now()
        refusal = self.run(lambda tx: self.money.planner(tx, now))
        fits = self.book.day_usd(now) + self.book.reserved_usd() + PLAN_USD <= DAY_USD
        assert (refusal is None) == fits, "a plan without money, or none with it"
        if refusal is None:
            plan = self.run(lambda tx: self.plans.begin(tx, "/w", "be quick", "full", "c0ffee"))
            self.book.open[plan.id] = Open(run=plan.id, may_usd=PLAN_USD)

    @rule(hours=st.sampled_from((1, 5, 11, 25)))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours * 3600)

    @invariant()
    def promises(self) -> None:
        now, slack = self.clock.now(), CALL_USD * (WORKERS + DAY_USD / PLAN_USD)
        day_usd = self.book.day_usd(now)
        assert day_usd + self.book.reserved_usd() <= DAY_USD + slack + self.over_midnight(now), (
            "the day's cap"
        )
        known = self.run(lambda tx: (self.money.day(tx, now), tx.money.days(0)))
        assert abs(known[0].spent_usd - day_usd) < 1e-6, "another sum of the day"
        assert abs(known[0].reserved_usd - self.book.reserved_usd()) < 1e-6, "another reservation"
        paid = sum(usd for _, _, usd in self.book.paid)
        assert abs(sum(known[1].values()) - paid) < 1e-6, "a day's cost was lost"
        assert len(self.told) == len(set(self.told)), "told twice"
        assert all(a < b for a, b in pairwise(known[1])), "days in another order"

    def over_midnight(self, now: float) -> float:
        """What began before midnight was allowed by another day."""
        return 0.0 if now // DAY_S == 0 else DAY_USD

    def teardown(self) -> None:
        self.store.close()
