"""Named queries: each one is sound and used, and no name is asked for that is not there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import lsp_orch
from lsp_orch.store import queries
from lsp_orch.store.sqlite import SqliteStore

CALLS = {"all", "one", "run"}


def asked_for() -> Iterator[str]:
    """The names that the code hands to a connection."""
    for path in Path(lsp_orch.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=called), args=[ast.Constant(value=str(name)), *_]):
                    if called in CALLS and re.fullmatch(r"\w+\.\w+", name):
                        yield name


@pytest.mark.parametrize("name", sorted(queries.load()))
def test_every_query_means_something_to_the_database(name: str) -> None:
    store, text = SqliteStore(), queries.load()[name]
    if name.startswith("health.scratch") and name != "health.scratch_make":
        store._db.execute(queries.load()["health.scratch_make"])
    store._db.execute(f"EXPLAIN {text}", dict.fromkeys(re.findall(r":(\w+)", text)))
    store.close()


def test_every_query_is_used_and_every_name_is_there() -> None:
    assert set(asked_for()) == set(queries.load())
