"""Bugs that are planted, for a property to find."""

from collections.abc import Callable

import pytest

from lsp_orch.store import queries

Seed = Callable[[pytest.MonkeyPatch], None]


def method(owner: object, name: str, wrong: object) -> Seed:
    """A function or a number that is another."""
    return lambda patch: patch.setattr(owner, name, wrong)


def query(name: str, text: str) -> Seed:
    """A query that says something else."""
    return lambda patch: patch.setitem(queries.load(), name, text)
