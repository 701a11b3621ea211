"""The derived index of all vaults: one SQLite file that can be thrown away at any time."""

import json
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.note import PERSONAL, Filed
from lsp_orch.domain.recall import COVERED, TOP, Filter, Match, Matches, about, lineage, stem
from lsp_orch.domain.words import Question, quoted

if TYPE_CHECKING:  # sqlite-utils takes a tenth of a second to load: not before the first note is asked for
    from sqlite_utils import Database

_LOST = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY = 0xFF  # the part of an SQLite error code that is not detail
_PATIENCE_S = 5.0

_log = logging.getLogger(__name__)


class NoteIndexFile:
    """Implements the port ``NoteIndex``. To be used from one thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._db: Database | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def signatures(self, workspace: str) -> dict[str, str]:
        """The files of a vault that the index knows, each as it was when it was read."""
        return dict(self._rows("signatures", workspace=workspace))

    def put(self, notes: Iterable[Filed]) -> None:
        """Take in notes, in place of what their files held before."""
        from lsp_orch.adapters.note_schema import to_row  # noqa: PLC0415 - loads sqlite-utils

        filed = list(notes)
        with self._working() as db, db.atomic():
            for each in filed:
                _forget(db, each.workspace, [each.path])
            first = db.execute(_sql()["last_key"]).fetchone()[0] + 1
            db.table("note").insert_all(to_row(each, key) for key, each in enumerate(filed, first))
            db.table("note_path").insert_all(
                {"note": key, "path": path, "stem": stem(path)}
                for key, each in enumerate(filed, first)
                for path in each.note.paths
            )

    def drop(self, workspace: str, paths: Iterable[str]) -> None:
        """Forget what these files held."""
        with self._working() as db, db.atomic():
            _forget(db, workspace, list(paths))

    def matches(self, question: Question, vaults: Sequence[str], only: Filter) -> Matches:
        """The best ``TOP`` notes of these vaults that hold a word of the question."""
        if not question.words:
            return Matches()
        rows = self._rows("any_word", words=question.any_word, most=TOP, **_limits(vaults, only))
        keys = [key for key, _, _ in rows]
        phrases = self._phrases(question, keys)
        held, frequency = self._held(question, keys[:COVERED])
        found = (
            Match(
                key=key,
                personal=workspace == PERSONAL,
                text=score,
                phrase=phrases.get(key, 0.0),
                words=frozenset(held.get(key, ())),
            )
            for key, workspace, score in rows
        )
        return Matches(found=tuple(found), frequency=frequency, total=self._number("total"))

    def read(self, keys: Sequence[int]) -> tuple[Filed, ...]:
        """The notes of matches, in the order of ``keys``."""
        rows = self._notes("read", keys=json.dumps(keys))
        return tuple(rows[key] for key in keys)

    def newest(self, vaults: Sequence[str], only: Filter, most: int) -> tuple[Filed, ...]:
        """The project's notes before the personal ones, the latest change first."""
        return tuple(self._notes("newest", most=most, **_limits(vaults, only)).values())

    def on_path(self, asked: str, vaults: Sequence[str]) -> tuple[Filed, ...]:
        """Notes about this file or folder, in the order of ``newest``."""
        stems = json.dumps(lineage(asked))
        rows = self._notes("on_path", vaults=json.dumps(vaults), stems=stems, below=_below(asked))
        return tuple(each for each in rows.values() if any(about(path, asked) for path in each.note.paths))

    def by_id(self, note_id: str, vaults: Sequence[str]) -> tuple[Filed, ...]:
        """The notes of this id, the project's first; more than one when files were copied."""
        return tuple(self._notes("by_id", id=note_id, vaults=json.dumps(vaults)).values())

    def same(self, workspace: str, title: str, body: str) -> Filed | None:
        """The note of a vault that says the very same, if there is one."""
        rows = self._notes("same", title=title, body=body, workspace=workspace)
        return next(iter(rows.values()), None)

    def superseded(self, vaults: Sequence[str]) -> frozenset[str]:
        """The ids that another note has taken the place of."""
        return frozenset(each for (each,) in self._rows("superseded", vaults=json.dumps(vaults)))

    def count(self, vaults: Sequence[str]) -> int:
        """How many notes there are."""
        return self._number("count", vaults=json.dumps(vaults))

    def _phrases(self, question: Question, keys: list[int]) -> dict[int, float]:
        if not question.phrases:
            return {}
        return dict(self._rows("phrases", words=question.phrases, keys=json.dumps(keys)))

    def _held(self, question: Question, keys: list[int]) -> tuple[dict[int, set[str]], dict[str, int]]:
        """Which of these notes hold which words, and how many notes of all hold each."""
        held: dict[int, set[str]] = {}
        frequency = {}
        for word in question.words:
            ((count, having),) = self._rows("one_word", words=quoted(word), keys=json.dumps(keys))
            frequency[word] = count
            for key in json.loads(having):
                held.setdefault(key, set()).add(word)
        return held, frequency

    def _number(self, query: str, **parameters: Any) -> int:
        return int(self._rows(query, **parameters)[0][0])

    def _rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with self._working() as db:
            return db.execute(_sql()[query], parameters).fetchall()

    def _notes(self, query: str, **parameters: Any) -> dict[int, Filed]:
        from lsp_orch.adapters.note_schema import from_row  # noqa: PLC0415 - loads sqlite-utils

        with self._working() as db:
            return {row["key"]: from_row(row) for row in db.query(_sql()[query], parameters)}

    @contextmanager
    def _working(self) -> Iterator["Database"]:
        try:
            if self._db is None:
                self._db = _open(self._file)
            yield self._db
        except sqlite3.DatabaseError as error:
            if not _lost(error):
                raise _unusable(self._file, error) from error
            _log.warning("the note index %s is built anew from the notes: %s", self._file, error)
            self.close()
            for end in ("", "-wal", "-shm"):
                Path(f"{self._file}{end}").unlink(missing_ok=True)
            raise Unavailable(Code.STORE_CORRUPT, f"the note index was unreadable: {error}") from error


