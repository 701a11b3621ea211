"""The caps over random histories of spending, and each promise failing on a seeded bug."""

import os
from collections.abc import Callable
from dataclasses import replace
from sqlite3 import IntegrityError

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import money as rules
from lsp_orch.domain.money import Purse
from lsp_orch.services import money as service
from lsp_orch.services.money import Money
from lsp_orch.store import queries
from lsp_orch.store.money import MoneyTable
from tests.properties.money import MoneyMachine

THOROUGH = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
)
UNTIL_FOUND = settings(THOROUGH, max_examples=400, derandomize=True, phases=[Phase.generate])

Seed = Callable[[pytest.MonkeyPatch], None]


def test_no_history_spends_more_than_the_caps_allow() -> None:
    run_state_machine_as_test(MoneyMachine, settings=THOROUGH)


def query(name: str, old: str, new: str) -> Seed:
    """A query that says something else."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        text = queries.load()[name]
        assert old in text
        patch.setitem(queries.load(), name, text.replace(old, new))

    return seed


def schema(old: str, new: str) -> Seed:
    """A schema that says something else."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        right = queries.migrations()
        assert any(old in text for _, text in right)
        patch.setattr(
            queries, "migrations", lambda: [(number, text.replace(old, new)) for number, text in right]
        )

    return seed


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    """A function that does something else."""
    return lambda patch: patch.setattr(owner, name, wrong)


def off_by_one(self: Purse, usd: float) -> bool:
    return not self.cap_usd or usd < self.left_usd


def reservations_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = Money.day
    patch.setattr(Money, "day", lambda self, tx, now: replace(right(self, tx, now), reserved_usd=0.0))


def days_are_local(patch: pytest.MonkeyPatch) -> None:
    right = rules.day
    patch.setattr(service, "day", lambda now: right(now + 7200) - 7200)


PARENTS = (
    "SELECT CASE WHEN task_after.task_id = chain.id THEN task_after.after_id ELSE task_after.task_id END"
)
EITHER = " OR task_after.after_id = chain.id"

SEEDS: list[tuple[Seed, str]] = [
    (reservations_are_forgotten, "another reservation|more than the day has"),
    (method(MoneyTable, "reserved", lambda _: 0.0), "another reservation|more than the day has"),
    (method(MoneyTable, "planners", lambda _: 0), "another reservation|more than the day has"),
    (query("money.reserved", "attempt.ended_at IS NULL", "attempt.parked_at IS NULL"), "another reservation"),
    # when it was spent
    (schema("NEW.ended_at / 86400", "NEW.started_at / 86400"), "another sum|no such column"),
    (
        schema(
            "CAST(NEW.ended_at / 86400 AS INTEGER) * 86400.0, NEW.cost_usd FROM", "0.0, NEW.cost_usd FROM"
        ),
        "sum",
    ),
    (schema("usd = usd + excluded.usd", "usd = excluded.usd"), "another sum|was lost"),
    (
        schema("WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.cost_usd > 0", "WHEN 0"),
        "another sum",
    ),
    (days_are_local, "another sum|held back"),
    # whose chain
    (query("money.chain", EITHER, ""), "more than the chain has"),  # only parents
    (query("money.chain", "CASE WHEN attempt.id IS NULL THEN 0 ELSE task.max_usd END", "0"), "the chain has"),
    # who is held
    (method(Purse, "allows", off_by_one), "held back though there is money|a plan without"),
    (method(Purse, "allows", lambda *_: True), "more than the day|more than the chain|a plan without"),
    (method(Money, "planner", lambda *_: None), "a plan without money"),
    (query("money.tell", " ON CONFLICT DO NOTHING", ""), "UNIQUE"),
    (method(MoneyTable, "tell", lambda *_: True), "told twice"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[f"{told}-{n}" for n, (_, told) in enumerate(SEEDS)])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError, Exception), match=told):
        run_state_machine_as_test(MoneyMachine, settings=UNTIL_FOUND)
