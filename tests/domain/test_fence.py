"""What is fenced: all that others hold in a folder, nothing of one's own, and nothing that nobody holds."""

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_orch.domain import fence as fence_module
from lsp_orch.domain import glob
from lsp_orch.domain.fence import fence
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.domain.scope import Kind, Scope
from tests.fixtures.leases import agent, lease, person

PROGRAM = Holder(id="cli:bot", kind=Party.AGENT, name="bot")  # no client of a session
HOLDERS = [agent("me"), agent("me/sub", "me"), agent("other"), person("ann"), PROGRAM]
NAMES = ["a", "b", "[x]", "f*o"]
PATHS = [f"/{posixpath.join(*parts)}" for parts in (("w",), ("w", "a"), ("w", "a", "b"), ("wa",), ("x", "a"))]
PATHS += [f"/w/{name}" for name in NAMES] + [f"/w/a/{name}" for name in NAMES]

scopes = st.one_of(
    st.builds(Scope, st.sampled_from((Kind.FILE, Kind.DIR)), st.sampled_from(PATHS)),
    st.builds(
        Scope,
        st.just(Kind.GLOB),
        st.sampled_from([f"{glob.escape(path)}/**" for path in PATHS] + ["/w/*.py", "/**", "/w/{a,b}/**"]),
    ),
    st.just(Scope(Kind.PORT, "80")),
)
leases = st.lists(
    st.builds(
        lambda holder, held: replace(lease(holder, "x"), scopes=tuple(held)),
        st.sampled_from(HOLDERS),
        st.lists(scopes, min_size=1, max_size=3),
    ),
    max_size=6,
)


def others(live: Iterable[Lease], *, shared: bool) -> list[Scope]:
    """Those that must stand in the way, by who holds them."""
    found: list[Scope] = []
    for each in live:
        mine = each.holder.id.partition("/")[0] == "me"
        client = each.holder.name.startswith("other")
        if not mine and not (shared and client):
            found += each.scopes
    return found


def stands(path: str, fences: Iterable[str]) -> bool:
    return any(path == each or path.startswith(each.rstrip("/") + "/") for each in fences)


def promises(live: list[Lease], shared: bool) -> None:  # noqa: FBT001 - hypothesis names it
    fences = fence("/w", ["me"], live, shared=shared)
    against = others(live, shared=shared)
    assert list(fences) == sorted(set(fences))
    for path in [*PATHS, *(f"{path}/deep/er" for path in PATHS)]:
        file = Scope(Kind.FILE, path)
        inside = path == "/w" or path.startswith("/w/")
        held = [each for each in against if each.on_disk and each.overlaps(file)]
        sure = [each for each in held if each.kind is not Kind.GLOB or each.key.endswith("/**")]
        if not inside or not held:
            near = any(_near(each, path) for each in against)
            assert near or not stands(path, fences), "fenced for nothing"
        elif sure:
            assert stands(path, fences), "what others hold is open"


def _near(scope: Scope, path: str) -> bool:
    """Whether a path is only fenced with another: a tree with its root, what is no file with its name."""
    if scope.kind is Kind.FILE:
        return path.startswith(f"{scope.key}/")
    return scope.kind is Kind.GLOB and scope.overlaps(Scope(Kind.FILE, f"{path}/x"))


anything = given(live=leases, shared=st.booleans())


@anything
@settings(max_examples=300, deadline=None)
def test_what_others_hold_is_fenced_and_nothing_else(live: list[Lease], shared: bool) -> None:  # noqa: FBT001
    promises(live, shared)


def test_the_whole_folder_is_fenced_where_somebody_holds_all_of_it() -> None:
    whole = replace(lease(person("ann"), "x"), scopes=(Scope(Kind.DIR, "/"),))
    assert fence("/w", ["me"], [whole], shared=False) == ("/w",)


def test_a_pattern_that_takes_single_files_is_left_to_the_hook() -> None:
    some = replace(lease(person("ann"), "x"), scopes=(Scope(Kind.GLOB, "/w/*.py"),))
    assert fence("/w", ["me"], [some], shared=False) == ()


def mine_too(patch: pytest.MonkeyPatch) -> None:
    right = fence_module.fence
    patch.setitem(globals(), "fence", lambda folder, _, live, shared: right(folder, [], live, shared=shared))


def everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence_module, "_reads_settings", lambda _: False)


def no_program(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence_module, "_reads_settings", lambda each: each.holder.kind is Party.AGENT)


def no_parents(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        fence_module, "_tree", lambda folder, tree: [tree] if fence_module._below(tree, folder) else []
    )


def names_alike(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence_module, "_below", lambda path, folder: path.startswith(folder))


@pytest.mark.parametrize(
    ("seed", "told"),
    [
        (mine_too, "fenced for nothing"),
        (everybody, "fenced for nothing"),
        (no_program, "is open"),
        (no_parents, "is open"),
        (names_alike, "fenced for nothing"),
    ],
)
def test_a_seeded_bug_is_found(
    seed: Callable[[pytest.MonkeyPatch], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(monkeypatch)
    until_found = settings(max_examples=1000, deadline=None, derandomize=True, database=None)
    with pytest.raises(Exception, match=told):
        settings(until_found, report_multiple_bugs=False)(anything(promises))()
