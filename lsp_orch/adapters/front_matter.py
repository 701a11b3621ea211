"""YAML front matter: read with the line of each key, changed without touching anything else in the file."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

LARGEST = 64 * 1024  # characters between the fences

_FENCED = re.compile(
    r"\A(\ufeff?---[ \t]*\r?\n)(.*?)(^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE
)


# What ruamel.yaml would not quote, or not doubly, and reads as something else: line ends to YAML alone, which
# become blanks, and what begins a key or a value where YAML is written on one line, as our lists are.
_QUOTED = re.compile("[\r\x85\u2028\u2029]|\\A[?:]")


class UnreadableError(Exception):
    """A file cannot be understood as a note; ``line`` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file taken apart; the four parts joined are the file again, byte for byte."""

    opening: str
    front: str
    closing: str
    body: str

    @property
    def text(self) -> str:
        """The whole file."""
        return self.opening + self.front + self.closing + self.body


def split(text: str) -> Document | None:
    """Take a file apart; None when it does not begin with front matter."""
    found = _FENCED.match(text)
    if found is None:
        return None
    return Document(opening=found[1], front=found[2], closing=found[3], body=text[found.end() :])


def parse(document: Document) -> tuple[dict[str, Any], dict[str, int]]:
    """Read the keys' values, and the line of each key in the file.

    Raises:
        UnreadableError: it is no YAML mapping.
    """
    values = _load(document.front)
    return dict(values), {key: values.lc.key(key)[0] + 2 for key in values}


def compose(values: Mapping[str, Any], body: str) -> str:
    """Write a new file. Lists of text are written on one line."""
    front = CommentedMap({key: _value(value) for key, value in values.items()})
    return f"---\n{_dump(front)}---\n\n{body}\n" if body else f"---\n{_dump(front)}---\n"


def amend(document: Document, changes: Mapping[str, Any]) -> Document:
    """Set some keys. All other lines stay as they are, comments and order too.

    Raises:
        UnreadableError: it is no YAML mapping.
    """
    for key, value in changes.items():
        document = replace(document, front=_set(document.front, key, value))
    return document


def _set(front: str, key: str, value: Any) -> str:
    values = _load(front)
    span = _span(front, values, key)
    if span is None:
        return _changed(front, key, value)
    lines = front.splitlines(keepends=True)
    before, own, after = lines[: span[0]], lines[span[0] : span[1]], lines[span[1] :]
    try:
        changed = "".join([*before, _changed("".join(own), key, value), *after])
        _load(changed)
    except UnreadableError:  # these lines and others refer to each other, by an anchor
        return _changed(front, key, value)
    return changed


def _span(front: str, values: CommentedMap, key: str) -> tuple[int, int] | None:
    """The lines (from, to) of a key that has them to itself; the place for a new key at the end."""
    starts = [values.lc.key(each) for each in values]
    rows = [row for row, _ in starts]
    lines = front.splitlines()
    if len(set(rows)) != len(rows) or any(column for _, column in starts):
        return None  # written on one line, or indented: YAML must do it as a whole
    if key not in values:
        return (len(lines), len(lines)) if not front or front.endswith("\n") else None
    start = values.lc.key(key)[0]
    end = min((row for row in rows if row > start), default=len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # blank lines and comments belong to what follows
    return start, end


def _changed(text: str, key: str, value: Any) -> str:
    values = _load(text)
    new = _value(value)
    old = values.get(key)
    if isinstance(old, CommentedSeq) and isinstance(new, CommentedSeq):
        _turn_into(old, new)
    if not isinstance(old, CommentedSeq) or list(map(repr, old)) != list(map(repr, new)):
        values[key] = new  # another order, or another type: its items' comments go with them
    changed = _dump(values, indent=2 if re.search(r"^ +- ", text, re.MULTILINE) else 0)
    return changed.replace("\n", "\r\n") if "\r\n" in text else changed


def _turn_into(old: CommentedSeq, new: CommentedSeq) -> None:
    """Change a list in place, so that its items keep their comments."""
    for index in reversed(range(len(old))):
        if str(old[index]) not in new:
            del old[index]
    known = {str(each) for each in old}
    old.extend(each for each in new if each not in known)


def _value(value: Any) -> Any:
    if isinstance(value, tuple | list):
        items = CommentedSeq(map(_value, value))
        items.fa.set_flow_style()
        return items
    if isinstance(value, Mapping):
        return {key: _value(each) for key, each in value.items()}
    if isinstance(value, str) and _QUOTED.search(value):
        return DoubleQuotedScalarString(value)
    return value


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    return yaml


def _dump(values: CommentedMap, indent: int = 2) -> str:
    yaml = _yaml()
    yaml.indent(mapping=2, sequence=2 + indent, offset=indent)
    stream = io.StringIO()
    yaml.dump(values, stream)
    return stream.getvalue()


def _load(front: str) -> CommentedMap:
    if len(front) > LARGEST:
        raise UnreadableError(1, f"the front matter has {len(front)} characters; {LARGEST} fit")
    try:
        values = _yaml().load(front)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context).partition(" with value")[0]  # a value may be a secret
        raise UnreadableError((mark.line if mark else 0) + 2, problem) from error
    except Exception as error:  # odd tags, dates and nests make ruamel.yaml raise nearly anything
        raise UnreadableError(2, f"the front matter makes no sense: {error}".partition("\n")[0]) from error
    if values is None:
        return CommentedMap()
    if not isinstance(values, CommentedMap) or not all(isinstance(key, str) for key in values):
        raise UnreadableError(2, "the front matter must be keys with values, as in `title: ...`")
    return values
