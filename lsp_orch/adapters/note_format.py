"""A note as Markdown with YAML front matter; vault/README.md describes the format."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath
from typing import Any, TypeVar

from ruamel.yaml import YAML

from lsp_orch.adapters.front_matter import UnreadableError, amend, compose, parse, split
from lsp_orch.domain.note import Note, Scope, Source, Type, one_line, unique

FOLDERS: dict[Type, str] = {
    Type.DECISION: "decisions",
    Type.PATTERN: "patterns",
    Type.PITFALL: "pitfalls",
    Type.STATUS: "status",
    Type.PREFERENCE: "preferences",
    Type.REFERENCE: "references",
    Type.TASK: "tasks",
}

_TYPES = {folder: kind for kind, folder in FOLDERS.items()}

Value = TypeVar("Value")


def read(text: str, path: str, scope: Scope, modified: float) -> Note | None:
    """Make a note of a file's text; None when it has no front matter and so is no note.

    What a person left out comes from the file itself: ``path`` in the vault, and when it was ``modified``
    (seconds since the epoch). The scope is decided by the vault that holds the file.

    Raises:
        UnreadableError: a key has a value that makes no sense, or it is no YAML.
    """
    document = split(text)
    if document is None:
        return None
    keys = _Keys(*parse(document))
    name = PurePosixPath(path).with_suffix("")
    created = keys.get("created", _moment, modified)
    return Note(
        id=keys.get("id", _line, "") or name.as_posix(),
        type=keys.get("type", _type, _TYPES.get(name.parts[0], Type.REFERENCE)),
        title=keys.get("title", _line, "") or name.name,
        body=document.body.strip(),
        tags=keys.get("tags", _lines, ()),
        paths=keys.get("paths", _lines, ()),
        scope=scope,
        created=created,
        updated=keys.get("updated", _moment, created),
        source=keys.get("source", _source, Source()),
        confidence=keys.get("confidence", _share, None),
        supersedes=keys.get("supersedes", _lines, ()),
        expires=keys.get("expires", _moment, None),
    )


def write(note: Note) -> str:
    """Write a new note's file; what is not known is left out."""
    values = _values(note)
    always = ("id", "type", "title", "tags", "scope", "created", "updated")
    return compose({key: value for key, value in values.items() if key in always or value}, note.body)


def rewrite(text: str, old: Note, new: Note) -> str:
    """Change what differs between two states of a note in its file, and nothing else.

    Raises:
        UnreadableError: the file is no longer a note.
    """
    document = split(text)
    if document is None:
        raise UnreadableError(1, "the front matter is gone")
    before, after = _values(old), _values(new)
    changes = {key: value for key, value in after.items() if value != before[key]}
    amended = amend(document, changes)
    return amended.text if new.body == old.body else replace(amended, body=f"\n{new.body}\n").text


class _Keys:
    """Values by key, each looked at once; whatever is wrong names its line."""

    def __init__(self, values: dict[str, Any], lines: dict[str, int]) -> None:
        self._values = values
        self._lines = lines

    def get(self, key: str, read: Callable[[Any], Value], default: Value) -> Value:
        value = self._values.get(key)
        if value is None:
            return default
        try:
            return read(value)
        except (ValueError, OverflowError) as error:
            raise UnreadableError(self._lines[key], f"{key}: {error}") from error


def _values(note: Note) -> dict[str, Any]:
    source = (("session", note.source.session), ("task", note.source.task), ("commit", note.source.commit))
    return {
        "id": note.id,
        "type": note.type.value,
        "title": note.title,
        "tags": note.tags,
        "paths": note.paths,
        "scope": note.scope.value,
        "created": _timestamp(note.created),
        "updated": _timestamp(note.updated),
        "source": {name: value for name, value in source if value},
        "confidence": note.confidence,
        "supersedes": note.supersedes,
        "expires": None if note.expires is None else _timestamp(note.expires),
    }


def _timestamp(moment: float) -> Any:
    """A YAML timestamp as RFC 3339 writes it: ruamel.yaml keeps the form of what it has read."""
    written = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return YAML().load(written)


def _line(value: Any) -> str:
    if isinstance(value, list | dict):
        raise ValueError("one line of text is expected here")  # noqa: TRY004 - a wrong value in somebody's file
    return one_line(str(value))


def _lines(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        raise ValueError("a list is expected here")  # noqa: TRY004 - as above
    return unique(tuple(map(_line, value if isinstance(value, list) else str(value).split(","))))


def _type(value: Any) -> Type:
    kind = _line(value)
    if kind not in FOLDERS:
        raise ValueError(f"expected one of {', '.join(FOLDERS)}")
    return Type(kind)


def _source(value: Any) -> Source:
    if not isinstance(value, dict):
        return Source(session=_line(value))
    known = {
        name: _line(value[name]) for name in ("session", "task", "commit") if value.get(name) is not None
    }
    return Source(**known)


def _share(value: Any) -> float | None:
    share = float(_line(value))
    if not 0 <= share <= 1:
        raise ValueError("a number from 0 to 1 is expected here")
    return share


def _moment(value: Any) -> float:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError("a date or a time is expected here")  # noqa: TRY004 - as above
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return float(int(aware.timestamp()))
