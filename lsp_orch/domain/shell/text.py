"""How a shell makes text of text: braces, trimmed values, escapes, and what a few commands print."""

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from lsp_orch.domain.shell.writes import Look, Word

MOST = 1000
"""So many words are followed one by one."""

_FRESH = "tmp.XXXXXXXXXX"
_MOST_BRACES = 100
_LONGEST_PATH = 5000
_LONG = 10  # digits of a number
_RANGE = re.compile(r"(?P<first>-?\d+|[A-Za-z])\.\.(?P<last>-?\d+|[A-Za-z])(?:\.\.(?P<step>-?\d+))?")
_ESCAPE = re.compile(r"\\(?:([abefnrtvE\\'\"?])|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4}))")
_LETTERS = dict(zip("abefnrtvE\\'\"?", "\a\b\x1b\f\n\r\t\v\x1b\\'\"?", strict=True))


class TooMuch(Exception):
    """More than anybody wants to follow."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of a word: one letter as it stands, some quoted text, or the number of a value to fill in."""

    text: str
    quoted: bool = False
    hole: int | None = None

    def is_raw(self, letter: str) -> bool:
        """Whether it is this very letter, with whatever meaning the shell gives it."""
        return self.text == letter and not self.quoted and self.hole is None


Atoms = Sequence[Atom]


def braces(atoms: Atoms) -> list[list[Atom]]:
    """The words that ``a{b,c}{1..3}`` stands for.

    Raises:
        TooMuch: there are more than ``MOST``, or very many braces.
    """
    if sum(atom.is_raw("{") for atom in atoms) > _MOST_BRACES:
        raise TooMuch("too many braces")
    for start, atom in enumerate(atoms):
        if not atom.is_raw("{") or (end := _closing(atoms, start)) is None:
            continue
        inner = _alternatives(atoms[start + 1 : end])
        if not inner:
            continue
        rest = braces(atoms[end + 1 :])
        if len(inner) * len(rest) > MOST:
            raise TooMuch("braces stand for too many words")
        return [[*atoms[:start], *middle, *tail] for middle, tail in product(inner, rest)]
    return [list(atoms)]


def _closing(atoms: Atoms, start: int) -> int | None:
    depth = 0
    for at in range(start, len(atoms)):
        depth += atoms[at].is_raw("{") - atoms[at].is_raw("}")
        if depth == 0:
            return at
    return None


def _alternatives(inner: Atoms) -> list[list[Atom]]:
    parts: list[list[Atom]] = [[]]
    depth = 0
    for atom in inner:
        depth += atom.is_raw("{") - atom.is_raw("}")
        if depth == 0 and atom.is_raw(","):
            parts.append([])
        else:
            parts[-1].append(atom)
    if len(parts) > 1:
        return [word for part in parts for word in braces(part)]
    plain = all(not atom.quoted and atom.hole is None for atom in inner)
    match = _RANGE.fullmatch("".join(atom.text for atom in inner)) if plain else None
    return [[Atom(text, quoted=True)] for text in _range(match)] if match else []


def _range(match: re.Match[str]) -> Iterator[str]:
    first, last = match["first"], match["last"]
    numbers = first.lstrip("-").isdigit() and last.lstrip("-").isdigit()
    if not numbers and (len(first) != 1 or len(last) != 1 or first.isdigit() or last.isdigit()):
        return
    low, high = (int(first), int(last)) if numbers else (ord(first), ord(last))
    step = abs(int(match["step"] or 1)) or 1
    if abs(high - low) // step > MOST:
        raise TooMuch("braces stand for too many words")
    padded = numbers and any(re.match(r"-?0\d", each) for each in (first, last))
    width = max(len(first), len(last)) if padded else 0
    for value in range(low, high + 1, step) if low <= high else range(low, high - 1, -step):
        yield f"{value:0{width}d}" if numbers else chr(value)


def trimmed(text: str, operator: str, pattern: str) -> str:
    """``${name%pattern}`` and its three relatives.

    Raises:
        TooMuch: the text is longer than any path.
    """
    if len(text) > _LONGEST_PATH:
        raise TooMuch("a value is longer than any path")
    cuts = range(len(text) + 1)
    if operator in {"%", "##"}:
        cuts = cuts[::-1]
    for cut in cuts:
        gone, kept = (text[:cut], text[cut:]) if operator.startswith("#") else (text[cut:], text[:cut])
        if fnmatch.fnmatchcase(gone, pattern):
            return kept
    return text


def unescaped(text: str) -> str | None:
    r"""The inside of ``$'…\n'``; None when it has an escape that is not known here."""
    if "\\" in _ESCAPE.sub("", text):
        return None
    return _ESCAPE.sub(_letter, text)


def _letter(match: re.Match[str]) -> str:
    letter, hexadecimal, octal, code = match.groups()
    if letter:
        return _LETTERS[letter]
    return chr(int(octal, 8) & 0xFF if octal else int(hexadecimal or code, 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something prints: the current folder, the files, and the folder for fresh names."""

    folder: str
    look: Look
    temporary: str


def printed(words: Sequence[Word], place: Place) -> str | None:
    """What a command prints, for the few that paths are commonly made of.

    A fresh name of ``mktemp`` stands for itself: nobody else can hold it.
    """
    if not words or not all(word.exact for word in words):
        return None
    name, *given = (word.text for word in words)
    return _PRINTED[name](given, place) if name in _PRINTED else None


def _echo(given: list[str], _: Place) -> str | None:
    return None if given and given[0].startswith("-") else " ".join(given)


def _printf(given: list[str], _: Place) -> str | None:
    match given:
        case ["%s" | "%s\\n", text]:
            return text
        case [text] if not set(text) & {"%", "\\"}:
            return text
    return None


def _basename(given: list[str], _: Place) -> str | None:
    if len(given) not in {1, 2}:
        return None
    stem = posixpath.basename(given[0].rstrip("/"))
    return stem.removesuffix(given[1]) or stem if given[1:] else stem


def _dirname(given: list[str], _: Place) -> str | None:
    if len(given) != 1:
        return None
    return posixpath.dirname(given[0].rstrip("/")) or ("/" if given[0].startswith("/") else ".")


def _seq(given: list[str], _: Place) -> str | None:
    if len(given) not in {1, 2} or not all(each.isdigit() and len(each) < _LONG for each in given):
        return None
    first, last = int(given[0]) if given[1:] else 1, int(given[-1])
    return "\n".join(map(str, range(first, last + 1))) if last - first < MOST else None


_PRINTED: Mapping[str, Callable[[list[str], Place], str | None]] = {
    "basename": _basename,
    "dirname": _dirname,
    "echo": _echo,
    "git": lambda given, place: (
        place.look.checkout(".") if given == ["rev-parse", "--show-toplevel"] else None
    ),
    "mktemp": lambda given, place: None if given not in ([], ["-d"]) else f"{place.temporary}/{_FRESH}",
    "printf": _printf,
    "pwd": lambda given, place: None if given else place.folder,
    "seq": _seq,
}
