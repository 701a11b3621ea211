"""Providers that have said no, and calls that were denied, on each engine."""

from dataclasses import replace

import pytest

from lsp_orch.domain.fault import ACCOUNT, Kind
from lsp_orch.domain.hold import ProviderHold
from lsp_orch.domain.task import State
from lsp_orch.store.base import Store
from tests.fixtures.engines import Engine
from tests.fixtures.tasks import a_task, claimed

HOLD = ProviderHold(scope=ACCOUNT, until=160.5, kind=Kind.LIMIT, said="no more today", since=100.25)


def test_a_hold_is_kept_changed_and_ended_and_outlives_its_connection(engine: Engine) -> None:
    store = engine.open()
    of_model = replace(HOLD, scope="model opus", since=200.0)
    with store.transaction() as tx:
        tx.holds.keep(of_model)
        tx.holds.keep(HOLD)
    store.close()
    store = engine.open()
    changed = replace(HOLD, until=900.0, kind=Kind.BUSY, said="", tries=2, probe=7)
    with store.transaction() as tx:
        assert tx.holds.all() == [HOLD, of_model]
        tx.holds.keep(changed)
    with store.transaction() as tx:
        assert tx.holds.all() == [changed, of_model]
        tx.holds.end(ACCOUNT)
        tx.holds.end("nobody")
        assert tx.holds.all() == [of_model]
    store.close()


@pytest.mark.parametrize("wrong", [replace(HOLD, scope=""), replace(HOLD, tries=0)], ids=["scope", "tries"])
def test_the_schema_refuses_what_is_no_hold(store: Store, wrong: ProviderHold) -> None:
    with pytest.raises(Exception, match=r"(?i)check"), store.transaction() as tx:
        tx.holds.keep(wrong)


def test_denials_are_kept_in_their_order(store: Store) -> None:
    task = replace(a_task(State.PENDING), attempts=3)
    with store.transaction() as tx:
        tx.tasks.insert(task)
        assert tx.tasks.update(task, replace(task, state=State.READY))
        run = claimed(tx, "s")
        assert run
        tx.denials.insert(run.run, ["Bash: b", "Bash: a"])
        assert tx.denials.of_run(run.run) == ["Bash: b", "Bash: a"]
        assert tx.denials.of_run(0) == []
