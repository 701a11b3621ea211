"""Whether the store notices that it is ill."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.store.base import Store
from lsp_orch.store.health import Health
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.engines import DATABASE, PostgresEngine
from tests.fixtures.postgres import Cluster

PAGE = 4096


def test_a_sound_store_remembers_and_keeps_nothing_of_the_trial(store: Store) -> None:
    for word in ("one", "two"):  # a second trial would find what the first left
        with store.transaction() as tx:
            assert Health(tx.connection).damage() == []
            assert Health(tx.connection).remembers(word)


def test_an_index_that_no_longer_counts_and_a_trigger_that_is_off_are_found(contract: Cluster) -> None:
    store, index = PostgresEngine(contract).open(), "lsp_orch.lease_scope_writer"
    mark = "UPDATE pg_index SET indisvalid = NOT indisvalid WHERE indexrelid = CAST(%(index)s AS regclass)"
    switch = "ALTER TABLE lsp_orch.version {} TRIGGER version_newest_stay"
    contract.sql(switch.format("DISABLE"), database=DATABASE)
    contract.sql(mark, database=DATABASE, index=index)
    try:
        with store.transaction() as tx:
            assert Health(tx.connection).damage() == [
                "the index lease_scope_writer is invalid",
                "the trigger version_newest_stay is switched off",
            ]
    finally:
        contract.sql(switch.format("ENABLE"), database=DATABASE)
        contract.sql(mark, database=DATABASE, index=index)
        store.close()


def test_a_row_that_does_not_fit_its_table_is_found(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("INSERT INTO session VALUES ('s', 'ghost', 'n', 'w', 0, 0, 0, 0, '', 'alive', NULL)")
    store = SqliteStore(file)
    with store.transaction() as tx:
        assert Health(tx.connection).damage() == ["CHECK constraint failed in session"]
    store.close()


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    pages = bytearray(file.read_bytes())
    for number in range(1, len(pages) // PAGE):
        pages[number * PAGE : (number + 1) * PAGE] = b"\x7f" * PAGE
    file.write_bytes(pages)
    with pytest.raises(Unavailable) as caught:
        _try(file)
    assert caught.value.refusal.code is Code.STORE_CORRUPT


def _try(file: Path) -> None:
    store = SqliteStore(file)
    try:
        with store.transaction() as tx:
            Health(tx.connection).remembers("word")
    finally:
        store.close()
