"""The store keeps the rules of plans by itself: these tests go round the services."""

from dataclasses import replace

import pytest

from lsp_orch.domain.errors import Misuse
from lsp_orch.domain.plan_estimate import estimate
from lsp_orch.domain.plan_order import Order, arrange
from lsp_orch.domain.planning import STEPS, Context, Drawn, Plan, Planned, State
from lsp_orch.domain.task import State as TaskState
from lsp_orch.store.base import Store
from tests.fixtures.engines import Engine
from tests.fixtures.plans import piece
from tests.fixtures.tasks import a_task

PLAN = Plan(
    id="plan-1",
    state=State.PLANNING,
    workspace="/w",
    goal="be “quick”",
    pipeline="full",
    base="c0ffee",
    session_id="s",
    made_at=1.0,
)
CONTEXT = Context(plan_id="plan-1", files={"plan.md": "dö it", "base": "c0ffee"})


def shown() -> Drawn:
    order = arrange([piece("a", check="make"), piece("b", paths=("a/",)), piece("c", after=("a",))])
    assert isinstance(order, Order)
    return Drawn(summary="so", order=order, estimate=estimate(order, 2), warnings=("slow",))


def put(store: Store, *states: State) -> None:
    """A plan that has gone through these states."""
    with store.transaction() as tx:
        tx.plans.insert(PLAN)
        was = PLAN
        for state in states:
            plan = replace(was, state=state, drawn=shown(), cost_usd=0.5, ended_at=1.5, decided_at=2.0)
            assert tx.plans.update(was, plan)
            was = plan


def test_what_was_stored_comes_back(store: Store) -> None:
    put(store)
    with store.transaction() as tx:
        assert tx.plans.planning() == [PLAN]
        begun = replace(PLAN, pid=7, pid_started=1.5)
        assert tx.plans.update(PLAN, begun)
        assert tx.plans.by_id("plan-1") == begun
        ready = replace(PLAN, state=State.PROPOSED, drawn=shown(), cost_usd=0.25, ended_at=1.75)
        assert tx.plans.update(begun, ready)
        assert tx.plans.by_id("plan-1") == ready
        assert not tx.plans.update(begun, begun), "it has left that state"
        assert tx.plans.planning() == []
        assert [plan.id for plan in tx.plans.of("/w")] == ["plan-1"]
        assert tx.plans.of("/v") == []


def test_a_tasks_place_in_its_plan_comes_back(store: Store) -> None:
    put(store, State.PROPOSED, State.APPLIED)
    planned = Planned(
        task_id="task-1", plan_id="plan-1", name="a", stage="research", role="none", tools=("Read",)
    )
    with store.transaction() as tx:
        tx.tasks.insert(a_task(TaskState.PENDING))
        tx.tasks.insert(replace(a_task(TaskState.PENDING), id="task-2"))
        tx.plans.file(planned)
        tx.plans.file(replace(planned, task_id="task-2", name="b", tools=None))
        assert tx.plans.of_task("task-1") == planned
        assert [each.tools for each in tx.plans.tasks("plan-1")] == [("Read",), None]
        assert tx.plans.of_task("task-3") is None


def test_what_tasks_share_comes_back_and_is_known_by_its_digest(store: Store, engine: Engine) -> None:
    put(store, State.PROPOSED, State.APPLIED)
    with store.transaction() as tx:
        assert tx.plans.context("plan-1") is None
        tx.plans.share(CONTEXT)
        assert tx.plans.context("plan-1") == CONTEXT
    engine.force("UPDATE shared_context SET body = '{}' WHERE plan_id = 'plan-1'")
    with store.transaction() as tx, pytest.raises(Misuse, match="not what was kept"):
        tx.plans.context("plan-1")


def test_the_schema_knows_the_same_steps(engine: Engine) -> None:
    rows = engine.sql("SELECT was, now FROM plan_step")
    assert {tuple(row) for row in rows} == {(was.value, now.value) for (was, _), now in STEPS.items()}


NO = [
    ("UPDATE plan SET state = 'planning'", "no such step"),
    ("UPDATE plan SET state = 'rejected'", "no such step"),
    ("UPDATE plan SET goal = 'rule the world'", "what was shown"),
    ("UPDATE plan SET base = 'f00'", "what was shown"),
    ("UPDATE plan SET drawn = '{}'", "what was shown"),
    ("UPDATE plan SET pid = 7", "(?i)check"),
    ("UPDATE shared_context SET body = '{}'", "never changes"),
    ("UPDATE shared_context SET digest = digest", "never changes"),
    ("DELETE FROM shared_context", "never changes"),
    (
        "INSERT INTO shared_context (plan_id, digest, body) SELECT plan_id, digest, body FROM shared_context",
        "(?i)unique",
    ),
    ("UPDATE plan_task SET role = 'king'", "stays what it is"),
]


@pytest.mark.parametrize(("statement", "told"), NO)
def test_no_statement_changes_what_was_shown_or_shared(
    store: Store, engine: Engine, statement: str, told: str
) -> None:
    put(store, State.PROPOSED, State.APPLIED)
    with store.transaction() as tx:
        tx.plans.share(CONTEXT)
        tx.tasks.insert(a_task(TaskState.PENDING))
        tx.plans.file(Planned(task_id="task-1", plan_id="plan-1", name="a", stage="s", role="r"))
    with pytest.raises(engine.refused, match=told):
        engine.sql(statement)


@pytest.mark.parametrize("states", [(), (State.PROPOSED,), (State.PROPOSED, State.REJECTED)])
def test_nothing_is_filed_before_a_plan_is_accepted(
    store: Store, engine: Engine, states: tuple[State, ...]
) -> None:
    put(store, *states)
    with store.transaction() as tx:
        tx.tasks.insert(a_task(TaskState.PENDING))
    with pytest.raises(engine.refused, match="before the plan is accepted"):
        engine.sql(
            "INSERT INTO plan_task (task_id, plan_id, name, stage, role, tools)"
            " VALUES ('task-1', 'plan-1', 'a', 's', 'r', 'null')"
        )


def test_a_plan_begins_with_planning(store: Store, engine: Engine) -> None:
    plan = replace(PLAN, state=State.PROPOSED, drawn=shown(), ended_at=1.5)
    with pytest.raises(engine.refused, match="begins with planning"), store.transaction() as tx:
        tx.plans.insert(plan)
