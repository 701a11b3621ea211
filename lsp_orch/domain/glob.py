"""Patterns of paths, and whether some path could match two of them.

``*`` and ``?`` stay within a name, ``**`` as a whole name stands for any number of folders (also none),
``[a-z]`` and ``[!a-z]`` for one character, ``{a,b}`` for either; a backslash takes a character as it is.
Names that begin with a dot are like all others.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise, takewhile
from typing import Any, Final

from lsp_orch.domain.errors import Code, Misuse

MOST_ALTERNATIVES = 64  # that braces may stand for
LONGEST = 4096  # characters: as much as a path may have

_REMEMBERED = 1024  # patterns: a lease is met by many paths
_SPECIAL: Final = "*?[{\\"
_LAST_CHARACTER = "\U0010ffff"
_ATOM = r"\\.|\*+|\[[!^]?\]?(?:\\.|[^\]/])*\]|[^/]"  # a class without an end is a bracket
_ATOMS = re.compile(_ATOM, re.DOTALL)
_NAMES = re.compile(rf"(?:{_ATOM})+", re.DOTALL)
_RANGES = re.compile(r"\\?(.)(?:-\\?([^\]]))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Letter:
    """One character out of some ranges; ``negated``: any other, but never a slash."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def takes(self, character: str) -> bool:
        """Whether it stands for this one."""
        return character != "/" and self.negated != any(low <= character <= high for low, high in self.ranges)

    @property
    def only(self) -> str:
        """The one character that it stands for; empty when there are others."""
        single = not self.negated and len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]
        return self.ranges[0][0] if single else ""

    def meets(self, other: "Letter") -> bool:
        """Whether both stand for some character: if any, then for one at the edge of a range."""
        return any(self.takes(each) and other.takes(each) for each in (*self.edges(), *other.edges()))

    def edges(self) -> Iterator[str]:
        """Characters of which one is taken by this and another letter, if any is taken by both."""
        yield "a"
        for low, high in self.ranges:
            yield from (low, high)
            if self.negated:
                yield from (chr(max(ord(low) - 1, 0)), chr(min(ord(high) + 1, ord(_LAST_CHARACTER))))


@dataclass(frozen=True, slots=True)
class Star:
    """Any characters within a name, also none."""


@dataclass(frozen=True, slots=True)
class Deep:
    """Any number of whole names, also none."""


STAR, DEEP, ANY = Star(), Deep(), Letter((), negated=True)

Name = tuple[Letter | Star, ...]
Pattern = tuple[Name | Deep, ...]


def is_glob(text: str) -> bool:
    """Whether the text stands for more than itself."""
    return any(each in text for each in _SPECIAL)


def escape(path: str) -> str:
    """Write a path so that it stands for itself only."""
    return "".join(f"\\{each}" if each in _SPECIAL else each for each in path)


def literal(path: str) -> Pattern:
    """The pattern that only this path matches."""
    return tuple(tuple(_letter(each) for each in name) for name in path.split("/") if name)


@cache
def parse(text: str) -> tuple[Pattern, ...]:
    """Read a pattern: the alternatives that its braces stand for.

    Raises:
        Misuse: it is too long, or stands for too many alternatives.
    """
    if len(text) > LONGEST:
        raise Misuse(Code.BAD_REQUEST, f"a pattern of {len(text)} characters is too long (most: {LONGEST})")
    alternatives = tuple(islice(_expanded(text), MOST_ALTERNATIVES + 1))
    if len(alternatives) > MOST_ALTERNATIVES:
        raise Misuse(Code.BAD_REQUEST, f"{text} stands for more than {MOST_ALTERNATIVES} patterns")
    return tuple(tuple(_name(each) for each in _names(text) if each) for text in alternatives)


def anchor(patterns: Sequence[Pattern]) -> str:
    """The deepest folder that all matches of these absolute patterns lie below."""
    heads = [list(takewhile(bool, map(_plain, pattern[:-1]))) for pattern in patterns]
    common = takewhile(lambda names: len(set(names)) == 1, zip(*heads, strict=False))
    return "/" + "/".join(str(names[0]) for names in common)


def everywhere(patterns: Iterable[Pattern], root: str) -> bool:
    """Whether one of the patterns matches every path below the folder ``root``."""
    head = literal(root)
    rests = [each[len(head) :] for each in patterns if each[: len(head)] == head]
    return any(DEEP in rest and set(rest) <= {DEEP, (STAR,)} for rest in rests)


def meet(one: Pattern, other: Pattern) -> bool:
    """Whether some path matches both."""
    return _meet(one, other, DEEP, _names_meet)


