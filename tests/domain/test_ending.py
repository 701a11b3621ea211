"""What follows from how a run ended is one table, and each of its endings has a row."""

import pytest

from lsp_orch.domain.ending import AFTER, Wait, ending, follows, wait_s
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import Deferred, Ending, Outcome, Result, Status
from lsp_orch.domain.task import STEPS, State, Step

DONE = Result(status=Status.DONE, summary="did it")


def refused(code: Code) -> Refusal:
    return Refusal(code=code, message="no")


def test_every_ending_has_a_row_and_its_step_can_be_taken_by_one_who_runs() -> None:
    assert set(AFTER) == set(Ending)
    assert all((State.RUNNING, after.step) in STEPS for after in AFTER.values())


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome(result=DONE), Ending.DONE),
        (Outcome(result=Result(status=Status.PARTIAL, summary="half")), Ending.DONE),
        (Outcome(result=Result(status=Status.FAILED, summary="could not")), Ending.GAVE_UP),
        (Outcome(result=Deferred(tool="Edit")), Ending.PUT_OFF),
        (Outcome(result=refused(Code.WORKER_DIED)), Ending.DIED),
        (Outcome(result=refused(Code.TASK_TIMEOUT)), Ending.TIMED_OUT),
        (Outcome(result=refused(Code.RESULT_INVALID)), Ending.NO_RESULT),
        (Outcome(result=refused(Code.INTERNAL)), Ending.NO_RESULT),
        (Outcome(result=refused(Code.TASK_TIMEOUT), ending=Ending.SILENT), Ending.SILENT),
    ],
)
def test_an_outcome_has_its_word(outcome: Outcome, word: Ending) -> None:
    assert ending(outcome) is word


def test_only_what_is_no_fault_of_the_workers_gives_the_attempt_back() -> None:
    back = {word for word, after in AFTER.items() if not after.spends}
    assert back == {Ending.PROVIDER, Ending.PUT_OFF, Ending.OURS}


def test_the_last_attempt_fails_the_task_unless_it_is_given_back() -> None:
    assert follows(Ending.DIED, left=True).step is Step.REQUEUE
    assert follows(Ending.DIED, left=False).step is Step.FAIL
    assert follows(Ending.PROVIDER, left=False).step is Step.REQUEUE
    assert follows(Ending.OURS, left=False).step is Step.REQUEUE
    assert follows(Ending.DONE, left=False).step is Step.FINISH


@pytest.mark.parametrize(
    ("wait", "known_s", "pause_s"),
    [
        (Wait.NOT, 99.0, 0.0),
        (Wait.STEPS, 99.0, 20.0),
        (Wait.UNTIL, 99.0, 99.0),
        (Wait.UNTIL, -5.0, 0.0),
        (Wait.UNTIL, None, 20.0),
    ],
)
def test_the_next_attempt_waits_as_its_row_says(wait: Wait, known_s: float | None, pause_s: float) -> None:
    assert wait_s(wait, (10.0, 20.0), 2, 0.0, known_s) == pause_s
