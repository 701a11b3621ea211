"""Pauses, on each engine."""

from dataclasses import replace

from lsp_orch.domain.pause import Pause
from tests.fixtures.engines import Engine

ALL = Pause(workspace="", why="", by="ada", at=100.25)


def test_a_pause_is_kept_changed_and_ended_and_outlives_its_connection(engine: Engine) -> None:
    store, one = engine.open(), replace(ALL, workspace="/w", why="a demo")
    with store.transaction() as tx:
        tx.pauses.keep(one)
        tx.pauses.keep(ALL)
    store.close()
    store, changed = engine.open(), replace(one, why="", by="bob", at=200.0)
    with store.transaction() as tx:
        assert tx.pauses.all() == [ALL, one]
        tx.pauses.keep(changed)
    with store.transaction() as tx:
        assert tx.pauses.end("")
        assert not tx.pauses.end("/elsewhere")
        assert tx.pauses.all() == [changed]
    store.close()
