"""Plans are filed whole or not at all, as they were shown, once, and only after a yes."""

import os
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.planning import STEPS, Context, Drawn, Plan, State, Step
from lsp_orch.domain.template import Shelf
from lsp_orch.services import plans as service
from lsp_orch.services.plans import Applied, Plans, World
from lsp_orch.store import queries
from lsp_orch.store.base import Tx
from lsp_orch.store.plans import PlanTable
from tests.properties.planning import SHELF, Crash, PlanMachine

THOROUGH = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize="CI" in os.environ, database=None
)
UNTIL_FOUND = settings(THOROUGH, max_examples=300, derandomize=True, phases=[Phase.generate])

Seed = Callable[[pytest.MonkeyPatch], None]


def test_plans_keep_every_promise_in_any_history() -> None:
    run_state_machine_as_test(PlanMachine, settings=THOROUGH)


def filed_as_soon_as_it_is_shown(patch: pytest.MonkeyPatch) -> None:
    right = Plans.proposed

    def proposed(
        self: Plans, tx: Tx, plan_id: str, came_to: Drawn | Refusal, cost_usd: float
    ) -> Plan | Refusal:
        plan = right(self, tx, plan_id, came_to, cost_usd)
        if isinstance(came_to, Drawn):
            self.apply(tx, plan_id, World(shelf=SHELF))
        return plan

    patch.setattr(Plans, "proposed", proposed)


def what_is_shared_is_written_again(patch: pytest.MonkeyPatch) -> None:
    right = Plans._applied

    def applied(tx: Tx, plan: Plan) -> Applied:
        tx.connection.run("plan.forget_context", plan_id=plan.id)
        tx.plans.share(Context(plan_id=plan.id, files={"plan.md": str(len(tx.tasks.of()))}))
        return right(tx, plan)

    patch.setattr(Plans, "_applied", staticmethod(applied))
    patch.setitem(
        queries.load(), "plan.forget_context", "DELETE FROM shared_context WHERE plan_id = :plan_id"
    )
    trusting(patch, "shared_context_stays_there")


def a_yes_is_heard_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(STEPS, (State.APPLIED, Step.APPLY), State.APPLIED)
    right = Plans.apply

    def apply(self: Plans, tx: Tx, plan_id: str, world: World, *, anyway: bool = False) -> Applied | Refusal:
        plan = tx.plans.by_id(plan_id)
        if plan and plan.state is State.APPLIED and plan.drawn:
            self._tasks.add(tx, self._draft(plan, plan.drawn.order.pieces[0], (), "again"))
        return right(self, tx, plan_id, world, anyway=anyway)

    patch.setattr(Plans, "apply", apply)


def what_fails_is_left_out(patch: pytest.MonkeyPatch) -> None:
    right = Plans._file

    def file(self: Plans, tx: Tx, plan: Plan, drawn: Drawn, shelf: Shelf) -> dict[str, str]:
        try:
            return right(self, tx, plan, drawn, shelf)
        except Crash:
            return {}

    patch.setattr(Plans, "_file", file)


def shown_otherwise(patch: pytest.MonkeyPatch) -> None:
    right = Plans._draft
    patch.setattr(Plans, "_draft", lambda *given: replace(right(*given), after=()))


def trusting(patch: pytest.MonkeyPatch, trigger: str) -> None:
    """The schema without a trigger that would hide a bug above the store."""
    right = queries.migrations()
    without = [
        (n, re.sub(rf"CREATE TRIGGER {trigger} .*?\nEND;", "", text, flags=re.DOTALL)) for n, text in right
    ]
    patch.setattr(queries, "migrations", lambda: without)


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    return lambda patch: patch.setattr(owner, name, wrong)


SEEDS: list[tuple[Seed, str]] = [
    (filed_as_soon_as_it_is_shown, "filed before a yes|accepted or not"),
    (what_is_shared_is_written_again, "what is shared has changed"),
    (a_yes_is_heard_twice, "filed twice|in part"),
    (what_fails_is_left_out, "in part|filed before|NoneType"),
    (shown_otherwise, "another order"),
    (method(service, "_moved", lambda *_: []), "a stale plan was filed"),
    (method(service, "tools", lambda _: None), "other tools"),
    (method(PlanTable, "share", lambda *_: None), "nothing is shared"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[f"{told}-{n}" for n, (_, told) in enumerate(SEEDS)])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(Exception, match=told):
        run_state_machine_as_test(PlanMachine, settings=UNTIL_FOUND)


def test_what_no_rule_foresees_files_nothing() -> None:
    machine = PlanMachine()
    machine.asks()
    machine.is_answered(0, 3, cyclic=False)
    [plan] = machine.shown
    refusal = Refusal(code=Code.TASK_NOT_FOUND, message="what it waits for is gone")
    machine.tasks.add = lambda *_: refusal  # type: ignore[method-assign]  # as if pruned
    with pytest.raises(Misuse, match="is gone"):
        machine.run(lambda tx: machine.plans.apply(tx, plan, World(shelf=SHELF)))
    machine.promises()
    machine.teardown()
