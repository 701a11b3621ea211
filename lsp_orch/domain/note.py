"""A note: one fact that a session learned, where it came from and what it is about."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lsp_orch.domain.errors import Code, Refusal

LONGEST_TITLE = 200  # characters
LARGEST_BODY = 64 * 1024  # bytes of UTF-8: a note is a fact, not a transcript
PERSONAL = ""  # the vault that belongs to no workspace

_LONGEST_SLUG = 60  # characters; as bytes it still leaves room for an id in a file's name
_SURROGATE = re.compile("[\ud800-\udfff]")


class Type(StrEnum):
    """What kind of fact it is."""

    DECISION = "decision"
    PATTERN = "pattern"
    PITFALL = "pitfall"
    STATUS = "status"
    PREFERENCE = "preference"
    REFERENCE = "reference"
    TASK = "task"


class Scope(StrEnum):
    """Whose fact it is: everybody's who works on the project, or one person's everywhere."""

    PROJECT = "project"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a note came from; empty where that is not known."""

    session: str = ""
    task: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A note as somebody offers it. ``paths`` are relative to the workspace, folders and globs too.

    ``confidence`` is 0 to 1, ``expires`` seconds since the epoch; None where nobody said.
    """

    title: str
    body: str = ""
    type: Type = Type.REFERENCE
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    scope: Scope = Scope.PROJECT
    source: Source = field(default_factory=Source)
    confidence: float | None = None
    supersedes: tuple[str, ...] = ()
    expires: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A draft that has an id and a date; times are seconds since the epoch."""

    id: str
    type: Type
    title: str
    body: str
    tags: tuple[str, ...]
    paths: tuple[str, ...]
    scope: Scope
    created: float
    updated: float
    source: Source
    confidence: float | None
    supersedes: tuple[str, ...]
    expires: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A note and the file that holds it.

    ``workspace`` is absolute, or ``PERSONAL``; ``path`` is relative to that vault. ``signature`` changes
    with the file and is empty when the file is too young to tell.
    """

    note: Note
    workspace: str
    path: str
    signature: str = ""


def tidy(draft: Draft) -> Draft | Refusal:
    """The draft with blanks and repetitions gone, or what is wrong with it."""
    draft = replace(
        draft,
        title=one_line(draft.title),
        body=draft.body.strip(),
        tags=unique(draft.tags),
        paths=unique(draft.paths),
        supersedes=unique(draft.supersedes),
    )
    return _fault_of_text(draft) or _fault_of_paths(draft) or draft


def make(draft: Draft, note_id: str, now: float) -> Note:
    """A tidy draft becomes a note."""
    return Note(
        id=note_id,
        type=draft.type,
        title=draft.title,
        body=draft.body,
        tags=draft.tags,
        paths=draft.paths,
        scope=draft.scope,
        created=_whole(now),
        updated=_whole(now),
        source=draft.source,
        confidence=draft.confidence,
        supersedes=draft.supersedes,
        expires=draft.expires,
    )


def confirm(note: Note, draft: Draft, now: float) -> Note:
    """The note after somebody said the same again: seen now, and about their paths and tags too."""
    return replace(
        note,
        tags=unique(note.tags + draft.tags),
        paths=unique(note.paths + draft.paths),
        supersedes=unique(note.supersedes + draft.supersedes),
        updated=max(note.updated, _whole(now)),
    )


def slug(title: str) -> str:
    """The title as a file's name: lower case, words of any language joined by hyphens."""
    plain = unicodedata.normalize("NFKC", title).lower()
    joined = re.sub(r"[\W_]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")
    while len(joined.encode()) > 3 * _LONGEST_SLUG:
        joined = joined[:-1]
    return joined or "note"


def one_line(text: str) -> str:
    """The text with every run of white space and control characters made one blank."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()


def unique(words: tuple[str, ...]) -> tuple[str, ...]:
    """Each word once, tidied, in the order in which they came."""
    return tuple(dict.fromkeys(filter(None, map(one_line, words))))


def _whole(moment: float) -> float:
    """The moment as notes keep it: to the second."""
    return float(int(moment))


def _fault_of_text(draft: Draft) -> Refusal | None:
    size = len(draft.body.encode(errors="replace"))
    if not draft.title:
        return _bad("a note needs a title", "say in one line what was learned")
    if _SURROGATE.search(_everything(draft)):
        return _bad("the note holds characters that are no text (lone surrogates)", "send valid UTF-8")
    if len(draft.title) > LONGEST_TITLE:
        return _bad(f"the title has {len(draft.title)} characters; {LONGEST_TITLE} fit", "use the body")
    if draft.confidence is not None and not 0 <= draft.confidence <= 1:
        return _bad("the confidence must be a number from 0 to 1")
    if size <= LARGEST_BODY:
        return None
    return Refusal(
        code=Code.MESSAGE_TOO_LARGE,
        message=f"the note has {size} bytes; {LARGEST_BODY} fit",
        hint="keep the fact, and name the file that holds the rest",
    )


def _fault_of_paths(draft: Draft) -> Refusal | None:
    outside = next((path for path in draft.paths if not _inside(path)), None)
    if outside is None:
        return None
    return Refusal(
        code=Code.PATH_OUTSIDE,
        message=f"{outside} does not lead into the workspace",
        hint="give paths relative to the workspace, with slashes",
    )


def _everything(draft: Draft) -> str:
    source = (draft.source.session, draft.source.task, draft.source.commit)
    return "\n".join((draft.title, draft.body, *draft.tags, *draft.paths, *draft.supersedes, *source))


def _inside(path: str) -> bool:
    return not path.startswith(("/", "~")) and ".." not in path.split("/") and "\\" not in path


def _bad(message: str, hint: str = "") -> Refusal:
    return Refusal(code=Code.BAD_REQUEST, message=message, hint=hint)
