"""Which model does a task that leaves it to us: declared rules in order, the first that fits decides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lsp_orch.domain import glob
from lsp_orch.domain.errors import Misuse

LADDER = ("haiku", "sonnet", "opus")  # each can do more than the one before, and costs more

REJECTED = "rejected"  # it came to an end, and the review did not want it
TELLING = frozenset({"gave-up", "no-result", "over-turns", "refused-by-model", REJECTED})
"""What says something about the model: not the provider's, the machine's or our own faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Fits when all that it names does: a word of the title, the paths, role and stage, enough failures."""

    model: str
    reason: str
    words: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    failed: int = 0

    def fits(self, work: "Work") -> bool:
        """Whether this rule is for that work."""
        return (
            len(work.failures) >= self.failed
            and (not self.words or _says(work.title, self.words))
            and (not self.paths or _within(work.paths, self.paths))
            and (not self.roles or work.role in self.roles)
            and (not self.stages or work.stage in self.stages)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How an attempt ended that came to nothing, and the model that made it."""

    ending: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is known of a task that is to start, and was filed without a model."""

    title: str
    paths: tuple[str, ...] = ()
    role: str = ""
    stage: str = ""
    failures: tuple[Failure, ...] = ()  # the telling ones, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model, and in words why it is this one."""

    model: str
    reason: str


_HARD = (
    *("architecture", "architectural", "design", "redesign", "protocol"),
    *("concurrency", "deadlock", "migration", "security"),
)
_EASY = (
    *("rename", "renames", "typo", "typos", "spelling", "reword"),
    *("reformat", "format", "formatting", "whitespace", "changelog", "bump"),
)

ROUTES: tuple[Route, ...] = (
    Route(model="opus", reason="two attempts came to nothing", failed=2),
    Route(model="opus", reason="it decides how others work", stages=("plan",)),
    Route(model="opus", reason="architecture", words=_HARD),
    Route(model="haiku", reason="mechanical work", words=_EASY),
)


def telling(endings: Sequence[Failure]) -> tuple[Failure, ...]:
    """Those that say something about the model."""
    return tuple(each for each in endings if each.ending in TELLING)


def asked(model: str) -> Choice:
    """What somebody has said themselves stays, whatever the rules say and however often it fails."""
    return Choice(model=model, reason="asked for")


def choose(work: Work, routes: Sequence[Route], default: str, *, escalate: bool) -> Choice:
    """The model of the first rule that fits, else the default.

    With ``escalate`` it is at least one step above the one whose attempt failed last.
    """
    route = next((each for each in routes if each.fits(work)), None)
    choice = Choice(model=default, reason="the setting tasks.model")
    if route:
        choice = Choice(model=route.model, reason=route.reason)
    if escalate and work.failures:
        return _higher(choice, work.failures[-1])
    return choice


def read(value: object) -> tuple[Route, ...] | None:
    """Rules as a settings file has them, a list of tables; None when one of them makes no sense."""
    if not isinstance(value, list | tuple):
        return None
    routes = [each if isinstance(each, Route) else _route(each) for each in value]
    return None if None in routes else tuple(each for each in routes if each)


def _route(value: object) -> Route | None:
    if not isinstance(value, Mapping) or not {"model", "reason"} <= set(value):
        return None
    if not all(_sound(name, each) for name, each in value.items()):
        return None
    known: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in value.items()
    }
    return Route(**known)


def _sound(name: str, value: object) -> bool:
    match {each.name: each.default for each in fields(Route)}.get(name, False):
        case False:
            return False
        case tuple():
            return isinstance(value, list) and all(_is_word(each, pattern=name == "paths") for each in value)
        case int():
            return type(value) is int and value >= 0
        case _:
            return isinstance(value, str) and bool(value.strip())


def _is_word(value: object, *, pattern: bool) -> bool:
    if not isinstance(value, str) or not value:
        return False
    try:
        return not pattern or bool(glob.parse(value))
    except Misuse:
        return False


def _says(title: str, words: Sequence[str]) -> bool:
    return bool(re.search(rf"\b(?:{'|'.join(map(re.escape, words))})\b", title, re.IGNORECASE))


def _within(paths: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether each path, read as a name, matches one of the patterns; no paths are within nothing."""
    return bool(paths) and all(
        any(glob.matches(f"/{pattern}", f"/{path.strip('/')}") for pattern in patterns) for path in paths
    )


def _higher(choice: Choice, failure: Failure) -> Choice:
    """One step above the model that failed, unless that is where we are."""
    if failure.model not in LADDER or choice.model not in LADDER:
        return choice
    least = min(LADDER.index(failure.model) + 1, len(LADDER) - 1)
    if LADDER.index(choice.model) >= least:
        return choice
    return Choice(model=LADDER[least], reason=f"{failure.model} ended with {failure.ending}, so one step up")
