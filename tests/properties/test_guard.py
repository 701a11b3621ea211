"""The guard's promises over random scenes, and each of them failing on a seeded bug."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lsp_orch.domain import guard
from lsp_orch.domain.guard import Agent, Committer, Operation, Overlap, Process, Trace
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope


def files(*names: str) -> frozenset[Scope]:
    return frozenset(Scope(Kind.FILE, f"/ws/{name}") for name in names)


# what git is asked for: paths, of which one may be a link or a submodule in a folder's place, and operations
OPERATIONS = tuple(guard.operation(each, "/ws/.git") for each in Operation)
WANTED = (*sorted(files("a", "b", "sub", "sub/a", "sub/deep/c", "subway")), *OPERATIONS)
# what may be held, and what of the above each reaches; written down here, not asked of the rules
REACH = {
    **{each: {each} for each in WANTED},
    Scope(Kind.DIR, "/ws"): files("a", "b", "sub", "sub/a", "sub/deep/c", "subway"),
    Scope(Kind.DIR, "/ws/sub"): files("sub", "sub/a", "sub/deep/c"),
    Scope(Kind.DIR, "/elsewhere"): files(),
    Scope(Kind.GLOB, "/ws/*"): files("a", "b", "sub", "subway"),
    Scope(Kind.GLOB, "/ws/**/a"): files("a", "sub/a"),
    Scope(Kind.GLOB, "/ws/sub/**/[a-c]"): files("sub/a", "sub/deep/c"),
    Scope(Kind.GLOB, "/ws/{b,sub*}"): files("b", "sub", "subway"),
    Scope(Kind.PORT, "80"): files(),
    Scope(Kind.TERMINAL, "a"): files(),
    Scope(Kind.MCP, "a"): files(),
}
EVERYTHING = tuple(sorted(REACH))

# who holds, and on whose side that is
SIDES = {
    Holder(id="editor-1", kind=Party.HUMAN, name="s1", session="editor-1"): "",
    Holder(id="user:ann", kind=Party.HUMAN, name="ann"): "",
    Holder(id="s1", kind=Party.AGENT, name="ann", session="s1"): "s1",
    Holder(id="s1/sub", kind=Party.AGENT, name="one", session="s1"): "s1",
    Holder(id="s2", kind=Party.AGENT, name="one", session="s2"): "s2",
    Holder(id="cli:s1", kind=Party.AGENT, name="s1"): "nobody's",
}
COMMITTERS = [Committer(name="ann"), Committer(name="one", session="s1"), Committer(name="x", session="s2")]

leases = st.builds(
    Lease,
    id=st.uuids().map(str),
    token=st.integers(1),
    mode=st.sampled_from(Mode),
    state=st.sampled_from(State),
    workspace=st.just("/ws"),
    scopes=st.sets(st.sampled_from(EVERYTHING), min_size=1).map(lambda each: tuple(sorted(each))),
    holder=st.sampled_from(list(SIDES)),
    reason=st.just(""),
    ttl_s=st.just(1.0),
    acquired_at=st.just(0.0),
    expires_at=st.none(),
)
THOROUGH = settings(
    max_examples=500, deadline=None, derandomize="CI" in os.environ, database=None, print_blob=True
)
UNTIL_FOUND = settings(THOROUGH, derandomize=True, phases=[Phase.generate])

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


def common(lease: Lease, wanted: set[Scope]) -> set[Scope]:
    reached = set[Scope]().union(*(REACH[held] for held in lease.scopes))
    return wanted & reached


def look_at_verdicts(options: settings) -> None:
    @options
    @given(st.sampled_from(COMMITTERS), st.sets(st.sampled_from(WANTED)), st.lists(leases, max_size=5))
    def promise(who: Committer, wanted: set[Scope], live: list[Lease]) -> None:
        verdict = guard.judge(who, sorted(wanted), live)
        refused = {each.lease.id for each in verdict.refuses}
        warned = {each.lease.id for each in verdict.warns}
        for lease in live:
            taken = lease.mode is Mode.WRITE and bool(common(lease, wanted))
            mine = SIDES[lease.holder] == who.session
            assert (lease.id in refused) == (taken and not mine), (
                "what others hold, and only that, is refused"
            )
            dirty = lease.state is State.DIRTY
            assert (lease.id in warned) == (taken and mine and dirty), (
                "what is not saved, and only that, is told"
            )
        for overlap in (*verdict.refuses, *verdict.warns):
            assert set(overlap.scopes) == common(overlap.lease, wanted), "each path is named"

    promise()


def look_at_committers(options: settings) -> None:
    @options
    @given(traces, st.lists(agents, max_size=4))
    def promise(trace: Trace, here: list[Agent]) -> None:
        who = guard.committer(trace, here, "me")
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
            assert who == Committer(name="me"), "nobody else is the person"
        assert (
            guard.committer(trace, [replace(each, name="x") for each in here], "y").session == who.session
        ), "a name counts"

    promise()


def test_what_others_hold_is_refused_and_nothing_else() -> None:
    look_at_verdicts(THOROUGH)


def test_who_commits_is_told_by_processes_then_sessions_then_worktrees_and_never_by_names() -> None:
    look_at_committers(THOROUGH)


Seed = Callable[[pytest.MonkeyPatch], None]


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    """A function that does something else."""
    return lambda patch: patch.setattr(owner, name, wrong)


def owns_by_name(who: Committer, holder: Holder) -> bool:
    return who.name == holder.name


def owns_all_agents(who: Committer, holder: Holder) -> bool:
    return who.person == (holder.kind is Party.HUMAN)


def owns_itself_only(who: Committer, holder: Holder) -> bool:
    return holder.kind is Party.HUMAN if who.person else holder.id == who.session


def first_scope_only(lease: Lease, known: frozenset[Scope]) -> tuple[Scope, ...]:
    return tuple(each for each in lease.scopes[:1] if each in known)


def files_only(lease: Lease, known: frozenset[Scope]) -> tuple[Scope, ...]:
    return tuple(each for each in lease.scopes if each in known and each.kind is Kind.FILE)


def no_folders(lease: Lease, known: frozenset[Scope]) -> tuple[Scope, ...]:
    return tuple(sorted(known.intersection(lease.scopes)))


def no_patterns(lease: Lease, known: frozenset[Scope]) -> tuple[Scope, ...]:
    plain = [each for each in lease.scopes if each.kind is not Kind.GLOB]
    return tuple(each for each in sorted(known) if any(each.overlaps(held) for held in plain))


def a_folder_is_a_prefix(lease: Lease, known: frozenset[Scope]) -> tuple[Scope, ...]:
    def meets(each: Scope, held: Scope) -> bool:
        prefix = held.kind is Kind.DIR and each.kind is Kind.FILE and each.key.startswith(held.key)
        return prefix or each.overlaps(held)

    return tuple(each for each in sorted(known) if any(meets(each, held) for held in lease.scopes))


def readers_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard, "Mode", type("Mode", (), {"WRITE": Mode.READ}))


def saved_is_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard, "State", type("State", (), {"DIRTY": State.SAVED}))


def overlaps_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard, "Overlap", lambda lease, scopes: Overlap(lease=lease, scopes=scopes[:1]))


def a_pid_is_enough(mine: Process, other: Process) -> bool:
    return mine.pid == other.pid


def no_process_is_one(*_: Process) -> bool:
    return False


def the_farthest_decides(patch: pytest.MonkeyPatch) -> None:
    right = guard.committer
    patch.setattr(
        guard,
        "committer",
        lambda trace, *rest: right(replace(trace, ancestors=trace.ancestors[::-1]), *rest),
    )


def the_environment_decides(patch: pytest.MonkeyPatch) -> None:
    right = guard.committer

    def wrong(trace: Trace, here: list[Agent], person: str) -> Committer:
        known = {each.session for each in here} & set(trace.sessions)
        return right(replace(trace, ancestors=()) if known else trace, here, person)

    patch.setattr(guard, "committer", wrong)


def an_unknown_session_counts(patch: pytest.MonkeyPatch) -> None:
    right = guard.committer

    def wrong(trace: Trace, here: list[Agent], person: str) -> Committer:
        found = right(trace, here, person)
        return Committer(name="?", session=trace.sessions[0]) if found.person and trace.sessions else found

    patch.setattr(guard, "committer", wrong)


def a_name_counts(patch: pytest.MonkeyPatch) -> None:
    right = guard.committer

    def wrong(trace: Trace, here: list[Agent], person: str) -> Committer:
        return right(trace, [replace(each, session=each.name) for each in here], person)

    patch.setattr(guard, "committer", wrong)


def the_worktree_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    right = guard.committer
    patch.setattr(guard, "committer", lambda trace, *rest: right(replace(trace, worktree=""), *rest))


VERDICTS: list[tuple[Seed, str]] = [
    (method(Committer, "owns", owns_by_name), "what others hold"),
    (method(Committer, "owns", owns_all_agents), "what others hold"),
    (method(Committer, "owns", owns_itself_only), "what others hold"),
    (method(guard, "_common", first_scope_only), "what others hold|each path is named"),
    (method(guard, "_common", files_only), "what others hold|each path is named"),
    (method(guard, "_common", no_folders), "what others hold|each path is named"),
    (method(guard, "_common", no_patterns), "what others hold|each path is named"),
    (method(guard, "_common", a_folder_is_a_prefix), "what others hold|each path is named"),
    (readers_count, "what others hold"),
    (saved_is_told, "not saved"),
    (overlaps_are_forgotten, "each path is named"),
]
COMMITTER_SEEDS: list[tuple[Seed, str]] = [
    (method(Process, "same", a_pid_is_enough), "nearest process|nobody else|a session that is here"),
    (method(Process, "same", no_process_is_one), "nearest process"),
    (the_farthest_decides, "nearest process"),
    (the_environment_decides, "nearest process"),
    (an_unknown_session_counts, "nobody else"),
    (a_name_counts, "nearest process|a name counts|nobody else|a session that is here"),
    (the_worktree_is_not_looked_at, "the worktree's"),
]


@pytest.mark.parametrize(("seed", "told"), VERDICTS)
def test_a_seeded_bug_in_the_verdict_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        look_at_verdicts(UNTIL_FOUND)


@pytest.mark.parametrize(("seed", "told"), COMMITTER_SEEDS)
def test_a_seeded_bug_in_the_committer_is_found(
    seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        look_at_committers(UNTIL_FOUND)
