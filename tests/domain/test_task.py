"""The life of a task is one table, and nothing is done that is not in it."""

import itertools

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.task import SETTLED, STEPS, Draft, State, Step, Task, advance, rank
from tests.fixtures.tasks import a_task


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_a_step_is_taken_or_refused_as_the_table_says(state: State, step: Step) -> None:
    after = advance(a_task(state), step)
    if (state, step) in STEPS:
        assert isinstance(after, Task)
        assert after.state is STEPS[state, step]
    else:
        assert isinstance(after, Refusal)
        assert after.code is Code.TASK_STATE
        assert "task-1" in after.message


def test_what_is_done_is_never_started_again() -> None:
    assert not [step for state, step in STEPS if state is State.DONE]


def test_only_a_ready_task_starts_a_parked_one_goes_on_and_only_a_running_one_gets_to_review() -> None:
    started = {(state, step) for (state, step), to in STEPS.items() if to is State.RUNNING}
    assert started == {(State.READY, Step.CLAIM), (State.PARKED, Step.RESUME)}
    assert {state for (state, _), to in STEPS.items() if to is State.PARKED} == {State.RUNNING}
    assert {state for (state, _), to in STEPS.items() if to is State.REVIEW} == {State.RUNNING}
    assert {state for (state, _), to in STEPS.items() if to is State.DONE} == {State.REVIEW}


def test_every_settled_state_is_left_by_a_person_or_put_away() -> None:
    by_people = {Step.ACCEPT, Step.REJECT, Step.REOPEN, Step.RETRY, Step.CANCEL}
    assert {step for state, step in STEPS if state in SETTLED} <= by_people | {Step.PRUNE}


def test_what_runs_or_is_done_is_never_put_away_and_what_was_comes_back_by_a_person() -> None:
    kept = {state for state in State if (state, Step.PRUNE) not in STEPS}
    assert kept == {State.RUNNING, State.PARKED, State.DONE, State.PRUNED}
    assert [step for state, step in STEPS if state is State.PRUNED] == [Step.RETRY]


def test_a_step_of_priority_is_worth_a_while_of_waiting() -> None:
    assert rank(0.0, 2, 60.0) < rank(0.0, 3, 60.0)
    assert rank(0.0, 3, 60.0) < rank(61.0, 2, 60.0)


def test_a_task_has_everything_that_a_draft_asks_for() -> None:
    assert set(Draft.__slots__) <= set(Task.__slots__)
