"""Plans come, are accepted or not, and things fail in between; what must hold after each step."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.plan_estimate import guess
from lsp_orch.domain.planning import Context, Drawn, Plan, State
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, Task
from lsp_orch.domain.template import Kind, Shelf, Template
from lsp_orch.services.plans import Applied, Plans, World
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.plans import WORDS, said

SETTINGS = Settings(plan_max_tasks=6)
READS = Template(
    kind=Kind.STAGE, name="research", about="a", text="Find {{goal}}.", tools=("Read",), writes=False
)
SHELF = Shelf(of={Kind.STAGE: {"research": READS}})
GONE = Refusal(code=Code.RESULT_INVALID, message="nothing came of it")

Answer = TypeVar("Answer")
numbers = st.integers(0, 5)


class Crash(Exception):
    """The transaction does not come to its end."""


class PlanMachine(RuleBasedStateMachine):
    """Plans come, are accepted or not, and things fail in between."""

    def __init__(self) -> None:
        super().__init__()
        self.store, clock, ids = SqliteStore(), FakeClock(), SerialIds()
        self.tasks = Tasks(clock, ids, SETTINGS)
        self.plans = Plans(clock, ids, self.tasks, lambda _: SETTINGS)
        self.shown: dict[str, Drawn] = {}
        self.accepted: dict[str, list[str]] = {}  # the ids of the tasks, as they were told
        self.shared: dict[str, Context] = {}

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            return work(tx)

    def pick(self, number: int, *states: State) -> Plan | None:
        found = [plan for plan in self.run(lambda tx: tx.plans.of()) if plan.state in states]
        return found[number % len(found)] if found else None

    @rule()
    def asks(self) -> None:
        self.run(lambda tx: self.plans.begin(tx, "/w", "be quick", "full", "c0ffee"))

    @rule(number=numbers, count=st.integers(1, 7), cyclic=st.booleans())
    def is_answered(self, number: int, count: int, *, cyclic: bool) -> None:
        plan = self.pick(number, State.PLANNING)
        if plan is None:
            return
        names = [f"t{index}" for index in range(count)]
        after = [names[index - 1 : index] for index in range(count)]
        after[0] = [names[-1]] if cyclic else []
        tasks = [
            said(name, after=tuple(waits), stage="research" if name == "t0" else "implement", paths=("a/",))
            for name, waits in zip(names, after, strict=True)
        ]
        drawn = self.plans.draw({"summary": "so", "tasks": tasks}, WORDS, "/w", guess)
        assert isinstance(drawn, Refusal) == (cyclic or count > 6), "taken or refused without a reason"
        ended = self.run(lambda tx: self.plans.proposed(tx, plan.id, drawn, 0.5))
        assert isinstance(ended, Plan)
        assert ended.state is (State.FAILED if isinstance(drawn, Refusal) else State.PROPOSED)
        if isinstance(drawn, Drawn):
            self.shown[plan.id] = drawn

    @rule(number=numbers)
    def is_given_up(self, number: int) -> None:
        if plan := self.pick(number, State.PLANNING):
            self.run(lambda tx: self.plans.proposed(tx, plan.id, GONE, 0.0))

    @rule(number=numbers, crash=st.sampled_from((0, 0, 1, 2, 3)), notes=st.sampled_from(("", "one", "two")))
    def is_accepted(self, number: int, crash: int, notes: str) -> None:
        plan = self.pick(number, State.PROPOSED, State.APPLIED)
        if plan is None:
            return
        try:
            applied = self.run(lambda tx: self.crashing(tx, plan.id, crash, notes))
        except Crash:
            return
        assert isinstance(applied, Applied)
        ids = [task.id for task in applied.tasks]
        assert self.accepted.setdefault(plan.id, ids) == ids, "filed twice"
        if plan.state is State.PROPOSED:
            assert len(ids) == len(self.shown[plan.id].order.pieces), "filed in part"

    def crashing(self, tx: Tx, plan_id: str, crash: int, notes: str) -> Applied | Refusal:
        """Accept it; the ``crash``-th task that is filed does not come through."""
        left, right = [crash], self.tasks.add

        def add(tx: Tx, draft: Draft) -> Task | Refusal:
            left[0] -= 1
            if left[0] == 0:
                raise Crash
            return right(tx, draft)

        self.tasks.add = add  # type: ignore[method-assign]  # as a full disk would
        try:
            return self.plans.apply(tx, plan_id, World(shelf=SHELF, notes=notes))
        finally:
            self.tasks.add = right  # type: ignore[method-assign]  # put back

    @rule(number=numbers)
    def is_rejected(self, number: int) -> None:
        plan = self.pick(number, *State)
        if plan is None:
            return
        answer = self.run(lambda tx: self.plans.reject(tx, plan.id))
        assert isinstance(answer, Plan) == (plan.state is State.PROPOSED), "rejected at a wrong time"

    @precondition(lambda self: self.shown)
    @rule(number=numbers, path=st.sampled_from(("a/x.py", "b/x.py")))
    def moves_on(self, number: int, path: str) -> None:
        plan = self.pick(number, State.PROPOSED)
        if plan is None:
            return
        world = World(shelf=SHELF, changed=(path,))
        with self.store.transaction() as tx:
            answer = self.plans.apply(tx, plan.id, world) if path.startswith("a/") and writes(plan) else None
        if answer is not None:
            assert isinstance(answer, Refusal), "a stale plan was filed"
            assert answer.code is Code.PLAN_STALE

    @invariant()
    def promises(self) -> None:
        tasks = self.run(lambda tx: tx.tasks.of())
        filed = {each for ids in self.accepted.values() for each in ids}
        assert {task.id for task in tasks} == filed, "filed before a yes, or in part"
        for plan in self.run(lambda tx: tx.plans.of()):
            assert (plan.state is State.APPLIED) == (plan.id in self.accepted), "accepted or not"
            assert plan.drawn == self.shown.get(plan.id), "another plan than was shown"
        known = {task.id: task for task in tasks}
        for plan_id, ids in self.accepted.items():
            self.as_it_was_shown(plan_id, [known[each] for each in ids])

    def as_it_was_shown(self, plan_id: str, tasks: list[Task]) -> None:
        order, names = self.shown[plan_id].order, {}
        for piece, task in zip(order.pieces, tasks, strict=True):
            names[piece.name] = task.id
            assert set(task.after) == {names[each] for each in order.after(piece.name)}, "another order"
            assert (task.title, task.paths, task.check) == (piece.title, piece.paths, piece.check)
            planned = self.run(lambda tx, task_id=task.id: tx.plans.of_task(task_id))  # type: ignore[misc]
            assert planned is not None, "what it is was not noted"
            assert planned.tools == (("Read",) if piece.stage == "research" else None), "other tools"
            assert ("Find be quick." in task.prompt) == (piece.stage == "research")
        context = self.run(lambda tx: tx.plans.context(plan_id))
        assert context is not None, "nothing is shared"
        assert self.shared.setdefault(plan_id, context) == context, "what is shared has changed"

    def teardown(self) -> None:
        self.store.close()


def writes(plan: Plan) -> bool:
    """Whether any of its tasks may change a file."""
    return plan.drawn is not None and any(piece.paths for piece in plan.drawn.order.pieces)
