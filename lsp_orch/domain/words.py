"""What a question asks for: its content words, and the full-text expressions that look for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

MOST_WORDS = 64  # a longer question is cut: its first words say what it is about

_TOKEN = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\WA-Z\d_]+|\d+")
_LONGEST_READ = 20_000  # characters of a question that are looked at

_STOP = """
    a about after again all also am an and any are aren as at be because been before being both but by can
    could couldn did didn do does doesn doing don during each few for from further had hadn has hasn have
    haven having he her here hers herself him himself his how i if in into is isn it its itself just let
    ll me might more most must my myself no nor not now of off on once only or other ought our ours
    ourselves out over own please re s same shall shan she should shouldn so some such t than that the
    their theirs them themselves then there these they this those through to too under until up us ve very
    was wasn we were weren what when where which while who whom why will with won would wouldn you your
    yours yourself yourselves
"""
STOP_WORDS = frozenset(_STOP.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to look for: distinct ``words``, and two FTS5 expressions, empty where there is nothing."""

    words: tuple[str, ...]
    any_word: str
    phrases: str


def question(text: str) -> Question:
    """Read a question in any form: punctuation and full-text syntax in it mean nothing."""
    tokens = [(found, found.lower() not in STOP_WORDS) for found in _TOKEN.findall(text[:_LONGEST_READ])]
    spoken = [part for token, counts in tokens if counts for part in (token, *humps(token))]
    words = tuple(dict.fromkeys(map(str.lower, spoken)))[:MOST_WORDS]
    pairs = dict.fromkeys(
        f"{one.lower()} {two.lower()}" for (one, counts), (two, also) in pairwise(tokens) if counts and also
    )
    return Question(words=words, any_word=_any(words), phrases=_any(tuple(pairs)[:MOST_WORDS]))


def quoted(word: str) -> str:
    """A word or phrase as FTS5 takes it literally; words hold no quotes."""
    return f'"{word}"'


def humps(token: str) -> list[str]:
    """What a name in camelCase is made of; nothing when it is one word."""
    parts = _HUMP.findall(token)
    return parts if len(parts) > 1 else []


def all_humps(text: str) -> str:
    """The parts of every camelCase name in a text, so that they can be found one by one."""
    return " ".join(part for token in _TOKEN.findall(text) for part in humps(token))


def excerpt(text: str, words: Iterable[str], width: int = 160) -> str:
    """At most ``width`` characters of a text around the first of ``words`` in it, on one line."""
    plain = " ".join(text.split())
    places = [found.start() for word in words if (found := re.search(re.escape(word), plain, re.IGNORECASE))]
    start = max(min(places, default=0) - width // 4, 0)
    if len(plain) <= width:
        return plain
    cut = plain[start : start + width - 2].strip()
    return f"{'…' if start else ''}{cut}{'…' if start + width - 2 < len(plain) else ''}"


def _any(words: tuple[str, ...]) -> str:
    return " OR ".join(map(quoted, words))
