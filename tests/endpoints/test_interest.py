"""The files that matter, and the folders that are watched for them."""

from typing import Any

import pytest

from lsp_orch.domain.scope import Scope
from lsp_orch.endpoints import interest as module
from lsp_orch.endpoints.interest import Interest, Place
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
    interest.read("/ws/y", "b", START + 5)
    assert folders.now == {"/ws": "read"}
    interest.granted(held)
    assert folders.now == {"/ws": "held"}
    interest.read("/ws/x", "b", START + 5)
    assert (interest.since("/ws/x"), interest.since("/ws/y")) == (START, START + 5)
    interest.ended(held)
    assert folders.now == {"/ws": "read"}
    assert interest.within("/ws") == ("/ws/x", "/ws/y")
    assert interest.readers("/ws/x") == ("b",)


def test_the_least_recently_read_are_forgotten(interest: Interest, folders: Folders) -> None:
    for path in ("/one/x", "/two/x", "/one/x", "/three/x"):
        interest.read(path, "a", START)
    assert folders.now == {"/one": "read", "/three": "read"}
    interest.granted(lease(A, "x"))
    interest.read("/ws/x", "a", START)
    interest.read("/four/x", "a", START)
    interest.read("/five/x", "a", START)
    assert folders.now == {"/ws": "held", "/four": "read", "/five": "read"}, "what is held is not forgotten"
    assert interest.readers("/ws/x") == ()


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


def test_all_below_a_tree_matters(
    interest: Interest, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tree(scope: Scope) -> Place:
        return Place(scope.key, tree=True)

    monkeypatch.setattr(module, "place", tree)
    first, second = lease(A, "src", token=1), lease(B, "src", token=2)
    for each in (first, second):
        interest.granted(each)
    assert folders.now == {"/ws/src": "tree"}
    assert [interest.matters(each) for each in ("/ws/src/deep/x", "/ws/src", "/ws/srcs/x")] == [
        True,
        True,
        False,
    ]
    assert interest.in_tree("/ws/src/deep/x")
    assert interest.since("/ws/src/deep/x") == START
    interest.ended(first)
    assert interest.matters("/ws/src/deep/x")
    interest.ended(second)
    assert not interest.matters("/ws/src/deep/x")
    assert folders.now == {}
