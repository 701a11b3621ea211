"""What was spent is added up by the store itself, on both engines; and no question looks at all tasks."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.domain.attempt import Attempt, end
from lsp_orch.domain.money import DAY_S, Cap, Notice
from lsp_orch.domain.result import Ending
from lsp_orch.domain.task import State
from lsp_orch.store import queries
from lsp_orch.store.base import Store, Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.tasks import a_task


def opened(tx: Tx, name: str, *after: str) -> Attempt:
    """A task with an attempt at it."""
    tx.tasks.insert(replace(a_task(State.PENDING), id=name, after=after, max_usd=3.0))
    attempt = Attempt(
        task_id=name, number=1, session_id=f"s-{name}", model="m", why_model="w", started_at=DAY_S - 10
    )
    return replace(attempt, id=tx.attempts.insert(attempt))


def paid(tx: Tx, attempt: Attempt, at: float, usd: float) -> None:
    assert tx.attempts.update(end(replace(attempt, cost_usd=usd), at, Ending.DONE))


def test_a_run_counts_on_the_day_on_which_it_ends(store: Store) -> None:
    with store.transaction() as tx:
        one, other, last = opened(tx, "a"), opened(tx, "b"), opened(tx, "c")
        assert (tx.money.reserved(), tx.money.spent(DAY_S)) == (9.0, 0.0)
        paid(tx, one, DAY_S + 1, 0.5)
        paid(tx, other, DAY_S + 2, 0.25)
        paid(tx, last, 2 * DAY_S, 1.0)
        assert tx.money.reserved() == 0.0
        assert [tx.money.spent(day * DAY_S) for day in range(3)] == [0.0, 0.75, 1.0]
        assert tx.money.days(DAY_S) == {DAY_S: 0.75, 2 * DAY_S: 1.0}


def test_a_chain_is_all_that_wait_for_each_other_in_any_direction(store: Store) -> None:
    with store.transaction() as tx:
        top = opened(tx, "a")
        left, right = opened(tx, "b", "a"), opened(tx, "c", "a")
        tx.tasks.insert(replace(a_task(State.PENDING), id="d"))
        assert [tx.money.chain(name) for name in "abcd"] == [(0.0, 9.0)] * 3 + [(0.0, 0.0)]
        for each in (top, left, right):
            paid(tx, each, DAY_S, 1.0)
        assert tx.money.chain("b") == (0.0, 0.0)  # what tasks cost is noted with them


def test_a_notice_is_told_once_of_each(store: Store) -> None:
    said = Notice(cap=Cap.DAY, about="2026-11-28", words="stop", told_at=5.0, until=9.0)
    never = replace(said, cap=Cap.CHAIN, about="task-1", until=None)
    with store.transaction() as tx:
        assert [tx.money.tell(each) for each in (said, never, said)] == [True, True, False]
        assert tx.money.notices(5.0) == [said, never]
        assert tx.money.notices(6.0) == []


@pytest.mark.parametrize("name", ["money.reserved", "money.spent", "money.planners", "plan.of_task"])
def test_what_is_asked_at_each_start_looks_at_no_more_than_it_must(tmp_path: Path, name: str) -> None:
    SqliteStore(tmp_path / "store.db").close()
    with closing(sqlite3.connect(tmp_path / "store.db")) as db:
        given = {"daemon": "", "day": 0.0, "task_id": "a"}
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {queries.load()[name]}", given)]
    assert plan
    assert all("INDEX" in step for step in plan), plan
