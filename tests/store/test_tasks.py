"""The store keeps the rules of tasks by itself: these tests go round the services."""

import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from lsp_orch.domain.result import Result, Status
from lsp_orch.domain.task import STEPS, Isolation, OnDead, State, Task
from lsp_orch.store.base import Store, Tx
from tests.fixtures.engines import Engine
from tests.fixtures.leases import agent, ask
from tests.fixtures.tasks import a_task, an_attempt, claimed

RESULT = Result(status=Status.DONE, summary="did “it”", changed_files=("ä.py",), learnings=("one", "two"))


def pending(name: str, **changes: object) -> Task:
    return replace(a_task(State.PENDING), id=name, attempts=3, **changes)  # type: ignore[arg-type]  # the test's own


def put(store: Store, *tasks: Task) -> None:
    with store.transaction() as tx:
        for task in tasks:
            tx.tasks.insert(task)


def force(engine: Engine, name: str, state: str, **columns: object) -> None:
    """Write what no service would; who is to run has an attempt."""
    if state == "running" and "run" not in columns:
        columns["run"] = attempt(engine, name, str(columns.get("session_id", "s")))
    sets = ", ".join(f"{column} = :{column}" for column in ("state", *columns))
    update = f"UPDATE task SET {sets} WHERE id = :id"  # noqa: S608 - the names are the test's own
    engine.sql(update, id=name, state=state, **columns)


def attempt(engine: Engine, name: str, session_id: str) -> int:
    with closing(engine.open()) as own, own.transaction() as tx:
        return tx.attempts.insert(an_attempt(name, session_id))


def test_what_was_stored_comes_back(store: Store) -> None:
    task = pending("a", paths=("src/**",), after=(), check="make", isolate=Isolation.SHARED, key="k")
    full = replace(
        task,
        state=State.READY,
        attempts=5,
        attempt=2,
        engaged=True,
        pid=7,
        pid_started=1.5,
        branch="b",
        worktree="/w/t",
        base="1",
        tip="2",
        ticket="ticket-1",
        waits_for="a.py",
        ran_s=1.5,
        paid_usd=0.5,
        cost_usd=0.25,
        turns=3,
        result=RESULT,
        error="why",
        heartbeat_at=2.0,
        next_attempt_at=3.0,
        finished_at=4.0,
        rank=5.0,
        on_dead=OnDead.CASCADE,
        hold_until=6.0,
        hold_why="a limit",
        chosen_model="haiku",
        plan_id="plan-1",
        merged="3",
        pruned_why="old",
    )
    put(store, task)
    with store.transaction() as tx:
        assert tx.tasks.by_id("a") == task
        assert tx.tasks.update(task, full)
        full = replace(full, hold_why="")  # lanes alone say who is in them
        assert tx.tasks.by_id("a") == full
        assert tx.tasks.counts() == {State.READY: 1}
        assert tx.tasks.engaged() == [full]


def test_the_steps_of_the_store_are_those_of_the_domain(engine: Engine) -> None:
    rows = engine.sql("SELECT was, now FROM task_step")
    assert {(State(was), State(now)) for was, now in rows} == {(was, now) for (was, _), now in STEPS.items()}


@pytest.mark.parametrize("to", list(State))
def test_what_is_done_stays_done(store: Store, engine: Engine, to: State) -> None:
    put(store, pending("a", result=RESULT))
    for state in ("ready", "running", "review", "done"):
        force(engine, "a", state, session_id="s", engaged=int(state != "ready"))
    if to is State.DONE:
        force(engine, "a", to)
    else:
        with pytest.raises(engine.refused, match=r"no such step|a reason and nothing alive"):
            engine.sql("UPDATE task SET state = :to", to=to)


def test_a_task_begins_as_pending(store: Store, engine: Engine) -> None:
    with pytest.raises(engine.refused, match="begins as pending"):
        put(store, replace(pending("a"), state=State.READY))


def test_a_task_is_not_ready_before_what_it_waits_for_is_done(store: Store, engine: Engine) -> None:
    put(store, pending("a", result=RESULT), pending("b", after=("a",)))
    for state in ("ready", "running", "review"):
        force(engine, "a", state, session_id="s", engaged=int(state != "ready"))
        with pytest.raises(engine.refused, match="task-blocked"):
            force(engine, "b", "ready")
    force(engine, "a", "done")
    force(engine, "b", "ready")


def test_a_started_task_cannot_be_made_to_wait(store: Store, engine: Engine) -> None:
    put(store, pending("a"), pending("b"))
    force(engine, "b", "ready")
    with pytest.raises(engine.refused, match="only a pending task"), store.transaction() as tx:
        tx.tasks.add_after("b", "a")


@pytest.mark.parametrize(("task", "after"), [("a", "a"), ("a", "b"), ("a", "c"), ("b", "c")])
def test_no_cycle_gets_in(store: Store, engine: Engine, task: str, after: str) -> None:
    put(store, pending("a"), pending("b", after=("a",)), pending("c", after=("b",)))
    with pytest.raises(engine.refused, match=r"task-cycle|CHECK"), store.transaction() as tx:
        tx.tasks.add_after(task, after)


def test_a_diamond_does(store: Store) -> None:
    put(
        store,
        *(pending("a"), pending("b", after=("a",)), pending("c", after=("a",)), pending("d", after=("b",))),
    )
    with store.transaction() as tx:
        tx.tasks.add_after("d", "c")
        tx.tasks.add_after("d", "a")
        assert list(tx.tasks.dependencies("d")) == ["a", "b", "c"]
        assert [task.id for task in tx.tasks.dependents("a")] == ["b", "c", "d"]


