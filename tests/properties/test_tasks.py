"""The invariants of tasks over random histories, and each of them failing on a seeded bug."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import chain
from lsp_orch.domain.task import STEPS, State, Step, Task
from lsp_orch.services import dispatcher as dispatcher_service
from lsp_orch.services import tasks as tasks_service
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.tasks import Tasks
from lsp_orch.store import queries
from lsp_orch.store.tasks import TaskTable
from tests.properties.tasks import TaskMachine

THOROUGH = settings(
    max_examples=150,
    stateful_step_count=50,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
)
UNTIL_FOUND = settings(
    THOROUGH,
    max_examples=400,
    derandomize=True,
    phases=[Phase.generate],  # a seeded bug need not be explained
)

Seed = Callable[[pytest.MonkeyPatch], None]


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
    """A claim that says something else."""
    return query("task.claim", *changes)


def resumes(*changes: tuple[str, str]) -> Seed:
    """A parked run goes on otherwise."""
    return query("task.resume", *changes)


def paid_twice(patch: pytest.MonkeyPatch) -> None:
    right = dispatcher_service._spend
    patch.setattr(
        dispatcher_service, "_spend", lambda task, outcome: right(replace(task, paid_usd=0.0), outcome)
    )


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    """A function that does something else."""
    return lambda patch: patch.setattr(owner, name, wrong)


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
        "two workers",
    ),
    (claims(("AND engaged = 0", "")), "two workers"),
    (done_tasks_can_be_retried, "retried what was done|though it was done"),
    (cancelled_runs_are_heard, "a late result|changed behind"),
    (method(Dispatcher, "orphans", lambda *_: []), "forgotten"),
    # 6: dependencies first, and no cycle
    (method(chain, "ready", lambda _: True), "before what it waits for"),
    (method(tasks_service, "cycle", lambda *_: ()), "a cycle got in"),
    (method(Tasks, "settle", lambda *_: None), "it waits for nothing"),
    (query("chain.released", ("other.state <> 'done'", "other.state = 'failed'")), "before what it waits"),
    # parked runs: one call, one session, no attempt, and nothing left behind
    (
        resumes(("AND NOT EXISTS (SELECT 1 FROM waiter WHERE waiter.id = task.ticket)", "")),
        "before its ticket",
    ),
    (resumes(("engaged = 1", "engaged = 1, session_id = session_id || 'x'")), "another session"),
    (resumes(("engaged = 1", "engaged = 1, attempt = attempt + 1")), "parking was an attempt|CHECK"),
    (method(TaskTable, "resume", lambda *_: None), "waits for nothing|never goes on|what others need"),
    (method(tasks_service, "replace", _careless), "engaged without a run, or a run without it|forgotten"),
    (paid_twice, "paid twice|two workers have it"),
    # order and time
    (claims(("ORDER BY priority, place", "ORDER BY place")), "more urgent"),
    (claims(("AND next_attempt_at <= :now", "AND :now > 0")), "before its time"),
    (claims(("attempt = attempt + 1", "attempt = attempt")), "too many attempts|CHECK"),
    (method(TaskTable, "by_key", lambda *_: None), "one key|UNIQUE"),
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
    return re.sub(r"CREATE TRIGGER task_.*?\nEND;", "", migration, flags=re.DOTALL)
