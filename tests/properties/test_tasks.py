"""The invariants of tasks over random histories, and each of them failing on a seeded bug."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import chain, ending, starting
from lsp_orch.domain.result import Ending
from lsp_orch.domain.task import STEPS, State, Step, Task
from lsp_orch.services import chains as chains_service
from lsp_orch.services import dispatcher as dispatcher_service
from lsp_orch.services import tasks as tasks_service
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.tasks import Tasks
from lsp_orch.store import queries
from lsp_orch.store.tasks import TaskTable
from tests.properties import histories
from tests.properties.seeds import Seed, method
from tests.properties.tasks import TaskMachine

THOROUGH = settings(histories.THOROUGH, max_examples=150)
UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=400)


def test_tasks_keep_every_promise_in_any_history() -> None:
    run_state_machine_as_test(TaskMachine, settings=THOROUGH)


def query(name: str, *changes: tuple[str, str]) -> Seed:
    """A query that says something else."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        text = queries.load()[name]
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        patch.setitem(queries.load(), name, text)

    return seed


def claims(*changes: tuple[str, str]) -> Seed:
    """Both halves of a claim say something else."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        for name in ("task.candidates", "task.claim"):
            query(name, *changes)(patch)

    return seed


def resumes(*changes: tuple[str, str]) -> Seed:
    """A parked run goes on otherwise."""
    return query("task.resume", *changes)


def step(state: State, step: Step, to: State) -> Seed:
    """A step that may be taken from a wrong state."""
    return lambda patch: patch.setitem(STEPS, (state, step), to)


def one_worker_too_many(patch: pytest.MonkeyPatch) -> None:
    right = starting.held
    patch.setattr(
        dispatcher_service,
        "held",
        lambda task, scene, rules: right(task, replace(scene, workers=scene.workers + 1), rules),
    )


def the_provider_costs_an_attempt(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(ending.AFTER, Ending.PROVIDER, ending.After(step=Step.REQUEUE))


def paid_twice(patch: pytest.MonkeyPatch) -> None:
    right = dispatcher_service._spend
    patch.setattr(
        dispatcher_service, "_spend", lambda task, outcome: right(replace(task, paid_usd=0.0), outcome)
    )


def done_tasks_can_be_retried(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(STEPS, (State.DONE, Step.RETRY), State.PENDING)


def cancelled_runs_are_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(STEPS, (State.CANCELLED, Step.FINISH), State.REVIEW)
    right = Dispatcher._current

    def current(self: Dispatcher, tx: object, run: object) -> object:
        task = right(self, tx, run)  # type: ignore[arg-type]  # passed on
        if task and task.state is State.CANCELLED:
            object.__setattr__(task, "state", State.RUNNING)
        return task

    patch.setattr(Dispatcher, "_current", current)


def _careless(task: Task, **changes: Any) -> Task:
    """Forgets that a parked run has left its folder."""
    changes.pop("engaged", None)
    return replace(task, **changes)


SEEDS: list[tuple[Seed, str]] = [
    # 5: one worker, and done is done
    (
        claims(("state = 'ready'", "state IN ('ready', 'running')"), ("AND engaged = 0", "")),
        "two workers|left open",
    ),
    (claims(("AND engaged = 0", "")), "two workers|left open"),
    # a run is its number: nobody else is heard, and each leaves one row that is closed
    (method(Dispatcher, "_close", lambda *_: None), "left open"),
    (query("task.claim", ("run = :run", "run = 1")), "a number came back|UNIQUE"),
    (method(dispatcher_service, "spend", lambda each, *_: each), "what attempts cost|turns of no attempt"),
    # each new step from a wrong state
    (step(State.RUNNING, Step.PRUNE, State.PRUNED), "put away what was running"),
    (step(State.PARKED, Step.PRUNE, State.PRUNED), "put away what was parked|a parked task"),
    (step(State.DONE, Step.PRUNE, State.PRUNED), "put away what was done"),
    (step(State.DONE, Step.REOPEN, State.READY), "opened again what was done|though it was done"),
    (step(State.RUNNING, Step.REOPEN, State.READY), "opened again what was running"),
    (the_provider_costs_an_attempt, "the provider's fault"),
    # no more at once than may be
    (method(dispatcher_service, "held", lambda *_: None), "more workers than"),
    (one_worker_too_many, "more workers than"),
    (done_tasks_can_be_retried, "retried what was done|though it was done"),
    (cancelled_runs_are_heard, "a late result|changed behind"),
    (method(Dispatcher, "orphans", lambda *_: []), "forgotten"),
    # 6: dependencies first, and no cycle
    (method(chain, "ready", lambda _: True), "before what it waits for"),
    (method(chains_service, "cycle", lambda *_: ()), "a cycle got in"),
    (method(Tasks, "settle", lambda *_: None), "it waits for nothing"),
    (query("chain.released", ("other.state <> 'done'", "other.state = 'failed'")), "before what it waits"),
    # parked runs: one call, one session, no attempt, and nothing left behind
    (
        query("task.resumable", ("AND NOT EXISTS (SELECT 1 FROM waiter WHERE waiter.id = task.ticket)", "")),
        "before its ticket",
    ),
    (resumes(("engaged = 1", "engaged = 1, session_id = session_id || 'x'")), "another session"),
    (resumes(("engaged = 1", "engaged = 1, attempt = attempt + 1")), "parking was an attempt|CHECK"),
    (method(TaskTable, "resumable", lambda *_: None), "waits for nothing|never goes on|what others need"),
    (method(tasks_service, "replace", _careless), "engaged without a run, or a run without it|forgotten"),
    (paid_twice, "paid twice|two workers have it"),
    # order and time
    (query("task.candidates", ("ORDER BY rank, place", "ORDER BY place")), "more urgent"),
    (query("task.candidates", ("ORDER BY rank, place", "ORDER BY priority, place")), "more urgent"),
    (method(tasks_service, "rank", lambda ready_at, *_: ready_at), "more urgent"),
    (method(tasks_service, "rank", lambda _, priority, __: priority), "more urgent"),
    (claims(("AND next_attempt_at <= :now", "AND :now > 0")), "before its time"),
    (query("task.claim", ("attempt = attempt + 1", "attempt = attempt")), "too many attempts|CHECK"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[f"{told}-{n}" for n, (_, told) in enumerate(SEEDS)])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    right = queries.migrations()
    monkeypatch.setattr(queries, "migrations", lambda: [(number, _trusting(text)) for number, text in right])
    with pytest.raises(Exception, match=told):
        run_state_machine_as_test(TaskMachine, settings=UNTIL_FOUND)


def _trusting(migration: str) -> str:
    """The same schema without the triggers that would hide a bug above the store."""
    rules = r"CREATE TRIGGER task_.*?\nEND;|CREATE UNIQUE INDEX attempt_open.*?;"
    return re.sub(rules, "", migration, flags=re.DOTALL)