def test_an_unknown_task_cannot_be_waited_for(store: Store, engine: Engine) -> None:
    with pytest.raises(engine.refused, match=r"(?i)FOREIGN KEY"):
        put(store, pending("a", after=("nobody",)))


def test_a_task_that_is_engaged_gets_no_second_worker(store: Store, engine: Engine) -> None:
    put(store, pending("a"))
    force(engine, "a", "ready")
    with store.transaction() as tx:
        run = claimed(tx, "one")
        assert run
        assert claimed(tx, "two") is None
        assert tx.tasks.claim("a", run.run, "one", "sonnet", 0.0) is None
    with pytest.raises(engine.refused, match=r"another worker|begins with an attempt"):
        force(engine, "a", "running", run=run.run + 1)


def test_a_task_parks_only_with_a_session_to_come_back_to_and_nothing_alive(
    store: Store, engine: Engine
) -> None:
    put(store, pending("a"))
    force(engine, "a", "ready")
    force(engine, "a", "running", session_id="s", engaged=1)
    with pytest.raises(engine.refused, match="nothing alive"):
        force(engine, "a", "parked")
    with pytest.raises(engine.refused, match=r"come back to|begins with an attempt"):
        force(engine, "a", "parked", engaged=0, session_id="")
    force(engine, "a", "parked", engaged=0, ticket="t")
    with pytest.raises(engine.refused, match=r"come back to|begins with an attempt"):
        force(engine, "a", "parked", session_id="other")


def test_a_parked_run_goes_on_when_its_ticket_waits_no_more_the_most_urgent_first(
    store: Store, engine: Engine
) -> None:
    put(store, pending("a"), pending("b", priority=0), pending("c"), pending("d"))
    with store.transaction() as tx:
        waiter = tx.waiters.insert("ticket-1", ask(agent("a"), "x.py"), 0.0, None)
    for name, ticket in (("a", "gone"), ("b", "gone"), ("c", "ticket-1"), ("d", "")):
        force(engine, name, "ready")
        force(engine, name, "running", session_id=name, engaged=1)
        force(engine, name, "parked", engaged=0, ticket=ticket)
    with store.transaction() as tx:
        assert [task.id for task in tx.tasks.parked()] == ["a", "b", "c"]
        resumed = [_resumed(tx) for _ in range(3)]
        assert [task.id if task else None for task in resumed] == ["b", "a", None]
        assert resumed[0]
        assert (resumed[0].session_id, resumed[0].engaged, resumed[0].attempt) == ("b", True, 0)
        tx.waiters.delete(waiter)
        assert _resumed(tx)


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority": 5},
        {"priority": -1},
        {"attempt": 4},
        {"max_usd": 0},
        {"timeout_s": 0},
        {"cost_usd": -1},
        {"pid": 5},
        {"isolate": "nowhere"},
    ],
)
def test_what_makes_no_sense_is_not_stored(store: Store, engine: Engine, wrong: dict[str, object]) -> None:
    put(store, pending("a"))
    with pytest.raises(engine.refused, match=r"(?i)CHECK"):
        force(engine, "a", "ready", **wrong)


def test_a_key_may_come_again(store: Store) -> None:
    put(store, pending("a", key="k"), pending("b", key="k"))


def test_a_change_of_what_has_changed_meanwhile_is_not_stored(store: Store, engine: Engine) -> None:
    put(store, pending("a"))
    force(engine, "a", "ready")
    with store.transaction() as tx:
        run = claimed(tx, "one")
        assert run
        assert not tx.tasks.update(replace(run, state=State.READY), run)
        assert not tx.tasks.update(run, replace(run, run=run.run + 1))
        tx.tasks.heartbeat(replace(run, run=run.run + 1), 9.0)
        assert tx.tasks.by_id("a") == run


def test_the_lowest_rank_is_claimed_first_then_the_oldest_and_none_before_its_time(
    store: Store,
    engine: Engine,
) -> None:
    put(
        store,
        pending("old", rank=2.0),
        pending("new", rank=2.0),
        pending("urgent", rank=0.5),
        pending("later", rank=0.0, next_attempt_at=50.0),
    )
    for name in ("old", "new", "urgent", "later"):
        force(engine, name, "ready")
    with store.transaction() as tx:
        assert [task.id for task in tx.tasks.candidates(10.0, 2)] == ["urgent", "old"]
        first = tx.tasks.candidates(10.0, 9)
        assert [task.id for task in tx.tasks.candidates(10.0, 9, first[0])] == ["old", "new"]
        assert [task.id for task in tx.tasks.candidates(10.0, 9, first[1])] == ["new"]
        won = [claimed(tx, f"s{number}", 10.0) for number in range(4)]
        assert [task.id if task else None for task in won] == ["urgent", "old", "new", None]
        assert tx.tasks.due(10.0) == 50.0
        assert claimed(tx, "s9", 50.0)
        assert tx.tasks.due(50.0) is None


def test_eight_claimers_never_win_the_same_task(store: Store, engine: Engine) -> None:
    rounds = 200
    put(store, *(pending(f"t{number}") for number in range(rounds)))
    engine.sql("UPDATE task SET state = 'ready'")
    won: list[str] = []

    def claim_all(name: str) -> None:
        own = engine.open()
        for number in range(rounds):
            with own.transaction() as tx:
                task = claimed(tx, f"{name}-{number}")
            if task is None:
                break
            won.append(task.id)
        own.close()

    claimers = [threading.Thread(target=claim_all, args=(f"c{number}",)) for number in range(8)]
    for each in claimers:
        each.start()
    for each in claimers:
        each.join()
    assert Counter(won) == Counter({f"t{number}": 1 for number in range(rounds)})


def _resumed(tx: Tx) -> Task | None:
    task = tx.tasks.resumable()
    return tx.tasks.resume(task.id, 5.0) if task else None
