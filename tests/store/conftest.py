"""The contract's tests run once on each engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_orch.store.base import Store
from tests.fixtures.engines import DATABASE, Engine, PostgresEngine, SqliteEngine
from tests.fixtures.postgres import Cluster


@pytest.fixture(scope="session")
def contract(cluster: Cluster) -> Cluster:
    """A cluster with a database for the contract."""
    cluster.database(DATABASE)
    return cluster


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty store, whoever keeps it."""
    if request.param == "sqlite":
        return SqliteEngine(tmp_path / "store.db")
    return PostgresEngine(request.getfixturevalue("contract"))


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    """A connection to it."""
    store = engine.open()
    yield store
    store.close()
