"""Who calls, told from random traces, and the promise failing on seeded bugs."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_orch.domain import caller
from lsp_orch.domain.caller import Agent, Caller, Process, Trace
from tests.properties import histories
from tests.properties.seeds import Seed, method

THOROUGH = settings(histories.THOROUGH, max_examples=500)
UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=500)

PIDS = range(1, 5)
STARTS = (10.0, 50.0)
processes = st.builds(Process, pid=st.sampled_from(PIDS), started=st.sampled_from(STARTS))
agents = st.builds(
    Agent,
    session=st.sampled_from(["s1", "s2", "s3"]),
    name=st.sampled_from(["s1", "s9", "ann"]),
    seen_at=st.floats(0, 9),
    process=st.one_of(processes, st.just(Process(pid=0, started=0.0))),
    worktree=st.sampled_from(["", "", "/w1", "/w2"]),
)
traces = st.builds(
    Trace,
    ancestors=st.lists(processes, max_size=3, unique_by=lambda each: each.pid).map(tuple),
    sessions=st.lists(st.sampled_from(["s1", "s2", "s9", "ann"]), max_size=2).map(tuple),
    worktree=st.sampled_from(["", "/w1", "/ws"]),
)


def look_at_callers(options: settings) -> None:
    @options
    @given(traces, st.lists(agents, max_size=4))
    def promise(trace: Trace, here: list[Agent]) -> None:
        who = caller.identify(trace, here, "me")
        below = [
            {
                each.session
                for each in here
                if (each.process.pid, each.process.started) == (up.pid, up.started)
            }
            for up in trace.ancestors
        ]
        nearest = next((each for each in below if each), set())
        named = {each.session for each in here} & set(trace.sessions)
        there = {each.session for each in here if each.worktree and each.worktree == trace.worktree}
        if nearest:
            assert who.session in nearest, "the nearest process decides"
            assert who.session in named or not nearest & named, "of several, the one that is named"
        elif named or there:
            assert who.session in (named or there), "a session that is here, or the worktree's"
        else:
            assert who == Caller(name="me"), "nobody else is the person"
        assert (
            caller.identify(trace, [replace(each, name="x") for each in here], "y").session == who.session
        ), "a name counts"

    promise()


def test_who_calls_is_told_by_processes_then_sessions_then_worktrees_and_never_by_names() -> None:
    look_at_callers(THOROUGH)


def a_pid_is_enough(mine: Process, other: Process) -> bool:
    return mine.pid == other.pid


def no_process_is_one(*_: Process) -> bool:
    return False


def the_farthest_decides(patch: pytest.MonkeyPatch) -> None:
    right = caller.identify
    patch.setattr(
        caller,
        "identify",
        lambda trace, *rest: right(replace(trace, ancestors=trace.ancestors[::-1]), *rest),
    )


def the_environment_decides(patch: pytest.MonkeyPatch) -> None:
    right = caller.identify

    def wrong(trace: Trace, here: list[Agent], person: str) -> Caller:
        known = {each.session for each in here} & set(trace.sessions)
        return right(replace(trace, ancestors=()) if known else trace, here, person)

    patch.setattr(caller, "identify", wrong)


def an_unknown_session_counts(patch: pytest.MonkeyPatch) -> None:
    right = caller.identify

    def wrong(trace: Trace, here: list[Agent], person: str) -> Caller:
        found = right(trace, here, person)
        return Caller(name="?", session=trace.sessions[0]) if found.person and trace.sessions else found

    patch.setattr(caller, "identify", wrong)


def a_name_counts(patch: pytest.MonkeyPatch) -> None:
    right = caller.identify

    def wrong(trace: Trace, here: list[Agent], person: str) -> Caller:
        return right(trace, [replace(each, session=each.name) for each in here], person)

    patch.setattr(caller, "identify", wrong)


def the_worktree_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    right = caller.identify
    patch.setattr(caller, "identify", lambda trace, *rest: right(replace(trace, worktree=""), *rest))


SEEDS: list[tuple[Seed, str]] = [
    (method(Process, "same", a_pid_is_enough), "nearest process|nobody else|a session that is here"),
    (method(Process, "same", no_process_is_one), "nearest process"),
    (the_farthest_decides, "nearest process"),
    (the_environment_decides, "nearest process"),
    (an_unknown_session_counts, "nobody else"),
    (a_name_counts, "nearest process|a name counts|nobody else|a session that is here"),
    (the_worktree_is_not_looked_at, "the worktree's"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS)
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        look_at_callers(UNTIL_FOUND)
