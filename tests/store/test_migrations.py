"""A store grows with its program, never half, and is never opened by an older one."""

import sqlite3
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.store import queries
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.leases import WORKSPACE, agent, file, lease

# what `lease(agent("a"), "x.py")` was in the first format
AS_IT_WAS = """
INSERT INTO lease VALUES ('lease-1', 1, 'write', 'held', '/ws', 'a', 'agent', 'a', 'a', '', 120.0,
    1800000000.0, 1800000120.0);
INSERT INTO lease_scope VALUES ('lease-1', 'file', '/ws/x.py', 'write');
INSERT INTO fence VALUES ('file', '/ws/x.py', 1);
"""
NEWEST = queries.migrations()[-1][0]


def version(path: Path) -> int:
    with sqlite3.connect(path) as db:
        found = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return int(found)


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as db:
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    db.close()
    return names


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [number for number, _ in queries.migrations()] == list(range(1, NEWEST + 1))


def test_a_fresh_store_has_the_newest_format(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqliteStore(path).close()
    assert version(path) == NEWEST
    assert {"lease", "waiter", "session", "fence"} <= tables(path)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqliteStore(path).close()
    before = path.read_bytes()
    SqliteStore(path).close()
    assert path.read_bytes() == before


def test_an_older_store_is_brought_forward_with_all_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, held, first = tmp_path / "store.db", lease(agent("a"), "x.py"), queries.migrations()[:1]
    with monkeypatch.context() as patch:
        patch.setattr(queries, "migrations", lambda: first)
        SqliteStore(path).close()
    with sqlite3.connect(path) as db:
        db.executescript(AS_IT_WAS)
    db.close()
    assert version(path) == 1
    store = SqliteStore(path)
    with store.transaction() as tx:
        assert tx.leases.live() == [held]
        assert tx.leases.touching([Scope(Kind.DIR, WORKSPACE)]) == [held]
        assert tx.leases.fence(file("x.py")) == 1
    store.close()
    assert version(path) == NEWEST


def test_a_newer_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {NEWEST + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(Unavailable, match=f"{path} was written by a newer lsp-orch") as caught:
        SqliteStore(path)
    assert caught.value.refusal.code is Code.STORE_NEWER
    assert "upgrade" in caught.value.refusal.hint
    assert path.read_bytes() == before


def test_a_migration_that_stops_half_way_is_undone_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    SqliteStore(path).close()
    half = (NEWEST + 1, "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);")
    with monkeypatch.context() as patch:
        known = [*queries.migrations(), half]
        patch.setattr(queries, "migrations", lambda: known)
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            SqliteStore(path)
    assert version(path) == NEWEST
    assert "half" not in tables(path)
    store = SqliteStore(path)
    with store.transaction() as tx:  # and nothing is locked
        tx.leases.insert(lease(agent("a"), "x.py"))
    store.close()
