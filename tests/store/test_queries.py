"""Named queries: each one is sound and used on each engine, and no name is asked for that is not there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import lsp_orch
from lsp_orch.store import queries
from tests.fixtures.engines import Engine

CALLS = {"all", "one", "run"}
EXPLAINED = (
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "WITH",
)  # the others run when a store is opened or tried out


def asked_for() -> Iterator[str]:
    """The names that the code hands to a connection, or looks up itself."""
    for path in Path(lsp_orch.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=called), args=[ast.Constant(value=str(name)), *_]):
                    if called in CALLS and re.fullmatch(r"\w+\.\w+", name):
                        yield name
                case ast.Subscript(slice=ast.Constant(value=str(name))) if name.startswith("store."):
                    yield name


def test_every_query_means_something_to_the_database(engine: Engine) -> None:
    explained = 0
    engine.sql(queries.load(engine.name)["health.scratch_make"])
    for name, text in queries.load(engine.name).items():
        if text.startswith(EXPLAINED):
            assert engine.sql(f"EXPLAIN {text}", **dict.fromkeys(re.findall(r":(\w+)", text))), name
            explained += 1
    engine.sql(queries.load(engine.name)["health.scratch_drop"])
    assert explained > 40


def test_every_query_is_used_and_every_name_is_there() -> None:
    assert set(asked_for()) == set(queries.load()) | set(queries.load(queries.POSTGRES))


def test_both_engines_answer_to_the_same_names() -> None:
    own = {name for name in queries.load(queries.POSTGRES) if name.startswith("store.")}
    assert set(queries.load(queries.POSTGRES)) - own == set(queries.load())


@pytest.mark.parametrize("engine", [queries.SQLITE, queries.POSTGRES])
def test_an_engines_own_words_come_before_the_shared_ones(engine: str) -> None:
    assert queries.load(engine)["health.quick_check"].count("PRAGMA") == (engine == queries.SQLITE)
