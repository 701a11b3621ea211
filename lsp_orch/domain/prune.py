"""Which tasks nobody needs any more: one rule after the other, the first that applies says why."""

from collections.abc import Callable
from dataclasses import dataclass

from lsp_orch.domain.task import State

URGENT = frozenset({0, 1})  # priorities whose tasks are never too old to be done
_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A task that is not at work; times are seconds since the epoch.

    It was last ``touched`` when it was filed, tried, or came to its end. ``superseded_by`` is a newer task of
    the same workspace and key, ``awaited`` that another one waits for it, ``stuck`` that it waits for a dead
    one. ``gone`` is that its workspace is no more, and not merely out of reach. ``tip`` is work that nobody
    has taken.
    """

    id: str
    state: State
    priority: int
    workspace: str
    touched: float
    superseded_by: str = ""
    awaited: bool = False
    stuck: bool = False
    gone: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things are kept; 0 days are for ever."""

    now: float
    old_days: int
    stale_days: int

    def passed(self, days: int, since: float) -> bool:
        """Whether so many days are over."""
        return days > 0 and self.now - since >= days * _DAY_S


Rule = Callable[[Candidate, Limits], str]

_OPEN = frozenset({State.PENDING, State.READY})
_DEAD = frozenset({State.FAILED, State.CANCELLED})


def superseded(task: Candidate, _: Limits) -> str:
    """The same was asked for anew."""
    asked_anew = task.superseded_by and task.state in _OPEN | _DEAD
    return f"superseded by {task.superseded_by}, which has the same key" if asked_anew else ""


def orphaned(task: Candidate, _: Limits) -> str:
    """There is nowhere to do it any more."""
    homeless = task.gone and task.state in _OPEN | _DEAD
    return f"orphaned: {task.workspace} is gone" if homeless else ""


def stale(task: Candidate, limits: Limits) -> str:
    """Nobody has come to it for so long; one that waits for others in good order is not stale."""
    waits_well = task.state is State.PENDING and not task.stuck
    if task.state not in _OPEN or waits_well or task.priority in URGENT:
        return ""
    over = limits.passed(limits.stale_days, task.touched)
    return f"stale: nothing has become of it for {limits.stale_days} days" if over else ""


def old(task: Candidate, limits: Limits) -> str:
    """It ended, or waits for a person, since so long."""
    if task.state not in _DEAD | {State.REVIEW}:
        return ""
    over = limits.passed(limits.old_days, task.touched)
    return f"old: {task.state} for {limits.old_days} days" if over else ""


RULES: tuple[Rule, ...] = (superseded, orphaned, stale, old)


def verdict(task: Candidate, limits: Limits) -> str:
    """Why a task may go, or nothing; never while another one waits for it."""
    if task.awaited:
        return ""
    return next((why for rule in RULES if (why := rule(task, limits))), "")
