"""Overlap of any two scopes, against an oracle that goes through every path of a small world."""

import os
import re
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_orch.domain import glob, scope
from lsp_orch.domain.errors import Misuse
from lsp_orch.domain.scope import Kind, Scope, covered, folders, touch

# if two of the patterns below have a path in common, then one of these
NAMES = ("a", "b", "c", "aa", "ab", "ba", "bb")
WORLD = tuple("/" + "/".join(names) for depth in (1, 2, 3, 4) for names in product(NAMES, repeat=depth))

atoms = st.sampled_from(("a", "b", "*", "?", "[ab]", "[!a]", "[a-b]", "[^a]", "\\a"))
names = st.lists(atoms, min_size=1, max_size=2).map("".join).filter(lambda name: name != "**")
braces = st.tuples(names, names).map(lambda each: f"{{{each[0]},{each[1]}}}")
parts = st.one_of(names, names, braces, st.just("**"))
patterns = st.lists(parts, min_size=1, max_size=3).map(lambda each: "/" + "/".join(each))
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(lambda each: "/" + "/".join(each))
kinds_without_paths = st.sampled_from((Kind.TERMINAL, Kind.PORT, Kind.MCP, Kind.GIT))
scopes = st.one_of(
    st.builds(Scope, st.just(Kind.FILE), paths),
    st.builds(Scope, st.just(Kind.DIR), paths),
    st.builds(Scope, st.just(Kind.GLOB), patterns),
    st.builds(Scope, kinds_without_paths, st.sampled_from(("/a", "/b"))),
)


@cache
def world(one: Scope) -> frozenset[str]:
    """Every path that the scope holds."""
    match one.kind:
        case Kind.FILE:
            return frozenset((one.key,))
        case Kind.DIR:
            return frozenset(each for each in WORLD if f"{each}/".startswith(f"{one.key}/"))
        case Kind.GLOB:
            regex = re.compile(_regex(one.key))
            return frozenset(each for each in WORLD if regex.fullmatch(each))
        case _:
            return frozenset((f"{one.kind} {one.key}",))


def _regex(text: str) -> str:
    """The patterns of the strategies above, in the words of another grammar."""
    return "".join(
        "(?:/[^/]+)*" if name == "**" else f"/(?=[^/]){_name(name)}" for name in text[1:].split("/")
    )


def _name(name: str) -> str:
    for ours, theirs in (("\\a", "a"), ("[!", "[^"), ("?", "[^/]"), ("*", "[^/]*")):
        name = name.replace(ours, theirs)
    return name.replace("{", "(?:").replace(",", "|").replace("}", ")")


@settings(max_examples=1500, deadline=None, derandomize="CI" in os.environ)
@given(scopes, scopes)
def test_two_scopes_overlap_when_a_path_is_in_both(one: Scope, other: Scope) -> None:
    common = bool(world(one) & world(other))
    assert one.overlaps(other) is other.overlaps(one) is common
    assert touch((one,), (other,)) is common


@settings(max_examples=500, deadline=None, derandomize="CI" in os.environ)
@given(scopes, scopes)
def test_a_scope_covers_no_more_than_it_holds(one: Scope, other: Scope) -> None:
    if one.covers(other):
        assert world(other) <= world(one)
    if other.kind in (Kind.FILE, Kind.DIR) and one.kind in (Kind.FILE, Kind.DIR):
        assert one.covers(other) is (world(other) <= world(one))


@settings(max_examples=500, deadline=None, derandomize="CI" in os.environ)
@given(scopes)
def test_all_of_a_scope_lies_at_its_anchor_or_below(one: Scope) -> None:
    if one.on_disk:
        assert all(one.anchor in folders(each) for each in world(one))


