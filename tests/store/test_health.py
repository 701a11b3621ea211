"""Whether the store notices that it is ill."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.store.health import Health
from lsp_orch.store.sqlite import SqliteStore

PAGE = 4096


def test_a_sound_store_remembers_and_keeps_nothing_of_the_trial() -> None:
    store = SqliteStore()
    for word in ("one", "two"):  # a second trial would find what the first left
        with store.transaction() as tx:
            assert Health(tx.connection).damage() == []
            assert Health(tx.connection).remembers(word)
    store.close()


def test_a_row_that_does_not_fit_its_table_is_found(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("INSERT INTO session VALUES ('s', 'ghost', 'n', 'w', 0, 0, 0, 0, 'alive', NULL)")
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
