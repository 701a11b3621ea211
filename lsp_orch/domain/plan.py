"""A plan: a goal split into tasks, as a model proposes it. Its text is data until our rules have read it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, cast

from lsp_orch.domain import fields, glob
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.fields import Field, Fields
from lsp_orch.domain.task import AUTO

MODELS = (AUTO, "haiku", "sonnet", "opus")
SIZES = ("small", "medium", "large")
NO_ROLE = "none"
ANYTHING = "**"  # what a task may change that writes and does not say where

_LONGEST = {"title": 200, "prompt": 64 * 1024, "check": 1024, "summary": 8 * 1024}  # characters
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One task of a plan. ``name`` is its own in the plan, ``after`` are names, ``paths`` what it may change.

    ``paths`` are relative to the workspace; a folder or file stands for itself and all below it, else it is a
    glob. Without any, it changes nothing.
    """

    name: str
    title: str
    prompt: str
    stage: str
    role: str
    paths: tuple[str, ...]
    after: tuple[str, ...]
    model: str
    size: str
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the planner says."""

    summary: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The stages by their names, each with whether it ``writes``, and the names of the roles."""

    stages: Mapping[str, bool]
    roles: tuple[str, ...] = ()


def table(words: Vocabulary) -> Fields:
    """What a task of a plan holds."""
    return {
        "name": Field(meaning="its name in this plan: small letters, digits and dashes"),
        "title": Field(meaning="what it does, in one line"),
        "prompt": Field(meaning="all that a worker who knows nothing else must know to do it"),
        "stage": Field(meaning="which kind of work it is", choices=tuple(words.stages)),
        "role": Field(meaning="whose eyes it is done with", choices=(NO_ROLE, *words.roles)),
        "paths": Field(
            meaning="every file, folder or glob it may change, relative to the top folder", many=True
        ),
        "after": Field(meaning="the names of the tasks whose work it needs", many=True),
        "model": Field(meaning="auto, unless it clearly needs another one", choices=MODELS),
        "size": Field(meaning="how much work it is", choices=SIZES),
        "check": Field(meaning="a shell command that succeeds when it is done well; empty without one"),
    }


def schema(words: Vocabulary) -> dict[str, object]:
    """The JSON Schema that a planner's answer must meet."""
    summary = {"type": "string", "description": "how the goal is reached, for whoever accepts the plan"}
    return {
        "type": "object",
        "properties": {"summary": summary, "tasks": {"type": "array", "items": fields.schema(table(words))}},
        "required": ["summary", "tasks"],
        "additionalProperties": False,
    }


def parse(value: object, words: Vocabulary, most: int) -> Proposal | Refusal:
    """Take what a planner said, or refuse it naming the first thing that does not fit.

    Refused: plan-invalid; more than ``most`` tasks, too; path-outside.
    """
    match value:
        case {"summary": str(summary), "tasks": list(tasks), **rest} if not rest:
            pass
        case _:
            return refuse("it must be an object with a text `summary` and a list `tasks`, and nothing else")
    if not tasks:
        return refuse("it has no tasks")
    if len(tasks) > most:
        return refuse(f"it has {len(tasks)} tasks, and one plan files at most {most}", _FEWER)
    if len(summary) > _LONGEST["summary"]:
        return refuse(f"its summary has more than {_LONGEST['summary']} characters")
    pieces = []
    for number, each in enumerate(tasks, start=1):
        piece = _piece(each, number, words)
        if isinstance(piece, Refusal):
            return piece
        pieces.append(piece)
    return _names(pieces) or Proposal(summary=summary, pieces=tuple(pieces))


def refuse(reason: str, hint: str = "") -> Refusal:
    """Say why a plan cannot be taken."""
    return Refusal(
        code=Code.PLAN_INVALID,
        message=f"the plan cannot be taken: {reason}",
        hint=hint or "nothing was filed; ask again, perhaps with a clearer goal",
    )


_FEWER = "nothing was filed; ask for less at a time, or raise plan.max_tasks"


def _piece(value: object, number: int, words: Vocabulary) -> Piece | Refusal:
    if fault := fields.fault(value, table(words)):
        return refuse(f"of task {number}, {fault}")
    said = cast("Mapping[str, Any]", value)
    if not _NAME.fullmatch(said["name"]):
        return refuse(f"the name of task {number} must be of small letters, digits and dashes")
    name = said["name"]
    for part, longest in _LONGEST.items():
        if len(said.get(part, "")) > longest:
            return refuse(f"the {part} of {name} has more than {longest} characters")
    if empty := [part for part in ("title", "prompt") if not said[part].strip()]:
        return refuse(f"the {empty[0]} of {name} is empty")
    if "\n" in said["check"].strip():
        return refuse(f"the check of {name} has more than one line")
    piece = Piece(**{**said, "after": tuple(dict.fromkeys(said["after"])), "check": said["check"].strip()})
    return _placed(piece, writes=words.stages[piece.stage])


def _placed(piece: Piece, *, writes: bool) -> Piece | Refusal:
    """The same with its paths in one form; one that writes and says not where may change anything."""
    if not writes:
        return replace(piece, paths=())
    paths = []
    for path in piece.paths:
        if fault := _path_fault(path):
            return fault
        folder = "/" if path.endswith("/") else ""
        paths.append(f"{PurePosixPath(path)}{folder}" if PurePosixPath(path).parts else ANYTHING)
    return replace(piece, paths=tuple(dict.fromkeys(paths)) or (ANYTHING,))


def _path_fault(path: str) -> Refusal | None:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        return Refusal(
            code=Code.PATH_OUTSIDE,
            message=f"the plan cannot be taken: {path} is not inside the workspace",
            hint="nothing was filed; ask again, perhaps with a clearer goal",
        )
    if not path.isprintable() or not path:
        return refuse(f"{path!r} is no path")
    try:
        glob.parse(path)
    except Misuse as misuse:
        return refuse(misuse.refusal.message)
    return None


def _names(pieces: list[Piece]) -> Refusal | None:
    """Refuse two of one name, and a wait for a task that is not in the plan."""
    names = [piece.name for piece in pieces]
    if twice := [name for name in names if names.count(name) > 1]:
        return refuse(f"two of its tasks are named {twice[0]}")
    for piece in pieces:
        if unknown := [each for each in piece.after if each not in names]:
            return refuse(f"{piece.name} waits for {unknown[0][:40]!r}, which is none of its tasks")
    return None
