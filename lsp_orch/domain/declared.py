"""What a task says that it may change: paths and patterns, relative to the top of its checkout."""

import posixpath
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lsp_orch.domain import glob
from lsp_orch.domain.errors import Misuse
from lsp_orch.domain.scope import Kind, Scope

ROOT = "/"  # the top of a checkout, when what is in several of them is compared
_REMEMBERED = 1024  # sets of paths: those of one task are looked at again and again


def scope(path: str) -> Scope:
    """One path as what a lease would cover, seen from the top as root."""
    if glob.is_glob(path):
        return Scope(Kind.GLOB, f"/{path.rstrip('/')}/**" if path.endswith("/") else f"/{path}")
    return Scope(Kind.DIR, f"/{path.rstrip('/')}")  # a file, too: whether it is one, only the disk could say


@lru_cache(_REMEMBERED)
def reach(paths: Sequence[str]) -> tuple[Scope, ...]:
    """All that a task may change, however it is spelled; what is no pattern that we know may be anything."""
    return tuple(map(_spelled, paths))


def meeting(mine: Iterable[Scope], theirs: Iterable[Scope]) -> Scope | None:
    """The first of ``theirs`` that any of ``mine`` overlaps."""
    own = tuple(mine)
    return next((each for each in theirs if any(each.overlaps(other) for other in own)), None)


def shown(found: Scope) -> str:
    """One of them as people write it."""
    return found.key.lstrip(ROOT) or "."


def _spelled(path: str) -> Scope:
    whole = posixpath.normpath(path).lstrip(ROOT)
    found = scope("" if whole == "." else f"{whole}/" if path.endswith("/") else whole)
    try:
        if found.kind is Kind.GLOB:
            glob.parse(found.key)
    except Misuse:
        return Scope(Kind.DIR, ROOT)
    return found
