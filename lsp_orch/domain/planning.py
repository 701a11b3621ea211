"""A plan's life: asked of a model, shown, and then accepted or not; and what its tasks share."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.plan import Piece
from lsp_orch.domain.plan_estimate import Estimate
from lsp_orch.domain.plan_order import Link, Order


class State(StrEnum):
    """Where a plan stands."""

    PLANNING = "planning"  # a model is at it
    PROPOSED = "proposed"  # it waits for a person; none of its tasks exists
    APPLIED = "applied"  # all of its tasks were filed
    REJECTED = "rejected"
    FAILED = "failed"  # what the model said cannot be taken, or it said nothing


class Step(StrEnum):
    """What happens to a plan."""

    PROPOSE = "propose"
    APPLY = "apply"
    REJECT = "reject"
    FAIL = "fail"


STEPS: dict[tuple[State, Step], State] = {
    (State.PLANNING, Step.PROPOSE): State.PROPOSED,
    (State.PLANNING, Step.FAIL): State.FAILED,
    (State.PROPOSED, Step.APPLY): State.APPLIED,
    (State.PROPOSED, Step.REJECT): State.REJECTED,
}

_PAST = {Step.PROPOSE: "proposed", Step.APPLY: "applied", Step.REJECT: "rejected", Step.FAIL: "given up"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is shown of a plan, and filed as it was shown."""

    summary: str
    order: Order
    estimate: Estimate
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``base`` is the commit that was looked at; ``pid`` is the planner's process, until ``ended_at``.

    A person has accepted it or not at ``decided_at``.
    """

    id: str
    state: State
    workspace: str
    goal: str
    pipeline: str
    base: str
    session_id: str
    made_at: float
    pid: int = 0
    pid_started: float = 0.0
    cost_usd: float = 0.0
    error: str = ""
    ended_at: float | None = None
    decided_at: float | None = None
    drawn: Drawn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a task is in its plan; ``tools`` are all that its worker may use, None any."""

    task_id: str
    plan_id: str
    name: str
    stage: str
    role: str
    tools: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all tasks of a plan can read and nobody can change: texts by their names."""

    plan_id: str
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Tells it from any other."""
        return sha256(body(self.files).encode()).hexdigest()


def body(files: Mapping[str, str]) -> str:
    """Texts by their names as one text, always the same for the same."""
    return json.dumps(dict(files), ensure_ascii=False, sort_keys=True)


def advance(plan: Plan, step: Step) -> Plan | Refusal:
    """The plan in its state after ``step``, or why the step cannot be taken."""
    state = STEPS.get((plan.state, step))
    if state is None:
        return Refusal(
            code=Code.PLAN_STATE,
            message=f"{plan.id} is {plan.state}: it cannot be {_PAST[step]}",
            hint=f"see where it stands: lsp-orch plan {plan.id}",
        )
    return replace(plan, state=state)


def written(drawn: Drawn | None) -> str:
    """As the store has it; empty for none."""
    return "" if drawn is None else json.dumps(asdict(drawn), ensure_ascii=False)


def drawn(text: str) -> Drawn | None:
    """The same back."""
    if not text:
        return None
    said: dict[str, Any] = json.loads(text)
    pieces = tuple(
        Piece(**{**each, "paths": tuple(each["paths"]), "after": tuple(each["after"])})
        for each in said["order"]["pieces"]
    )
    links = tuple(Link(**each) for each in said["order"]["links"])
    estimate = Estimate(**{**said["estimate"], "longest": tuple(said["estimate"]["longest"])})
    return Drawn(
        summary=said["summary"],
        order=Order(pieces=pieces, links=links),
        estimate=estimate,
        warnings=tuple(said["warnings"]),
    )