def _open(file: Path) -> "Database":
    from sqlite_utils import Database  # noqa: PLC0415 - see above

    from lsp_orch.adapters.note_schema import migrations  # noqa: PLC0415 - loads sqlite-utils

    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=_PATIENCE_S)
    try:
        db = Database(connection)
        db.enable_wal()
        known = {each.name for each in migrations.pending(Database(memory=True))}
        if {each.name for each in migrations.applied(db)} - known:
            raise sqlite3.DatabaseError("it was written by a newer version")  # noqa: TRY301 - one way out
        migrations.apply(db)
    except BaseException:
        connection.close()
        raise
    return db


@cache
def _sql() -> dict[str, str]:
    """The queries by name; parameters are written ``:name``."""
    text = Path(__file__).with_name("sql").joinpath("note_index.sql").read_text(encoding="utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _limits(vaults: Sequence[str], only: Filter) -> dict[str, str]:
    return {"vaults": json.dumps(vaults), "type": only.type or "", "tag": only.tag}


def _forget(db: "Database", workspace: str, paths: list[str]) -> None:
    parameters = {"workspace": workspace, "paths": json.dumps(paths)}
    db.execute(_sql()["forget_paths"], parameters)
    db.execute(_sql()["forget"], parameters)


def _below(path: str) -> str:
    """A GLOB for all that lies below a folder; the characters that mean something to GLOB mean themselves."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in path.rstrip("/")) + "/*"


def _lost(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_NOTADB)
    return code & _PRIMARY in _LOST or str(error).startswith("no such table")


def _unusable(file: Path, error: sqlite3.DatabaseError) -> Unavailable:
    full = error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_FULL
    code = Code.DISK_FULL if full else Code.INDEX_UNAVAILABLE
    return Unavailable(
        code, f"the note index {file} cannot be used: {error}", "the notes themselves are safe"
    )