def matches(text: str, path: str) -> bool:
    """Whether the canonical path matches the pattern: as if it met its literal, but quick for many paths."""
    names = path[1:]
    return _matcher(text)(f"{names}/" if names else "") is not None


def matching(text: str, paths: Iterable[str]) -> list[str]:
    """Those of many canonical paths that match."""
    fits = _matcher(text)
    return [path for path in paths if fits(f"{path[1:]}/" if path != "/" else "")]


@lru_cache(maxsize=_REMEMBERED)
def _matcher(text: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(map(_path_regex, parse(text))), re.DOTALL).fullmatch


def _path_regex(pattern: Pattern) -> str:
    """The regular expression of a path whose names all end with a slash."""
    return _regex(pattern, DEEP, lambda name: f"{_regex(name, STAR, _letter_regex, '[^/]')}/", "(?:[^/]+/)")


def _regex(parts: Sequence[Any], wild: object, one: Callable[[Any], str], any_one: str) -> str:
    """Between two ``wild`` the first place that fits is as good as any, so that nothing is tried twice."""
    blocks = [""]
    for part in parts:
        if part == wild:
            blocks.append("")
        else:
            blocks[-1] += one(part)
    first, *rest = blocks
    if not rest:
        return first
    *between, last = rest
    return first + "".join(f"(?>{any_one}*?{each})" for each in between) + f"{any_one}*{last}"


def _letter_regex(letter: Letter) -> str:
    ranges = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in letter.ranges)
    if letter.negated:
        return f"[^/{ranges}]"
    return f"(?!/)[{ranges}]" if ranges else "(?!)"


@cache
def _names_meet(one: Name, other: Name) -> bool:
    return one == other or _meet(one, other, STAR, Letter.meets)


def _meet(one: Sequence[Any], other: Sequence[Any], wild: object, fit: Callable[[Any, Any], bool]) -> bool:
    """Whether two sequences have a common instance, in which ``wild`` stands for any number of parts."""
    # reached: how many parts of the other can have been used up together with those of the one so far
    reached = _skip({0}, other, wild)
    for part in one:
        if part == wild:
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            through = {at for at in reached if at < len(other) and other[at] == wild}
            taken = {at + 1 for at in reached - through if at < len(other) and fit(part, other[at])}
            reached = _skip(through | taken, other, wild)
    return len(other) in reached


def _skip(reached: set[int], other: Sequence[Any], wild: object) -> set[int]:
    """Add what is reached when each ``wild`` of the other stands for nothing."""
    found = set(reached)
    for at in sorted(reached):
        while at < len(other) and other[at] == wild:
            at += 1  # noqa: PLW2901 - it walks on from there
            found.add(at)
    return found


def _letter(character: str) -> Letter:
    return Letter(((character, character),))


def _plain(name: Name | Deep) -> str:
    """The only text that a name stands for; empty when there are others."""
    if isinstance(name, Deep):
        return ""
    letters = [each.only for each in name if isinstance(each, Letter)]
    return "".join(letters) if len(letters) == len(name) and all(letters) else ""


def _names(text: str) -> list[str]:
    """Split at slashes that stand outside of brackets."""
    return _NAMES.findall(text)


def _name(text: str) -> Name | Deep:
    if text == "**":
        return DEEP
    return tuple(_atom(each) for each in _ATOMS.findall(text))


def _atom(text: str) -> Letter | Star:
    match text[0], text[1:]:
        case "*", _:
            return STAR
        case "?", _:
            return ANY
        case "\\", rest if rest:
            return _letter(rest)
        case "[", rest if rest:
            return _choice(rest[:-1])
        case character, _:
            return _letter(character)


def _choice(text: str) -> Letter:
    negated = text[0] in "!^"
    ranges = [(low, high or low) for low, high in _RANGES.findall(text[negated:])]
    return Letter(tuple(each for each in ranges if each[0] <= each[1]), negated)


def _expanded(text: str) -> Iterator[str]:
    """The texts that braces stand for; a brace that is not closed, or holds no comma, is a character."""
    depth, starts, commas = 0, 0, []
    skip = False
    for at, character in enumerate(text):
        if skip or character == "\\":
            skip = not skip
        elif character == "{":
            depth += 1
            if depth == 1:
                starts, commas = at, [at]
        elif character == "," and depth == 1:
            commas.append(at)
        elif character == "}" and depth:
            depth -= 1
            if depth == 0 and len(commas) > 1:
                edges = [*commas, at]
                for begin, end in pairwise(edges):
                    yield from _expanded(text[:starts] + text[begin + 1 : end] + text[at + 1 :])
                return
    yield text