@settings(max_examples=300, deadline=None, derandomize="CI" in os.environ)
@given(st.lists(scopes, max_size=4), st.lists(scopes, max_size=4))
def test_many_touch_when_any_two_do(some: list[Scope], others: list[Scope]) -> None:
    assert touch(some, others) is any(one.overlaps(other) for one in some for other in others)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/w/src/**/*.py", "/w/src/a.py", True),
        ("/w/src/**/*.py", "/w/src/deep/er/a.py", True),
        ("/w/src/**/*.py", "/w/other/a.py", False),
        ("/w/*", "/w/src/a.py", False),
        ("/w/.*", "/w/.env", True),
        ("/w/[]]", "/w/]", True),
        ("/w/[!]]", "/w/]", False),
        ("/w/[a", "/w/[a", True),
        ("/w/{a", "/w/{a", True),
        ("/w/{a}", "/w/{a}", True),
        ("/w/{a,{b,c}d}/x", "/w/cd/x", True),
        ("/w/{a,b/c}", "/w/b/c", True),
        ("/w/\\*", "/w/*", True),
        ("/w/\\*", "/w/a", False),
        ("/w/a**b", "/w/axxb", True),
        ("/w/[z-a]", "/w/m", False),
        ("/w/é?", "/w/éx", True),
    ],
)
def test_a_pattern_is_read_as_people_write_it(pattern: str, path: str, matches: bool) -> None:  # noqa: FBT001 - a table
    assert Scope(Kind.GLOB, pattern).overlaps(Scope(Kind.FILE, path)) is matches
    assert Scope(Kind.GLOB, pattern).among([path]) == [path] * matches


def test_a_path_that_almost_matches_many_stars_is_told_at_once() -> None:
    """Each would be tried in each place, if one place were not as good as the next: for years."""
    name, folders = f"/w/{'*a' * 60}*b", f"/w{'/**/*a' * 60}/b"
    assert not Scope(Kind.GLOB, name).overlaps(Scope(Kind.FILE, f"/w/{'a' * 250}"))
    assert not Scope(Kind.GLOB, folders).overlaps(Scope(Kind.FILE, f"/w{'/aa' * 80}"))
    assert Scope(Kind.GLOB, name).overlaps(Scope(Kind.FILE, f"/w/{'a' * 250}b"))
    assert Scope(Kind.GLOB, folders).overlaps(Scope(Kind.FILE, f"/w{'/aa' * 80}/b"))


@given(patterns, paths)
def test_to_match_is_to_meet(pattern: str, path: str) -> None:
    meets = any(glob.meet(each, glob.literal(path)) for each in glob.parse(pattern))
    assert glob.matches(pattern, path) is meets


@given(st.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text))
def test_an_escaped_path_stands_for_itself_only(name: str) -> None:
    path = "/" + "/".join(filter(None, name.split("/")))
    (pattern,) = glob.parse(glob.escape(path))
    assert pattern == glob.literal(path)


@pytest.mark.parametrize("pattern", ["/w/**", "/w/**/*", "/w/*/**", "/w/{x,**}", "/w/**/**/*"])
def test_what_matches_everything_is_seen(pattern: str) -> None:
    assert glob.everywhere(glob.parse(pattern), "/w")


@pytest.mark.parametrize("pattern", ["/w/*", "/w/**/*.py", "/w/x/**", "/v/**"])
def test_what_matches_less_is_seen(pattern: str) -> None:
    assert not glob.everywhere(glob.parse(pattern), "/w")


@pytest.mark.parametrize("pattern", ["/w/" + "{a,b}" * 7, "/w/" + "a" * 5000], ids=["braces", "long"])
def test_a_pattern_without_bounds_is_refused(pattern: str) -> None:
    with pytest.raises(Misuse):
        glob.parse(pattern)


def test_a_terminal_is_no_file_of_the_same_name() -> None:
    assert not touch([Scope(Kind.TERMINAL, "/w/a")], [Scope(Kind.FILE, "/w/a")])
    assert not covered(Scope(Kind.PORT, "80"), [Scope(Kind.DIR, "/")])


@pytest.mark.parametrize(
    "seed",
    [
        ("_holds", lambda folder, path: path.startswith(folder.key)),
        ("_reach", lambda some, others: False),  # noqa: ARG005 - what it replaces takes two
    ],
    ids=["a name that begins alike is taken for a folder", "broad scopes are not looked at"],
)
def test_a_seeded_bug_is_found(seed: tuple[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, *seed)
    with pytest.raises(AssertionError):
        test_two_scopes_overlap_when_a_path_is_in_both()
