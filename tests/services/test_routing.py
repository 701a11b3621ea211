"""What is known of a task decides which model its next attempt is made with."""

from dataclasses import replace

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import Ending, Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, Step, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.routing import REJECTION
from lsp_orch.services.tasks import Tasks, take
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds

SETTINGS = Settings(tasks_backoff_s=(0.0,))
DONE = Outcome(result=Result(status=Status.DONE, summary="so"))


class Bench:
    """One task, and attempts at it."""

    def __init__(self, title: str, model: str) -> None:
        self.store, clock, ids = SqliteStore(), FakeClock(), SerialIds()
        self.tasks = Tasks(clock, ids, SETTINGS)
        self.dispatcher = Dispatcher(clock, ids, SETTINGS)
        draft = Draft(
            workspace="/w",
            prompt="p",
            title=title,
            model=model,
            max_usd=1,
            max_turns=1,
            timeout_s=1,
            attempts=9,
        )
        with self.store.transaction() as tx:
            self.tasks.add(tx, draft)

    def start(self) -> tuple[str, str]:
        """The model of the next attempt, and why."""
        with self.store.transaction() as tx:
            task = self.dispatcher.claim(tx)
            assert isinstance(task, Task)
            self.run = task
            attempt = tx.attempts.by_id(task.run)
            assert attempt
            assert attempt.model == task.chosen_model
        return attempt.model, attempt.why_model

    def end(self, outcome: Outcome) -> None:
        with self.store.transaction() as tx:
            assert self.dispatcher.finished(tx, self.run, outcome, "c0ffee", 0.0)

    def reject(self) -> None:
        with self.store.transaction() as tx:
            task = tx.tasks.by_id(self.run.id)
            assert task
            take(tx, task, Step.REJECT, replace(task, error=f"{REJECTION}: no"))
            self.tasks.retry(tx, [task.id])


def failed(ending: Ending) -> Outcome:
    return Outcome(result=Refusal(code=Code.RESULT_INVALID, message="no"), ending=ending)


def test_a_failure_of_the_models_goes_one_step_up_and_two_go_to_the_top() -> None:
    bench = Bench("rename it", "auto")
    assert bench.start() == ("haiku", "mechanical work")
    bench.end(failed(Ending.NO_RESULT))
    assert bench.start() == ("sonnet", "haiku ended with no-result, so one step up")
    bench.end(failed(Ending.OVER_TURNS))
    assert bench.start() == ("opus", "two attempts came to nothing")


@pytest.mark.parametrize(
    "ending", [Ending.PROVIDER, Ending.OURS, Ending.DIED, Ending.SILENT, Ending.TIMED_OUT]
)
def test_the_providers_and_the_machines_faults_do_not(ending: Ending) -> None:
    bench = Bench("rename it", "auto")
    for _ in range(3):
        assert bench.start() == ("haiku", "mechanical work")
        bench.end(failed(ending))


def test_a_rejection_does() -> None:
    bench = Bench("rename it", "auto")
    bench.start()
    bench.end(DONE)
    bench.reject()
    assert bench.start() == ("sonnet", "haiku ended with rejected, so one step up")


def test_a_model_that_was_asked_for_stays() -> None:
    bench = Bench("rename it", "haiku")
    for _ in range(3):
        assert bench.start() == ("haiku", "asked for")
        bench.end(failed(Ending.NO_RESULT))
