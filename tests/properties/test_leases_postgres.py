"""The same histories on PostgreSQL, fewer of them: each step is a conversation with a server."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.services.leases import Leases
from lsp_orch.store.postgres import PostgresStore
from tests.fixtures.engines import DATABASE, PostgresEngine
from tests.fixtures.postgres import Cluster
from tests.properties import histories
from tests.properties.leases import LeaseMachine

FEW = settings(histories.THOROUGH, max_examples=12, stateful_step_count=30, derandomize=True)
UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=60, stateful_step_count=30)


@pytest.fixture(scope="module")
def machine(cluster: Cluster) -> type[LeaseMachine]:
    cluster.database(f"{DATABASE}_histories")

    class PostgresMachine(LeaseMachine):
        def new_store(self) -> PostgresStore:
            return PostgresEngine(cluster, f"{DATABASE}_histories").open()

    return PostgresMachine


def test_leases_keep_every_promise_on_postgresql_too(machine: type[LeaseMachine]) -> None:
    run_state_machine_as_test(machine, settings=FEW)


def test_a_seeded_bug_is_found_there_too(
    machine: type[LeaseMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leases, "_promote", lambda *_: None)
    with pytest.raises(AssertionError, match="nothing stood before"):
        run_state_machine_as_test(machine, settings=UNTIL_FOUND)
