"""The note index's tables, as migrations of sqlite-utils; and how a note becomes a row and a row a note."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from lsp_orch.domain.note import PERSONAL, Filed, Note, Scope, Source, Type
from lsp_orch.domain.words import all_humps

migrations = Migrations("note-index")

_MONTHS = "January February March April May June July August September October November December"


@migrations()
def tables(db: Database) -> None:
    """Notes and their paths; paths stay out of the text, where they would drown the words."""
    db.table("note").create(
        {
            "key": int,
            "workspace": str,
            "path": str,
            "signature": str,
            "id": str,
            "type": str,
            "title": str,
            "body": str,
            "tags": str,
            "paths": str,
            "created": float,
            "updated": float,
            "session": str,
            "task": str,
            "commit": str,
            "confidence": float,
            "supersedes": str,
            "expires": float,
            "date": str,
            "humps": str,
        },
        pk="key",
        not_null={"workspace", "path", "id", "type", "title", "body"},
    )
    db.table("note").create_index(["workspace", "path"], unique=True)
    db.table("note").create_index(["id"])
    db.table("note").create_index(["title"])
    db.table("note_path").create({"note": int, "path": str, "stem": str})
    db.table("note_path").create_index(["stem"])
    db.table("note_path").create_index(["note"])


@migrations()
def full_text(db: Database) -> None:
    """Words by their stem, in any order of the columns' weights (see ``note_index``)."""
    db.table("note").enable_fts(
        ["title", "body", "tags", "date", "humps"], tokenize="porter unicode61", create_triggers=True
    )


def to_row(filed: Filed, key: int) -> dict[str, Any]:
    """One line of the table ``note``."""
    note = filed.note
    moment = datetime.fromtimestamp(note.created, UTC)
    return {
        "key": key,
        "workspace": filed.workspace,
        "path": filed.path,
        "signature": filed.signature,
        "id": note.id,
        "type": note.type.value,
        "title": note.title,
        "body": note.body,
        "tags": _list(note.tags),
        "paths": _list(note.paths),
        "created": note.created,
        "updated": note.updated,
        "session": note.source.session,
        "task": note.source.task,
        "commit": note.source.commit,
        "confidence": note.confidence,
        "supersedes": _list(note.supersedes),
        "expires": note.expires,
        "date": f"{moment.day} {_MONTHS.split()[moment.month - 1]} {moment.year}",
        "humps": all_humps(f"{note.title} {note.body}"),
    }


def from_row(row: Mapping[str, Any]) -> Filed:
    """The note of one line."""
    note = Note(
        id=row["id"],
        type=Type(row["type"]),
        title=row["title"],
        body=row["body"],
        tags=tuple(json.loads(row["tags"])),
        paths=tuple(json.loads(row["paths"])),
        scope=Scope.USER if row["workspace"] == PERSONAL else Scope.PROJECT,
        created=row["created"],
        updated=row["updated"],
        source=Source(session=row["session"], task=row["task"], commit=row["commit"]),
        confidence=row["confidence"],
        supersedes=tuple(json.loads(row["supersedes"])),
        expires=row["expires"],
    )
    return Filed(note=note, workspace=row["workspace"], path=row["path"], signature=row["signature"])


def _list(words: tuple[str, ...]) -> str:
    return json.dumps(words, ensure_ascii=False)
