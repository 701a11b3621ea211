"""Versions as rows: what goes in comes out, in order, and the last of a path stay whatever happens above."""

from dataclasses import replace

import pytest

from lsp_orch.domain.version import NEWEST, Author, Content, Version, Why
from lsp_orch.store.base import Store
from tests.fixtures.clock import START
from tests.fixtures.engines import Engine
from tests.fixtures.versions import content, version

A = [version(number, b"%d" % number) for number in range(5)]
ABSENT = version(5, None)
OTHER = version(6, b"other", "/ws/sub/b%_.py")


@pytest.fixture(autouse=True)
def kept(store: Store) -> None:
    with store.transaction() as tx:
        for each in (*A, ABSENT, OTHER):
            tx.versions.insert(each)


def test_what_was_stored_comes_back(store: Store) -> None:
    with store.transaction() as tx:
        assert [tx.versions.by_id(each.id) for each in (A[0], ABSENT, OTHER)] == [A[0], ABSENT, OTHER]
        assert tx.versions.by_id("nonsense") is None
        for number, why in enumerate(Why):
            each = replace(version(10 + number, b"x", "/ws/why"), why=why)
            tx.versions.insert(each)
            assert tx.versions.newest("/ws/why") == each


def test_a_version_can_be_attributed_to_another(store: Store) -> None:
    author = Author(id="", name="somebody outside")
    with store.transaction() as tx:
        tx.versions.attribute(A[1].id, author, Why.FOREIGN_WRITE)
        assert tx.versions.by_id(A[1].id) == replace(A[1], by=author, why=Why.FOREIGN_WRITE)
        assert tx.versions.by_id(A[2].id) == A[2]


def test_the_newest_come_first(store: Store) -> None:
    with store.transaction() as tx:
        assert list(tx.versions.all()) == [OTHER, ABSENT, *reversed(A)]
        assert tx.versions.of_path("/ws/a.py") == [ABSENT, *reversed(A)]
        assert tx.versions.of_path("/ws/a.py", most=2) == [ABSENT, A[4]]
        assert tx.versions.newest("/ws/a.py") == ABSENT
        assert tx.versions.newest("/ws/nothing") is None


def test_before_a_time_is_really_before_it(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.versions.of_path("/ws/a.py", START + 2) == [A[1], A[0]]
        assert tx.versions.below("/ws", START + 1) == [A[0]]
        assert tx.versions.of_path("/ws/a.py", START) == []


def test_a_folder_has_what_is_below_it_and_nothing_beside_it(store: Store) -> None:
    beside = version(7, b"beside", "/ws/submarine.py")
    with store.transaction() as tx:
        tx.versions.insert(beside)
        assert tx.versions.below("/ws/sub") == [OTHER]
        assert tx.versions.below("/ws/sub/b") == tx.versions.below("/ws/s_b") == tx.versions.below("/%") == []
        assert tx.versions.below("/ws", most=2) == [beside, OTHER]
        assert tx.versions.below("") == tx.versions.below("/") == list(tx.versions.all())


def test_when_it_was_last_seen_is_stored(store: Store) -> None:
    seen = replace(ABSENT, seen_at=START + 99)
    with store.transaction() as tx:
        tx.versions.seen(seen)
        assert tx.versions.newest("/ws/a.py") == seen


def test_a_content_is_named_until_its_last_version_has_gone(store: Store, engine: Engine) -> None:
    with store.transaction() as tx:
        again = version(8, b"0", "/ws/again")
        tx.versions.insert(again)
        tx.versions.delete([A[0]])
        assert tx.versions.named(A[0].content.digest)
        assert not tx.versions.named(content(b"never").digest)
    engine.force("DELETE FROM version WHERE id = :id", id=again.id)
    with store.transaction() as tx:
        assert not tx.versions.named(A[0].content.digest)


def test_the_last_of_a_path_stay_whatever_the_services_do(store: Store, engine: Engine) -> None:
    with store.transaction() as tx:
        tx.versions.delete(A[:2])
    for each in (*A[2:], ABSENT, OTHER):
        with pytest.raises(engine.refused, match="the newest of a path stay"):
            _delete(store, each)
    with store.transaction() as tx:
        of_path = tx.versions.of_path("/ws/a.py")
    assert of_path == [ABSENT, *reversed(A[2:])]
    assert len([each for each in of_path if not each.content.absent]) == NEWEST


@pytest.mark.parametrize(
    "wrong",
    [
        replace(A[0], id="x", path=""),
        replace(A[0], id="x", content=Content(digest="abc", size=1)),
        replace(A[0], id="x", content=Content(digest="", size=1)),
        replace(A[0], id="x", seen_at=START - 1),
        A[0],
    ],
    ids=["no path", "half a digest", "bytes of no file", "seen before it was kept", "an id used twice"],
)
def test_the_database_refuses(store: Store, engine: Engine, wrong: Version) -> None:
    with pytest.raises(engine.refused), store.transaction() as tx:
        tx.versions.insert(wrong)


def _delete(store: Store, version: Version) -> None:
    with store.transaction() as tx:
        tx.versions.delete([version])
