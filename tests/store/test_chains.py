"""Long chains: what is walked, and by which index, on each engine."""

import re
from dataclasses import replace
from typing import Any

import pytest

from lsp_orch.domain.task import State, Task
from lsp_orch.store import queries
from lsp_orch.store.base import Store
from tests.fixtures.engines import Engine
from tests.fixtures.tasks import a_task

LONG = 4000


def put(store: Store, *tasks: tuple[str, tuple[str, ...]]) -> None:
    with store.transaction() as tx:
        for name, after in tasks:
            tx.tasks.insert(replace(a_task(State.PENDING), id=name, after=after))


NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < :long)"
COPIES = """
INSERT INTO task (id, state, workspace, prompt, title, paths, priority, model, check_command, isolate,
    max_usd, max_turns, timeout_s, attempts, key, created_at, attempt, session_id, engaged, pid, pid_started,
    branch, worktree, base, tip, cost_usd, turns, error, next_attempt_at)
SELECT 't' || i, state, workspace, prompt, title, paths, priority, model, check_command, isolate, max_usd,
    max_turns, timeout_s, attempts, key, created_at, attempt, session_id, engaged, pid, pid_started, branch,
    worktree, base, tip, cost_usd, turns, error, next_attempt_at
FROM n, task
"""
LINKS = "INSERT INTO task_after (task_id, after_id) SELECT 't' || i, 't' || (i - 1) FROM n"


def long_chain(store: Store, engine: Engine) -> None:
    """Pending tasks t1, t2, ..., each after the one before."""
    put(store, ("t1", ()))
    engine.sql(NUMBERS + COPIES, long=LONG)
    engine.sql(NUMBERS + LINKS, long=LONG)
    if engine.name == queries.POSTGRES:  # which does it by itself, in a while
        engine.sql("ANALYZE")


def plan(engine: Engine, query: str, **parameters: Any) -> str:
    """How the engine would do it."""
    explain = "EXPLAIN QUERY PLAN" if engine.name == queries.SQLITE else "EXPLAIN"
    rows = engine.sql(f"{explain} {queries.load(engine.name)[query]}", **parameters)
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("query", ["chain.released", "chain.stuck", "chain.above", "task.dependents"])
def test_no_chain_is_found_by_reading_every_task(store: Store, engine: Engine, query: str) -> None:
    long_chain(store, engine)
    told = plan(engine, query, id="t7")
    # those that are dead may be looked up by their state: they are few
    assert not re.search(r"(task|next|other) USING INDEX task_state|Index Cond: \(state = 'pending'", told)
    for scan in ("SCAN task", "Seq Scan on task", "Seq Scan on task_after"):
        assert scan not in told, told
    if query in {"chain.released", "task.dependents"}:
        assert "task_after_dependents" in told


def test_a_long_chain_is_walked_in_one_query(store: Store, engine: Engine) -> None:
    long_chain(store, engine)
    last = f"t{LONG}"
    with store.transaction() as tx:
        assert not tx.chains.stuck(last)
        above = tx.chains.above(last)
        assert len(above) == LONG - 1
        assert above[last] == [f"t{LONG - 1}"]
        assert tx.chains.released("t1") == [], "it is not done"
    engine.sql("UPDATE task SET state = 'cancelled' WHERE id = 't1'")
    with store.transaction() as tx:
        assert tx.chains.stuck(last)
        assert tx.chains.stuck("t2")
        assert not tx.chains.stuck("t1"), "it waits for nobody"


def test_what_waits_for_more_is_not_released(store: Store, engine: Engine) -> None:
    put(store, ("a", ()), ("b", ()), ("both", ("a", "b")), ("one", ("a",)), ("later", ("one",)))
    engine.force("UPDATE task SET state = 'done', result = '{}' WHERE id = 'a'")
    with store.transaction() as tx:
        assert tx.chains.released("a") == ["one"], "b is not done"
        assert tx.chains.released("later") == []
    engine.force("UPDATE task SET state = 'cancelled' WHERE id = 'b'")
    with store.transaction() as tx:
        assert tx.chains.released("a") == ["one"]
        assert [name for name in ("both", "one", "later") if tx.chains.stuck(name)] == ["both"]


def test_a_list_has_whole_tasks_and_whom_each_waits_for(store: Store, engine: Engine) -> None:
    put(store, ("z", ()), ("y", ()), ("x", ("y", "z")))
    put(store, ("w", ("x", "z")))
    engine.sql("UPDATE task SET state = 'ready', workspace = '/other' WHERE id = 'y'")
    with store.transaction() as tx:
        assert tx.tasks.of() == [_there(tx.tasks.by_id(name)) for name in "zyxw"]
        assert [each.after for each in tx.tasks.of()] == [(), (), ("z", "y"), ("z", "x")]
        assert [each.id for each in tx.tasks.of("/w")] == ["z", "x", "w"]
        assert [each.id for each in tx.tasks.of("", {State.READY, State.DONE})] == ["y"]
        assert [each.after for each in tx.tasks.of("/w", {State.PENDING})] == [(), ("z", "y"), ("z", "x")]
        assert tx.tasks.state("y") is State.READY
        assert tx.tasks.state("nobody") is None


def _there(task: Task | None) -> Task:
    assert task
    return task
