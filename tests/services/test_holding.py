"""Whom a provider's fault holds back, who tries, and what a client that cannot begin costs."""

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.fault import ACCOUNT, Fault, Kind, refusal
from lsp_orch.domain.result import Deferred, Ending, Outcome
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Idle
from lsp_orch.domain.task import State, Task
from tests.fixtures.clock import START
from tests.services.test_dispatcher import DONE, Yard

FIRST_S = Settings().tasks_retry_provider_s[0]
SECOND_S = Settings().tasks_retry_provider_s[1]


def no(scope: str = ACCOUNT, until: float | None = None) -> Outcome:
    fault = Fault(kind=Kind.LIMIT, scope=scope, until=until, said="no more today")
    return Outcome(result=refusal(fault), ending=Ending.PROVIDER, fault=fault, turns=1)


def idle(yard: Yard) -> Idle:
    found = yard.claim()
    assert isinstance(found, Idle)
    return found


def answered(yard: Yard, run: Task) -> None:
    yard.run(lambda tx: yard.dispatcher.answered(tx, run))


def test_an_accounts_limit_holds_everybody_and_asks_one_task_only() -> None:
    yard = Yard()
    first, *_ = [yard.add(f"{number}") for number in range(40)]
    task = yard.end(yard.start(), no(until=START + 500.0))
    assert (task.state, task.attempt, task.next_attempt_at) == (State.READY, 0, START)
    assert "no more today" in task.error
    assert "[usage-limit]" in task.error
    [(held, hold)] = idle(yard).holds.items()
    assert (held, hold.until) == (first.id, START + 500.0)
    yard.clock.advance(500.0)
    yard.start()
    assert "one run tries" in next(iter(idle(yard).holds.values())).reason


def test_a_models_limit_lets_the_others_begin() -> None:
    yard = Yard()
    yard.add("big", model="opus")
    big = yard.start()
    yard.add("small", model="haiku")
    yard.end(big, no("model opus"))
    assert yard.start().model == "haiku"
    assert set(idle(yard).holds) == {big.id}


def test_a_parked_run_does_not_go_on_to_a_model_that_says_no() -> None:
    yard = Yard()
    for title in ("parked", "other"):
        yard.add(title, model="opus")
    parked, other = yard.start(), yard.start()
    deferred = Outcome(result=Deferred(tool="Edit"))
    yard.run(lambda tx: yard.dispatcher.parked(tx, parked, deferred, "gone", "a.py", 1.0))
    yard.end(other, no("model opus"))
    assert set(idle(yard).holds) == {parked.id, other.id}
    yard.clock.advance(FIRST_S)
    assert yard.start().run == parked.run
    answered(yard, parked)
    assert yard.start().id == other.id


def test_only_the_one_that_tries_ends_a_hold_and_its_first_answer_is_enough() -> None:
    yard = Yard()
    for title in ("a", "b", "c"):
        yard.add(title, attempts=3)
    early, first = yard.start(), yard.start()
    yard.end(first, no())
    answered(yard, early)  # it may have come before the refusal
    yard.end(early, Outcome(result=DONE))
    assert idle(yard).holds
    yard.clock.advance(FIRST_S)
    probe = yard.start()
    answered(yard, probe)
    assert yard.run(lambda tx: tx.holds.all()) == []
    assert yard.start().id != probe.id


def test_a_try_in_vain_waits_longer_and_a_dead_one_is_followed_at_once() -> None:
    yard = Yard()
    for title in ("a", "b"):
        yard.add(title, attempts=3)
    yard.end(yard.start(), no())
    yard.clock.advance(FIRST_S)
    died = Refusal(code=Code.WORKER_DIED, message="it died")
    yard.end(yard.start(), Outcome(result=died))
    again = yard.start()
    assert isinstance(yard.claim(), Idle)
    yard.end(again, no())
    [hold] = yard.run(lambda tx: tx.holds.all())
    assert (hold.until, hold.tries) == (START + FIRST_S + SECOND_S, 2)


def test_one_that_nobody_serves_does_not_keep_the_others_from_being_served() -> None:
    """As with a prompt on which the provider's server breaks every time."""
    yard = Yard()
    cursed = yard.add("cursed", attempts=1)
    others = {yard.add(f"{number}").id for number in range(6)}
    for _ in range(200):
        task = yard.claim()
        if isinstance(task, Idle):
            assert task.until is not None
            yard.clock.advance(max(0.0, task.until - yard.clock.now()))
        elif task.id == cursed.id:
            assert yard.end(task, no()).attempt == 0
        else:
            answered(yard, task)
            yard.end(task, Outcome(result=DONE))
            others.discard(task.id)
        if not others:
            break
    assert not others
    met = yard.run(lambda tx: tx.attempts.of_task(cursed.id))
    assert 1 <= len(met) <= 4


@pytest.mark.parametrize("code", [Code.CLAUDE_MISSING, Code.CLAUDE_TOO_OLD])
def test_what_only_a_person_can_mend_here_is_tried_once(code: Code) -> None:
    yard = Yard()
    yard.add("a", attempts=3)
    task = yard.end(yard.start(), Outcome(result=Refusal(code=code, message="no client", hint="get one")))
    assert (task.state, task.attempt) == (State.FAILED, 1)
    assert task.error == f"no client. get one [{code}]"


def test_denied_calls_are_kept_with_the_run() -> None:
    yard = Yard()
    yard.add("a")
    run = yard.start()
    yard.end(run, Outcome(result=DONE, denials=("Bash: curl",)))
    assert yard.run(lambda tx: tx.denials.of_run(run.run)) == ["Bash: curl"]
