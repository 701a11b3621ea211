"""The verbs of ``lsp-orch vault``."""

import os.path
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.injection import Context
from lsp_orch.domain.note import PERSONAL, Draft, Filed, Scope, Source, Type
from lsp_orch.domain.recall import Filter
from lsp_orch.domain.words import excerpt
from lsp_orch.endpoints.params import optional, required, strings
from lsp_orch.endpoints.shapes import rfc3339
from lsp_orch.services.notes import MOST, Hit, Notes, Work

Answer: TypeAlias = dict[str, Any] | Refusal
Choice = TypeVar("Choice", bound=StrEnum)

_HITS = 10


class NoteMethods:
    """Translates ``vault.*`` calls. Every method blocks: it runs on the thread that owns ``Notes``."""

    def __init__(self, notes: Notes, root: Callable[[str], Path]) -> None:
        """``root`` says where a workspace's vault is."""
        self._notes = notes
        self._root = root

    def methods(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        """Each method by its name."""
        return {
            "vault.add": self.add,
            "vault.context": self.context,
            "vault.list": self.list,
            "vault.reindex": self.reindex,
            "vault.search": self.search,
            "vault.show": self.show,
        }

    def add(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "title", "body", "type", "tags", "paths", "scope", ...}`` to the note.

        The answer is ``{"note": Note, "known": bool, "secrets": [kind]}``: known when it was there already,
        secrets the kinds of what was taken out.
        """
        workspace = _workspace(params)
        added = self._notes.add(workspace, _draft(params))
        if isinstance(added, Refusal):
            return added
        return {
            "note": self._note(added.filed, workspace),
            "known": added.known,
            "secrets": list(added.secrets),
        }

    def show(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "id"}`` to ``{"note": Note}``."""
        workspace = _workspace(params)
        filed = self._notes.show(workspace, required(params, "id", str))
        return filed if isinstance(filed, Refusal) else {"note": self._note(filed, workspace)}

    def list(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "scope", "type", "tag"}`` to ``{"notes": [Note without body], "problems"}``."""
        workspace = _workspace(params)
        listing = self._notes.list(workspace, _filter(params), _count(params, "limit", MOST))
        notes = [self._note(filed, workspace) for filed in listing.notes]
        for each in notes:
            del each["body"]
        return {"notes": notes, "problems": [_problem(each) for each in listing.problems]}

    def search(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "query", "limit", "scope", "type", "tag"}`` to ``{"hits"}``, best first."""
        workspace = _workspace(params)
        query, limit = required(params, "query", str), _count(params, "limit", _HITS)
        hits = self._notes.search(workspace, query, _filter(params), limit)
        return {"hits": [self._hit(hit, workspace) for hit in hits]}

    def context(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "prompt", "paths", "budget"}`` to what a session would be told, and why."""
        workspace = _workspace(params)
        paths = tuple(_relative(path, workspace) for path in strings(params, "paths"))
        work = Work(prompt=optional(params, "prompt", ""), paths=paths)
        budget = None if params.get("budget") is None else _count(params, "budget", 0)
        return _told(self._notes.context(workspace, work, budget))

    def reindex(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` to ``{"notes": n, "problems": [{"code", "message", "hint"}]}``."""
        built = self._notes.reindex(_workspace(params))
        return {"notes": built.notes, "problems": [_problem(each) for each in built.problems]}

    def _note(self, filed: Filed, workspace: str) -> dict[str, Any]:
        note = filed.note
        return {
            "id": note.id,
            "type": note.type.value,
            "title": note.title,
            "body": note.body,
            "tags": list(note.tags),
            "paths": list(note.paths),
            "scope": note.scope.value,
            "created": rfc3339(note.created),
            "updated": rfc3339(note.updated),
            "source": {
                "session": note.source.session,
                "task": note.source.task,
                "commit": note.source.commit,
            },
            "confidence": note.confidence,
            "supersedes": list(note.supersedes),
            "expires": rfc3339(note.expires),
            "path": self._path(filed, workspace),
        }

    def _hit(self, hit: Hit, workspace: str) -> dict[str, Any]:
        note = hit.filed.note
        return {
            "id": note.id,
            "title": note.title,
            "score": _short(hit.score),
            "path": self._path(hit.filed, workspace),
            "snippet": excerpt(note.body, hit.words),
            "type": note.type.value,
            "tags": list(note.tags),
            "scope": note.scope.value,
        }

    def _path(self, filed: Filed, workspace: str) -> str:
        """The file as people name it: relative to the workspace, or absolute for a personal note."""
        file = str(self._root(filed.workspace) / filed.path)
        return file if filed.workspace == PERSONAL else os.path.relpath(file, workspace).replace(os.sep, "/")


def _told(context: Context) -> dict[str, Any]:
    return {
        "text": context.text,
        "notes": [
            {"id": each.id, "score": _short(each.score), "tokens": each.tokens, "why": each.why}
            for each in context.notes
        ],
        "tokens": context.tokens,
        "budget": context.budget,
    }


def _short(score: float) -> float:
    """Four digits that count: in a vault of two notes bm25 gives millionths."""
    return float(f"{score:.4g}")


def _problem(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code.value, "message": refusal.message, "hint": refusal.hint}


def _draft(params: dict[str, Any]) -> Draft:
    source = optional(params, "source", dict[str, Any]())
    confidence, expires = params.get("confidence"), optional(params, "expires", "")
    return Draft(
        title=required(params, "title", str),
        body=optional(params, "body", ""),
        type=_choice(params, "type", Type) or Type.REFERENCE,
        tags=tuple(strings(params, "tags")),
        paths=tuple(strings(params, "paths")),
        scope=_choice(params, "scope", Scope) or Scope.PROJECT,
        source=Source(
            session=optional(source, "session", ""),
            task=optional(source, "task", ""),
            commit=optional(source, "commit", ""),
        ),
        confidence=None if confidence is None else required(params, "confidence", float),
        supersedes=tuple(strings(params, "supersedes")),
        expires=_moment(expires) if expires else None,
    )


def _filter(params: dict[str, Any]) -> Filter:
    return Filter(
        scope=_choice(params, "scope", Scope),
        type=_choice(params, "type", Type),
        tag=optional(params, "tag", ""),
    )


def _workspace(params: dict[str, Any]) -> str:
    """The workspace; without one the personal vault is all there is."""
    workspace = optional(params, "workspace", PERSONAL)
    if workspace and not Path(workspace).is_absolute():
        raise Misuse(Code.BAD_REQUEST, f"workspace must be an absolute path, not {workspace}")
    return workspace


def _relative(path: str, workspace: str) -> str:
    """A file or folder as notes name it; one outside the workspace is named in a way that no note uses."""
    return os.path.relpath(Path(workspace, path), workspace).replace(os.sep, "/") if workspace else path


def _choice(params: dict[str, Any], name: str, choices: type[Choice]) -> Choice | None:
    wanted = optional(params, name, "")
    try:
        return choices(wanted) if wanted else None
    except ValueError:
        known = ", ".join(choices)
        raise Misuse(Code.BAD_REQUEST, f"{name} must be one of {known}, not {wanted}") from None


def _count(params: dict[str, Any], name: str, default: int) -> int:
    value = optional(params, name, default)
    if not 0 <= value <= MOST:
        raise Misuse(Code.BAD_REQUEST, f"{name} must be a number from 0 to {MOST}")
    return value


def _moment(written: str) -> float:
    try:
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError):
        raise Misuse(
            Code.BAD_REQUEST, f"expires must be a date or a time (RFC 3339), not {written}"
        ) from None
