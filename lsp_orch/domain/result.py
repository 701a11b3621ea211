"""What a worker hands back: one table says what a result holds, the schema and the check follow from it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from lsp_orch.domain import fields
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.fault import Fault
from lsp_orch.domain.fields import Field


class Status(StrEnum):
    """How the worker itself judges its work."""

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``changed_files`` are relative to the workspace, with slashes."""

    status: Status
    summary: str
    changed_files: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    learnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """The session has ended before the call of a tool, and can be resumed there."""

    tool: str


class Ending(StrEnum):
    """How a run ended, in one word."""

    DONE = "done"
    GAVE_UP = "gave-up"  # the worker itself says that it could not
    NO_RESULT = "no-result"
    DIED = "died"
    SILENT = "silent"
    TIMED_OUT = "timed-out"
    OVER_BUDGET = "over-budget"
    OVER_TURNS = "over-turns"
    REFUSED_BY_MODEL = "refused-by-model"
    PROVIDER = "provider"  # nobody could be asked: a limit, an overload, no network
    PUT_OFF = "put-off"  # before a call that somebody has put off
    OURS = "ours"  # we ended it, and not because of what it did
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run ended: a valid result or why there is none, and what the session has cost in US dollars.

    ``turns`` are the model's. ``ending`` is said where it does not follow from the result, and ``until`` when
    it is of use to try again (seconds since the epoch). ``fault`` is the provider's. Nobody had given the
    worker leave for the calls in ``denials``.
    """

    result: Result | Refusal | Deferred
    cost_usd: float = 0.0
    turns: int = 0
    ending: Ending | None = None
    until: float | None = None
    fault: Fault | None = None
    denials: tuple[str, ...] = ()


FIELDS: dict[str, Field] = {
    "status": Field(
        meaning="done when all that was asked is finished, partial when some of it is, failed otherwise",
        choices=tuple(Status),
    ),
    "summary": Field(meaning="what was done and why, for whoever reviews it, in at most ten sentences"),
    "changed_files": Field(meaning="every file you changed, relative to the top folder", many=True),
    "follow_ups": Field(meaning="what somebody should do next, one thing each", many=True),
    "learnings": Field(meaning="what the next worker on this project should know, one fact each", many=True),
}


def schema() -> dict[str, object]:
    """The JSON Schema that a worker's result must meet."""
    return fields.schema(FIELDS)


def parse(value: object) -> Result | Refusal:
    """Take what a worker reported, or refuse it naming the first field that does not fit."""
    if fault := fields.fault(value, FIELDS):
        return _refuse(fault)
    report = cast("dict[str, Any]", value)
    return Result(
        status=Status(report["status"]),
        summary=report["summary"],
        changed_files=tuple(report["changed_files"]),
        follow_ups=tuple(report["follow_ups"]),
        learnings=tuple(report["learnings"]),
    )


def _refuse(reason: str) -> Refusal:
    return Refusal(
        code=Code.RESULT_INVALID,
        message=f"the worker's result does not count: {reason}",
        hint="the attempt's log shows what it did: lsp-orch task logs ID",
    )
