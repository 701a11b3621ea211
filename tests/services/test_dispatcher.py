"""Who starts next: what holds one task back does not hold the others, and what was parked goes first."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TypeVar

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import Deferred, Ending, Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Hold, Idle, Rule, Scene
from lsp_orch.domain.task import STEPS, Draft, State, Step, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.start_rules import RULES
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START, FakeClock, SerialIds

Answer = TypeVar("Answer")
DONE = Result(status=Status.DONE, summary="did it")
AWAY = Refusal(code=Code.RESULT_INVALID, message="overloaded")


class Yard:
    """Tasks and a dispatcher with those rules."""

    def __init__(self, *rules: Rule) -> None:
        self.store, self.clock, ids = SqliteStore(), FakeClock(), SerialIds()
        self.tasks = Tasks(self.clock, ids, Settings())
        self.dispatcher = Dispatcher(self.clock, ids, Settings(), (*RULES, *rules))

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            return work(tx)

    def add(self, title: str, model: str = "auto", attempts: int = 1) -> Task:
        draft = Draft(
            workspace="/w",
            prompt="do it",
            title=title,
            model=model,
            max_turns=9,
            attempts=attempts,
            max_usd=1.0,
            timeout_s=9.0,
        )
        task = self.run(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        return task

    def claim(self, workers: int = 9) -> Task | Idle:
        return self.run(lambda tx: self.dispatcher.claim(tx, workers))

    def start(self) -> Task:
        task = self.claim()
        assert isinstance(task, Task)
        return task

    def end(self, run: Task, outcome: Outcome) -> Task:
        task = self.run(lambda tx: self.dispatcher.finished(tx, run, outcome, "c0ffee", 0.0))
        assert task
        return task


def not_before(until: float | None, titles: Collection[str]) -> Rule:
    def rule(task: Task, _: Scene) -> Hold | None:
        return Hold(reason="not yet", until=until) if task.title in titles else None

    return rule


def test_who_is_held_back_is_passed_over_and_named() -> None:
    yard = Yard(not_before(START + 5.0, {"first", "third"}))
    first, second, third = (yard.add(title) for title in ("first", "second", "third"))
    assert yard.start().id == second.id
    idle = yard.claim()
    assert isinstance(idle, Idle)
    assert set(idle.holds) == {first.id, third.id}
    assert idle.until == START + 5.0


def test_behind_many_who_are_held_back_the_one_who_may_is_found() -> None:
    yard = Yard(not_before(None, {"held"}))
    for _ in range(40):
        yard.add("held")
    free = yard.add("free")
    assert yard.start().id == free.id
    idle = yard.claim()
    assert isinstance(idle, Idle)
    assert len(idle.holds) == 40


def test_a_full_house_asks_one_and_sets_no_clock() -> None:
    yard = Yard()
    for title in ("a", "b", "c"):
        yard.add(title)
    yard.start()
    idle = yard.claim(workers=1)
    assert isinstance(idle, Idle)
    [hold] = idle.holds.values()
    assert hold.reason == "1 of 1 workers are at work"
    assert idle.until is None


def test_a_parked_run_goes_on_though_a_rule_would_not_let_it_begin() -> None:
    titles = list[str]()
    yard = Yard(not_before(None, titles))
    yard.add("a")
    run = yard.start()
    deferred = Outcome(result=Deferred(tool="Edit"))
    yard.run(lambda tx: yard.dispatcher.parked(tx, run, deferred, "gone", "a.py", 1.0))
    yard.clock.advance(7.0)
    titles.append("a")
    assert isinstance(yard.claim(workers=0), Idle)
    again = yard.start()
    assert (again.id, again.run, again.session_id) == (run.id, run.run, run.session_id)
    [attempt] = yard.run(lambda tx: tx.attempts.of_task(run.id))
    assert (attempt.parked_s, attempt.parked_at, attempt.ended_at) == (7.0, None, None)


def test_an_attempt_says_what_it_was_and_how_it_ended() -> None:
    yard = Yard()
    yard.add("a", model="haiku", attempts=2)
    died = Refusal(code=Code.WORKER_DIED, message="it died")
    yard.end(yard.start(), Outcome(result=died, cost_usd=0.5, turns=2))
    yard.clock.advance(1000.0)
    task = yard.end(yard.start(), Outcome(result=DONE, cost_usd=0.25, turns=1))
    first, second = yard.run(lambda tx: tx.attempts.of_task(task.id))
    assert (first.number, first.ending, first.cost_usd, first.turns) == (1, Ending.DIED, 0.5, 2)
    assert "it died" in first.error
    assert (first.model, first.why_model, first.tip) == ("haiku", "asked for", "")
    assert (second.number, second.ending, second.cost_usd, second.tip) == (2, Ending.DONE, 0.25, "c0ffee")
    assert second.error == ""
    assert task.chosen_model == "haiku"
    assert task.run == second.id


def test_the_model_of_auto_is_the_settings() -> None:
    yard = Yard()
    yard.add("a")
    run = yard.start()
    [attempt] = yard.run(lambda tx: tx.attempts.of_task(run.id))
    assert attempt.model == run.chosen_model == Settings().tasks_model
    assert attempt.why_model == "the setting tasks.model"


def test_what_the_provider_has_put_off_is_tried_when_it_is_of_use_and_costs_no_attempt() -> None:
    yard = Yard()
    yard.add("a")
    until = yard.clock.now() + 500.0
    task = yard.end(yard.start(), Outcome(result=AWAY, ending=Ending.PROVIDER, until=until))
    assert (task.state, task.attempt, task.next_attempt_at) == (State.READY, 0, until)
    idle = yard.claim()
    assert isinstance(idle, Idle)
    assert idle.until == until


def test_a_run_that_we_ended_keeps_the_reason_of_the_attempt_before() -> None:
    yard = Yard()
    yard.add("a", attempts=3)
    died = Refusal(code=Code.WORKER_DIED, message="it died")
    yard.end(yard.start(), Outcome(result=died))
    yard.clock.advance(1000.0)
    run = yard.start()
    task = yard.run(lambda tx: yard.dispatcher.stopped(tx, run))
    assert task
    assert "it died" in task.error
    _, second = yard.run(lambda tx: tx.attempts.of_task(task.id))
    assert (second.ending, second.error) == (Ending.OURS, "")
    assert yard.run(lambda tx: yard.dispatcher.stopped(tx, replace(run))) is None, "it ended twice"


class OneSession(SerialIds):
    """Every run goes on with the same session."""

    def new(self, kind: str) -> str:
        return "run-1" if kind == "run" else super().new(kind)


def test_an_earlier_run_is_not_heard_though_its_session_goes_on() -> None:
    yard = Yard()
    yard.dispatcher = Dispatcher(yard.clock, OneSession(), Settings(), RULES)
    yard.add("a", attempts=2)
    first = yard.start()
    yard.end(first, Outcome(result=Refusal(code=Code.WORKER_DIED, message="it died")))
    yard.clock.advance(3600.0)
    second = yard.start()
    assert second.session_id == first.session_id
    assert second.run > first.run
    late = yard.run(lambda tx: yard.dispatcher.finished(tx, first, Outcome(result=DONE), "bad", 0.0))
    assert late is None
    assert yard.end(second, Outcome(result=DONE)).tip == "c0ffee"


def test_what_is_in_review_is_not_queued_again_by_its_run() -> None:
    yard = Yard()
    yard.add("a", attempts=2)
    run = yard.start()
    assert yard.end(run, Outcome(result=DONE)).state is State.REVIEW
    died = Outcome(result=Refusal(code=Code.WORKER_DIED, message="it died"))
    assert yard.run(lambda tx: yard.dispatcher.finished(tx, run, died, "", 0.0)) is None
    [task] = yard.run(lambda tx: tx.tasks.of("", set()))
    assert task.state is State.REVIEW
    assert (State.REVIEW, Step.REQUEUE) not in STEPS
