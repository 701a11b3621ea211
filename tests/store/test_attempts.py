"""Each run leaves one row, and a store of before learns to count its runs."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.domain.attempt import end, go_on, park, spend
from lsp_orch.domain.result import Ending
from lsp_orch.domain.task import State, Task
from lsp_orch.store import queries
from lsp_orch.store.base import Store
from lsp_orch.store.postgres import PostgresStore
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.engines import Engine
from tests.fixtures.postgres import Cluster
from tests.fixtures.tasks import a_task, an_attempt, claimed

# tasks as the tenth format kept them: two that are under way, two that are not
TASK_AS_IT_WAS = """
INSERT INTO task (id, state, workspace, prompt, title, paths, priority, model, check_command, isolate,
    max_usd, max_turns, timeout_s, attempts, key, created_at, attempt, session_id, engaged, pid, pid_started,
    branch, worktree, base, tip, cost_usd, turns, error, started_at, heartbeat_at, next_attempt_at)
VALUES ('{id}', 'pending', '/w', 'do it', 'it', '[]', 2, 'haiku', '', 'worktree',
    1, 1, 1, 3, '', 10, 1, '', 0, 0, 0, '', '', '', '', 0.5, 3, '', 20, 30, 0);
"""
STEPS_AS_THEY_WERE = """
UPDATE task SET state = 'ready';
UPDATE task SET state = 'running', session_id = 's', engaged = 1 WHERE id = 'running';
UPDATE task SET state = 'running', session_id = 't', engaged = 1 WHERE id = 'parked';
UPDATE task SET state = 'parked', engaged = 0, ticket = 't' WHERE id = 'parked';
UPDATE task SET state = 'cancelled' WHERE id = 'cancelled';
"""
NAMES = ("ready", "running", "parked", "cancelled")
AS_IT_WAS = "".join(TASK_AS_IT_WAS.format(id=name) for name in NAMES) + STEPS_AS_THEY_WERE


def ready(store: Store, name: str = "a") -> None:
    task = replace(a_task(State.PENDING), id=name, attempts=3)
    with store.transaction() as tx:
        tx.tasks.insert(task)
        assert tx.tasks.update(task, replace(task, state=State.READY))


def begun(store: Store, session_id: str = "s") -> Task:
    with store.transaction() as tx:
        task = claimed(tx, session_id)
        assert task
    return task


def test_an_attempt_comes_back_as_it_was_stored(store: Store) -> None:
    ready(store)
    with store.transaction() as tx:
        new = an_attempt("a")
        run = tx.attempts.insert(new)
        assert tx.attempts.by_id(run) == replace(new, id=run)
        parked = park(spend(replace(new, id=run), 0.5, 2), 5.0)
        assert tx.attempts.update(parked)
        ended = end(parked, 9.0, Ending.DIED, "it died", "c0ffee")
        assert tx.attempts.update(ended)
        assert tx.attempts.of_task("a") == [ended]
    assert (ended.parked_s, ended.parked_at, ended.cost_usd, ended.turns) == (4.0, None, 0.5, 2)


def test_time_parked_adds_up_and_never_runs_backwards() -> None:
    once = go_on(park(an_attempt("a"), 5.0), 7.0)
    assert go_on(park(once, 10.0), 13.0).parked_s == 5.0
    assert go_on(park(once, 10.0), 3.0).parked_s == 2.0
    assert go_on(once, 99.0) == once


def test_a_number_is_never_given_twice_and_only_grows(store: Store, engine: Engine) -> None:
    ready(store)
    first = begun(store)
    engine.sql("UPDATE attempt SET ended_at = 1, ending = 'ours'")
    engine.sql("UPDATE task SET state = 'ready', engaged = 0")
    with pytest.raises(engine.refused, match="another worker"):
        engine.sql("UPDATE task SET run = run - 1")
    second = begun(store)  # in the same session, which may be gone on with
    assert second.run > first.run
    with store.transaction() as tx:
        assert not tx.tasks.update(first, replace(first, state=State.READY)), "an earlier run was heard"


def test_one_attempt_of_a_task_is_open_and_none_ends_twice(store: Store, engine: Engine) -> None:
    ready(store)
    run = begun(store).run
    with pytest.raises(engine.refused, match=r"(?i)UNIQUE"), store.transaction() as tx:
        tx.attempts.insert(an_attempt("a"))
    with pytest.raises(engine.refused, match="not been closed"):
        engine.sql("UPDATE task SET state = 'ready', engaged = 0")
    with pytest.raises(engine.refused, match=r"(?i)CHECK"):
        engine.sql("UPDATE attempt SET ended_at = 1")
    engine.sql("UPDATE attempt SET ended_at = 1, ending = 'died'")
    for again in ("ending = 'done'", "ended_at = NULL, ending = ''"):
        with pytest.raises(engine.refused, match="ends once"):
            engine.sql(f"UPDATE attempt SET {again}")  # noqa: S608 - the test's own
    with store.transaction() as tx:
        assert not tx.attempts.update(replace(an_attempt("a"), id=run)), "changed after its end"
    engine.sql("UPDATE task SET state = 'ready', engaged = 0")
    with pytest.raises(engine.refused, match="begins with an attempt"):
        engine.sql("UPDATE task SET state = 'running', engaged = 1")


@pytest.mark.parametrize("columns", ["pruned_why = ''", "pruned_why = 'old', engaged = 1"])
def test_a_task_is_put_away_with_a_reason_and_nothing_alive(
    store: Store, engine: Engine, columns: str
) -> None:
    ready(store)
    with pytest.raises(engine.refused, match="a reason and nothing alive"):
        engine.sql(f"UPDATE task SET state = 'pruned', {columns}")  # noqa: S608 - the test's own
    engine.sql("UPDATE task SET state = 'pruned', pruned_why = 'old'")


def test_runs_that_are_under_way_get_numbers_when_an_older_store_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, old = tmp_path / "store.db", [each for each in queries.migrations() if each[0] <= 10]
    with monkeypatch.context() as patch:
        patch.setattr(queries, "migrations", lambda: old)
        SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(AS_IT_WAS)
    with closing(SqliteStore(path)) as store:
        is_numbered(store)


def test_and_when_an_older_database_is(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [each for each in queries.migrations(queries.POSTGRES) if each[0] <= 10]
    cluster.database("tenth")
    with monkeypatch.context() as patch:
        patch.setattr(queries, "migrations", lambda _: old)
        PostgresStore(cluster.url("tenth"), "").close()
    cluster.sql("SET search_path = lsp_orch", AS_IT_WAS, database="tenth")
    with closing(PostgresStore(cluster.url("tenth"), "")) as store:
        is_numbered(store)
    cluster.drop("tenth")


def is_numbered(store: Store) -> None:
    with store.transaction() as tx:
        tasks = {task.id: task for task in tx.tasks.of()}
        assert {name for name, task in tasks.items() if task.run} == {"running", "parked"}
        assert tasks["running"].run != tasks["parked"].run
        [attempt] = tx.attempts.of_task("parked")
        assert (attempt.id, attempt.number, attempt.session_id) == (tasks["parked"].run, 1, "t")
        assert (attempt.ended_at, attempt.started_at, attempt.parked_at) == (None, 20, 30)
        assert attempt.cost_usd == tasks["parked"].cost_usd == 0.5
        assert [task.id for task in tx.tasks.candidates(1.0, 9)] == ["ready"]
        resumed = tx.tasks.resume("parked", 40.0)
        assert resumed
        assert resumed.run == attempt.id
        assert [task.run for task in tx.tasks.engaged()] == [tasks["running"].run, attempt.id]


# --- what the planner does: a claim costs the same with a hundred thousand tasks as with ten ---


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("task.candidates", "task_ready (daemon=? AND rank>?)"),
        ("task.due", "task_due (daemon=? AND next_attempt_at>?)"),
        ("session.is_worker", "task_session (session_id=?)"),
        ("attempt.of_task", "attempt_task (task_id=?)"),
    ],
)
def test_a_question_of_every_day_goes_by_its_index(query: str, index: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        for _, script in queries.migrations():
            db.executescript(script)
        names = ("daemon", "now", "rank", "after", "most", "id", "task_id")
        plan = db.execute(f"EXPLAIN QUERY PLAN {queries.load()[query]}", dict.fromkeys(names, 1)).fetchall()
    steps = [row[3] for row in plan]
    assert any(index in step for step in steps), steps
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in steps), steps
