"""The guard's promises over random scenes, and each of them failing on a seeded bug."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_orch.domain import guard
from lsp_orch.domain.caller import Caller
from lsp_orch.domain.guard import Operation, Overlap
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope
from tests.properties import histories
from tests.properties.seeds import Seed, method


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
CALLERS = [Caller(name="ann"), Caller(name="one", session="s1"), Caller(name="x", session="s2")]

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
THOROUGH = settings(histories.THOROUGH, max_examples=500)
UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=500)


def common(lease: Lease, wanted: set[Scope]) -> set[Scope]:
    reached = set[Scope]().union(*(REACH[held] for held in lease.scopes))
    return wanted & reached


def look_at_verdicts(options: settings) -> None:
    @options
    @given(st.sampled_from(CALLERS), st.sets(st.sampled_from(WANTED)), st.lists(leases, max_size=5))
    def promise(who: Caller, wanted: set[Scope], live: list[Lease]) -> None:
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


def test_what_others_hold_is_refused_and_nothing_else() -> None:
    look_at_verdicts(THOROUGH)


def owns_by_name(who: Caller, holder: Holder) -> bool:
    return who.name == holder.name


def owns_all_agents(who: Caller, holder: Holder) -> bool:
    return who.person == (holder.kind is Party.HUMAN)


def owns_itself_only(who: Caller, holder: Holder) -> bool:
    return holder.kind is Party.HUMAN if who.person else holder.id == who.session


def first_scope_only(lease: Lease, known: frozenset[Scope], _: Sequence[str]) -> tuple[Scope, ...]:
    return tuple(each for each in lease.scopes[:1] if each in known)


def files_only(lease: Lease, known: frozenset[Scope], _: Sequence[str]) -> tuple[Scope, ...]:
    return tuple(each for each in lease.scopes if each in known and each.kind is Kind.FILE)


def no_folders(lease: Lease, known: frozenset[Scope], _: Sequence[str]) -> tuple[Scope, ...]:
    return tuple(sorted(known.intersection(lease.scopes)))


def no_patterns(lease: Lease, known: frozenset[Scope], _: Sequence[str]) -> tuple[Scope, ...]:
    plain = [each for each in lease.scopes if each.kind is not Kind.GLOB]
    return tuple(each for each in sorted(known) if any(each.overlaps(held) for held in plain))


def a_folder_is_a_prefix(lease: Lease, known: frozenset[Scope], _: Sequence[str]) -> tuple[Scope, ...]:
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


VERDICTS: list[tuple[Seed, str]] = [
    (method(Caller, "owns", owns_by_name), "what others hold"),
    (method(Caller, "owns", owns_all_agents), "what others hold"),
    (method(Caller, "owns", owns_itself_only), "what others hold"),
    (method(guard, "_common", first_scope_only), "what others hold|each path is named"),
    (method(guard, "_common", files_only), "what others hold|each path is named"),
    (method(guard, "_common", no_folders), "what others hold|each path is named"),
    (method(guard, "_common", no_patterns), "what others hold|each path is named"),
    (method(guard, "_common", a_folder_is_a_prefix), "what others hold|each path is named"),
    (readers_count, "what others hold|not saved"),
    (saved_is_told, "not saved"),
    (overlaps_are_forgotten, "each path is named"),
]


@pytest.mark.parametrize(("seed", "told"), VERDICTS)
def test_a_seeded_bug_in_the_verdict_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        look_at_verdicts(UNTIL_FOUND)
