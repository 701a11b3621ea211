"""Which store a setting opens, and that a file has one daemon."""

import os
import sys
from pathlib import Path

import pytest

from lsp_orch.adapters.places import Places
from lsp_orch.daemon.stores import OwnSqlite, open_store
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.lease import Party
from lsp_orch.domain.session import Session
from lsp_orch.store.postgres import PostgresStore
from tests.fixtures.postgres import Cluster


def places(root: Path, instance: str = "default") -> Places:
    return Places(instance=instance, config=root, data=root, log=root, state=root)


def test_a_file_has_one_daemon_whatever_it_is_called(tmp_path: Path) -> None:
    first = open_store(f"sqlite:///{tmp_path}/store.db", places(tmp_path))
    (tmp_path / "other.db").symlink_to(tmp_path / "store.db")
    for name in ("store.db", "other.db", "../" + tmp_path.name + "/store.db"):
        with pytest.raises(Unavailable, match=rf"another daemon \(pid {os.getpid()}\) uses") as caught:
            open_store(f"sqlite:///{tmp_path}/{name}", places(tmp_path))
        assert caught.value.refusal.code is Code.STORE_IN_USE
        assert "postgresql://" in caught.value.refusal.hint
    first.close()
    open_store(f"sqlite:///{tmp_path}/store.db", places(tmp_path)).close()


def test_a_file_that_cannot_be_opened_is_not_kept_from_the_next(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"somebody's diary\n" * 1000)
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            OwnSqlite(str(path))
        assert caught.value.refusal.code is Code.STORE_CORRUPT


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written") as caught:
        OwnSqlite(str(tmp_path / "nowhere" / "store.db"))
    assert caught.value.refusal.code is Code.HOME_READ_ONLY


def test_a_store_in_memory_needs_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    OwnSqlite(":memory:").close()
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_shared_by_daemons_that_can_be_told_apart(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.database("shared_by_daemons")
    session = Session(
        id="s", kind=Party.AGENT, name="s", workspace="/", pid=1, started=1.0, connected_at=1.0, seen_at=1.0
    )
    stores = [
        open_store(url, places(tmp_path, "one")),
        open_store(url, places(tmp_path, "two")),
        open_store(url, places(tmp_path / "elsewhere", "one")),
    ]
    with stores[0].transaction() as tx:
        tx.sessions.upsert(session)
    own = []
    for store in stores:
        assert isinstance(store, PostgresStore)
        with store.transaction() as tx:
            own.append(tx.sessions.own())
            assert tx.sessions.all() == [session]
        store.close()
    cluster.drop("shared_by_daemons")
    assert own == [[session], [], []]


def test_without_psycopg_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("lsp_orch.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Unavailable) as caught:
        open_store("postgresql://ada@db/team", places(tmp_path))
    assert caught.value.refusal.code is Code.STORE_UNREACHABLE
    assert caught.value.refusal.hint.endswith("pip install 'lsp-orch[postgres]'")
