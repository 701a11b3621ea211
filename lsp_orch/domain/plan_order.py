"""In which order the tasks of a plan are done: two that may change the same file never run side by side."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lsp_orch.domain import chain, declared
from lsp_orch.domain.cycles import cycle
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.plan import Piece
from lsp_orch.domain.scope import Scope, touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``after`` waits for ``before``; ``because`` says which paths meet, empty where the planner said so."""

    before: str
    after: str
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The pieces, none before one that it waits for, and who waits for whom."""

    pieces: tuple[Piece, ...]
    links: tuple[Link, ...]

    def after(self, name: str) -> tuple[str, ...]:
        """The names of those that it waits for."""
        return tuple(link.before for link in self.links if link.after == name)


def arrange(pieces: Sequence[Piece]) -> Order | Refusal:
    """Let those wait for each other that may change the same file, unless they do already.

    Of two such tasks, the one that the planner named first goes first. Refused as task-cycle, with the cycle
    named.
    """
    declared = {piece.name: piece.after for piece in pieces}
    for name, after in declared.items():
        if path := cycle(name, after, lambda each: declared[each]):
            return chain.refuse_cycle(path)
    ordered = _sorted(pieces)
    covers = {piece.name: scopes(piece) for piece in pieces}
    links: list[Link] = []
    behind: dict[str, set[str]] = {}  # all that each one waits for, directly or not
    for index, piece in enumerate(ordered):
        links += [Link(before=each, after=piece.name) for each in piece.after]
        before = behind[piece.name] = _all(piece.after, behind)
        for earlier in reversed(ordered[:index]):  # the nearest first: it brings what it waits for itself
            if earlier.name not in before and touch(covers[earlier.name], covers[piece.name]):
                links.append(
                    Link(
                        before=earlier.name,
                        after=piece.name,
                        because=_meeting(covers[earlier.name], covers[piece.name]),
                    )
                )
                before |= _all([earlier.name], behind)
    return Order(pieces=ordered, links=tuple(links))


def _sorted(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """None before one that it waits for, else as they were named."""
    places = {piece.name: place for place, piece in enumerate(pieces)}
    missing = {piece.name: len(piece.after) for piece in pieces}
    free = [places[name] for name, count in missing.items() if not count]
    heapq.heapify(free)
    found: list[Piece] = []
    while free:
        done = pieces[heapq.heappop(free)]
        found.append(done)
        for piece in pieces:
            if done.name in piece.after:
                missing[piece.name] -= 1
                if not missing[piece.name]:
                    heapq.heappush(free, places[piece.name])
    return tuple(found)


def _all(names: Iterable[str], behind: Mapping[str, set[str]]) -> set[str]:
    """These and all that they wait for."""
    return {each for name in names for each in (name, *behind[name])}


def scopes(piece: Piece) -> dict[Scope, str]:
    """Its paths as what a lease would cover, seen from the workspace as root; each as it was written."""
    return {declared.scope(path): path for path in piece.paths}


def _meeting(mine: Mapping[Scope, str], theirs: Mapping[Scope, str]) -> str:
    """Which paths of theirs meet, the first two."""
    pairs = ((a, b) for scope, a in mine.items() for other, b in theirs.items() if touch([scope], [other]))
    a, b = next(pairs)
    return a if a == b else f"{a} and {b}"
