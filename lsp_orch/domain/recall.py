"""Which notes answer a question, and how well: bm25, phrases, and how much of the question is covered."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from lsp_orch.domain.note import Scope, Type

TOP = 200  # notes that the full-text index hands over
COVERED = 50  # of them, the best, whose coverage is looked up

_PHRASE = 0.4  # weight of neighbouring words found as neighbours
_COVERAGE = 1.0  # weight of the covered share of the question
_BACKGROUND = (
    100  # notes about something else that every vault is taken to have, so that a small one can judge
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which notes count; None and the empty tag let all through."""

    scope: Scope | None = None
    type: Type | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the index knows of one note: ``text`` and ``phrase`` are bm25 scores, more is better.

    ``words`` are those of the question that the note holds.
    """

    key: int
    personal: bool
    text: float
    phrase: float
    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """``frequency`` says for each word of the question in how many of ``total`` notes it is."""

    found: tuple[Match, ...] = ()
    frequency: Mapping[str, int] = field(default_factory=dict)
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A note's place in the answer. ``coverage`` is the share (0 to 1) of the question's weight it covers."""

    key: int
    score: float
    coverage: float
    words: frozenset[str]


def rank(matches: Matches) -> tuple[Ranked, ...]:
    """Best first; the project's own note wins a tie with a personal one."""
    weights = {word: _rarity(held, matches.total) for word, held in matches.frequency.items()}
    whole = sum(weights.values())
    ranked = []
    for match in matches.found:
        coverage = sum(weights[word] for word in match.words) / whole if whole else 0.0
        score = (match.text + _PHRASE * match.phrase) * (1 + _COVERAGE * coverage)
        ranked.append((-score, match.personal, match.key, match.words, coverage))
    return tuple(
        Ranked(key=key, score=-score, coverage=coverage, words=words)
        for score, _, key, words, coverage in sorted(ranked, key=lambda each: each[:3])
    )


def worth(ranked: Iterable[Ranked], threshold: float) -> tuple[Ranked, ...]:
    """Those that cover enough of the question to be worth a session's attention.

    A bm25 score says nothing of that: a foreign question scores as high as a fitting one.
    """
    return tuple(each for each in ranked if each.coverage >= threshold)


def about(noted: str, asked: str) -> bool:
    """Whether a note on ``noted`` (a file, folder or glob) is about the file or folder ``asked``."""
    noted, asked = noted.rstrip("/"), asked.rstrip("/")
    if noted == asked or asked.startswith(f"{noted}/") or noted.startswith(f"{asked}/"):
        return True
    return fnmatchcase(asked, noted)


def stem(path: str) -> str:
    """The part of a glob before its first pattern: all that it means lies below. A plain path is its own."""
    plain = []
    for part in path.rstrip("/").split("/"):
        if any(sign in part for sign in "*?["):
            break
        plain.append(part)
    return "/".join(plain)


def lineage(path: str) -> tuple[str, ...]:
    """A path and every folder above it, up to the workspace (the empty path)."""
    parts = path.rstrip("/").split("/")
    return tuple("/".join(parts[:end]) for end in range(len(parts), -1, -1))


def _rarity(held: int, total: int) -> float:
    others = total + _BACKGROUND - held
    return math.log(1 + (others + 0.5) / (held + 0.5))
