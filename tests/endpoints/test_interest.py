"""The files that matter, and the folders that are watched for them."""

from dataclasses import replace
from typing import Any

import pytest

from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.endpoints.hooks.intent import SHELL
from lsp_orch.endpoints.interest import Interest
from tests.fixtures.clock import START
from tests.fixtures.leases import agent, lease

A, B = agent("a"), agent("b")


class Folders:
    """Remembers what is to be watched: held or only read."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []

    def need(self, folder: str, *, held: bool) -> None:
        self.calls.append(("need", folder))
        self.now[folder] = "held" if held else "read"

    def drop(self, folder: str) -> None:
        self.calls.append(("drop", folder))
        del self.now[folder]

    def need_tree(self, root: str) -> None:
        assert root not in self.now
        self.now[root] = "tree"

    def drop_tree(self, root: str) -> None:
        del self.now[root]

    def watching(self) -> Any: ...


@pytest.fixture
def folders() -> Folders:
    return Folders()


@pytest.fixture
def interest(folders: Folders) -> Interest:
    return Interest(folders, most_read=2, spare=0)


def test_a_held_file_matters_until_the_last_lease_on_it_ends(interest: Interest, folders: Folders) -> None:
    first, second = lease(A, "src/x", "y", token=1), lease(B, "src/x", token=2)
    for each in (first, second):
        interest.granted(each)
    assert folders.now == {"/ws/src": "held", "/ws": "held"}
    interest.ended(first)
    assert folders.now == {"/ws/src": "held"}
    assert interest.matters("/ws/src/x")
    assert interest.matters("/ws/src")
    assert not interest.matters("/ws/y")
    interest.ended(second)
    interest.ended(second)  # told twice is told once
    assert folders.now == {}
    assert not interest.matters("/ws/src/x")


def test_a_read_file_is_watched_as_such_beside_held_ones(interest: Interest, folders: Folders) -> None:
    held = lease(A, "x")
    interest.read("/ws/y", START + 5)
    assert folders.now == {"/ws": "read"}
    interest.granted(held)
    assert folders.now == {"/ws": "held"}
    interest.read("/ws/x", START + 5)
    assert (interest.since("/ws/x"), interest.since("/ws/y")) == (START, START + 5)
    interest.ended(held)
    assert folders.now == {"/ws": "read"}
    assert interest.within("/ws") == ("/ws/x", "/ws/y")
    interest.forgotten(["/ws/x", "/ws/never read"])
    assert interest.within("/ws") == ("/ws/y",)
    interest.forgotten(["/ws/y"])
    assert folders.now == {}


def test_the_least_recently_read_are_forgotten(interest: Interest, folders: Folders) -> None:
    for path in ("/one/x", "/two/x", "/one/x", "/three/x"):
        interest.read(path, START)
    assert folders.now == {"/one": "read", "/three": "read"}
    interest.granted(lease(A, "x"))
    interest.read("/ws/x", START)
    interest.read("/four/x", START)
    interest.read("/five/x", START)
    assert folders.now == {"/ws": "held", "/four": "read", "/five": "read"}, "what is held is not forgotten"
    interest.ended(lease(A, "x"))
    assert not interest.matters("/ws/x"), "but that it was read is"


def test_what_is_held_again_and_again_costs_the_watch_nothing(folders: Folders) -> None:
    interest = Interest(folders, spare=1)
    for token in range(3):
        held = lease(A, "x", token=token)
        interest.granted(held)
        interest.ended(held)
    assert folders.calls == [("need", "/ws")]
    assert not interest.matters("/ws/x")
    assert interest.within("/ws") == ()
    interest.granted(other := lease(A, "src/x"))
    interest.ended(other)
    assert folders.calls == [("need", "/ws"), ("need", "/ws/src"), ("drop", "/ws")]
    assert folders.now == {"/ws/src": "held"}


def holding(kind: Kind, key: str, token: int = 1, reason: str = "") -> Lease:
    return replace(lease(A, token=token), scopes=(Scope(kind, key),), workspace="/ws", reason=reason)


def mattering(interest: Interest, *paths: str) -> list[str]:
    return [each for each in paths if interest.matters(each)]


def test_all_below_a_held_folder_matters(interest: Interest, folders: Folders) -> None:
    first, second = holding(Kind.DIR, "/ws/src"), holding(Kind.DIR, "/ws/src", token=2)
    for each in (first, second):
        interest.granted(each)
    assert folders.now == {"/ws/src": "tree"}
    inside = ["/ws/src/deep/x", "/ws/src"]
    assert mattering(interest, *inside, "/ws/srcs/x", "/ws/x") == inside
    assert interest.in_tree("/ws/src/deep/x")
    assert interest.since("/ws/src/deep/x") == START
    interest.ended(first)
    assert mattering(interest, *inside) == inside
    for _ in range(2):  # told twice is told once
        interest.ended(second)
    assert mattering(interest, *inside) == []
    assert folders.now == {}


def test_of_a_pattern_matters_what_it_matches(interest: Interest, folders: Folders) -> None:
    pattern, whole = holding(Kind.GLOB, "/ws/src/**/*.py"), holding(Kind.DIR, "/ws/src", token=2)
    interest.granted(pattern)
    assert folders.now == {"/ws/src": "tree"}
    matches = ["/ws/src/x.py", "/ws/src/a/b/x.py"]
    assert mattering(interest, *matches, "/ws/src/x.txt", "/ws/x.py") == matches
    interest.granted(whole)
    interest.ended(pattern)
    assert mattering(interest, *matches, "/ws/src/x.txt") == [*matches, "/ws/src/x.txt"]
    assert folders.now == {"/ws/src": "tree"}, "one watch, however many need it"
    interest.ended(whole)
    assert folders.now == {}


@pytest.mark.parametrize(
    ("kind", "key"), [(Kind.PORT, "8080"), (Kind.TERMINAL, "main"), (Kind.GIT, "commit /ws/.git")]
)
def test_what_is_no_path_is_not_watched(interest: Interest, folders: Folders, kind: Kind, key: str) -> None:
    interest.granted(held := holding(kind, key))
    interest.ended(held)
    assert folders.calls == []


def test_the_workspace_of_a_shell_that_nobody_can_tell_about_is_not_watched(
    interest: Interest, folders: Folders
) -> None:
    """Its own writes and a stranger's cannot be told apart, and it is gone in a moment."""
    shell = holding(Kind.DIR, "/ws", reason=SHELL)
    shell = replace(shell, scopes=(*shell.scopes, Scope(Kind.FILE, "/ws/out/x"), Scope(Kind.DIR, "/ws/gen")))
    interest.granted(shell)
    assert folders.now == {"/ws/out": "held", "/ws/gen": "tree"}
    interest.ended(shell)
    assert folders.now == {}
    interest.granted(holding(Kind.DIR, "/ws", token=2, reason="tidying up"))
    assert folders.now == {"/ws": "tree"}
