"""What SQLite does when the world is against it: the right word, and nothing lost or half done."""

import sqlite3
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.leases import agent, lease


def fill(store: SqliteStore, first: int, count: int) -> None:
    """Grant in one transaction, each for a file of its own with a long name."""
    with store.transaction() as tx:
        for token in range(first, first + count):
            tx.leases.insert(lease(agent("a"), f"{token}-{'x' * 500}", token=token))


def tokens(store: SqliteStore) -> list[int]:
    with store.transaction() as tx:
        return [each.token for each in tx.leases.live()]


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"somebody's diary\n" * 1000)
    with pytest.raises(Unavailable, match=f"{path} is damaged") as caught:
        SqliteStore(path)
    assert caught.value.refusal.code is Code.STORE_CORRUPT
    assert "keep a copy" in caught.value.refusal.hint
    assert path.read_bytes() == b"somebody's diary\n" * 1000
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    fill(store, 1, 100)
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + b"\xff" * (len(whole) // 2))
    store = SqliteStore(path)
    with pytest.raises(Unavailable, match=f"{path} is damaged") as caught:
        tokens(store)
    assert caught.value.refusal.code is Code.STORE_CORRUPT
    store.close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, where a folder must be", encoding="utf-8")
    path = tmp_path / "home" / "store.db"
    with pytest.raises(Unavailable, match=f"{path} cannot be written") as caught:
        SqliteStore(path)
    assert caught.value.refusal.code is Code.HOME_READ_ONLY
    assert "LSP_ORCH_HOME" in caught.value.refusal.hint


def test_a_store_that_becomes_read_only_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store._db.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable) as caught:
        fill(store, 1, 1)
    assert caught.value.refusal.code is Code.HOME_READ_ONLY
    store.close()


def test_a_full_disk_undoes_the_whole_transaction_and_nothing_before_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    fill(store, 1, 3)
    [pages] = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Unavailable, match="is full") as caught:
        fill(store, 4, 100)
    assert caught.value.refusal.code is Code.DISK_FULL
    assert tokens(store) == [1, 2, 3]
    store._db.execute(f"PRAGMA max_page_count = {pages + 1000}")
    fill(store, 4, 1)
    assert tokens(store) == [1, 2, 3, 4]
    store.close()


def test_an_error_inside_undoes_the_transaction() -> None:
    store = SqliteStore()

    def stumble() -> None:
        with store.transaction() as tx:
            tx.leases.insert(lease(agent("a"), "x.py"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert tokens(store) == []
    store.close()


def test_a_bug_of_ours_keeps_its_own_words() -> None:
    store = SqliteStore()
    with pytest.raises(sqlite3.ProgrammingError), store.transaction() as tx:
        tx.connection.run("lease.delete")
    store.close()
