"""The life of a session is one table: who was reaped must register anew, whatever else happens."""

import itertools
from dataclasses import replace

import pytest

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.lease import Party
from lsp_orch.domain.session import STEPS, Session, State, Step, advance, judge, refuse_reaped
from lsp_orch.domain.settings import Settings
from tests.fixtures.clock import START

SETTINGS = Settings()


def a_session(state: State = State.ALIVE, pid: int = 0, kind: Party = Party.AGENT) -> Session:
    return Session(
        id="s1",
        kind=kind,
        name="Ada",
        workspace="/w",
        pid=pid,
        started=1.0,
        connected_at=START,
        seen_at=START,
        state=state,
        reaped_at=START if state is State.REAPED else None,
    )


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_a_step_is_taken_or_refused_as_the_table_says(state: State, step: Step) -> None:
    if (state, step) in STEPS:
        after = advance(a_session(state), step, START + 5)
        assert after.state is STEPS[state, step]
        assert after.reaped_at == (START + 5 if after.state is State.REAPED else None)
    else:
        with pytest.raises(Misuse, match=f"a session that is {state} knows no {step}"):
            advance(a_session(state), step, START)


def test_who_was_reaped_comes_back_by_registering_and_by_nothing_else() -> None:
    assert [step for state, step in STEPS if state is State.REAPED] == [Step.REGISTER]
    assert {state for (state, _), to in STEPS.items() if to is State.REAPED} == {State.DEAD}


@pytest.mark.parametrize(
    ("silent_s", "step"), [(89, None), (90, Step.DOUBT), (299, Step.DOUBT), (300, Step.LOSE)]
)
def test_who_has_no_known_process_is_judged_by_silence(silent_s: float, step: Step | None) -> None:
    assert judge(a_session(), START + silent_s, SETTINGS, gone=False) is step


@pytest.mark.parametrize("session", [a_session(pid=7), a_session(kind=Party.HUMAN)])
def test_a_process_or_a_connection_says_for_itself_that_it_lives(session: Session) -> None:
    assert judge(session, START + 1e6, SETTINGS, gone=False) is None


def test_a_process_that_is_gone_is_a_death_at_once_and_only_once() -> None:
    assert judge(a_session(pid=7), START, SETTINGS, gone=True) is Step.LOSE
    assert judge(a_session(State.DEAD, pid=7), START, SETTINGS, gone=True) is None
    assert judge(a_session(State.SUSPECT), START + 91, SETTINGS, gone=False) is None


def test_a_patience_shorter_than_the_doubt_is_kept() -> None:
    hasty = replace(SETTINGS, reaper_dead_s=10.0)
    assert judge(a_session(), START + 10, hasty, gone=False) is Step.LOSE


def test_the_refusal_says_what_to_do() -> None:
    refusal = refuse_reaped(a_session(State.REAPED))
    assert refusal.code is Code.SESSION_REAPED
    assert "read them again" in refusal.hint
