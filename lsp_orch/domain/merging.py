"""A merge on its way: asked for, tried apart from the user's checkout, and landed there or not."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_orch.domain.errors import Code, Misuse, Refusal


class State(StrEnum):
    """How far it has come."""

    QUEUED = "queued"
    TRYING = "trying"  # in a throw-away checkout: the user's is as it was
    LANDING = "landing"  # the user's checkout moves to ``merged``
    LANDED = "landed"
    REFUSED = "refused"


class Step(StrEnum):
    """What happens to it."""

    BEGIN = "begin"
    LAND = "land"
    DONE = "done"
    REFUSE = "refuse"
    AGAIN = "again"  # whoever was at it is gone: a merge that has landed already lands once more, unchanged


STEPS: dict[tuple[State, Step], State] = {
    (State.QUEUED, Step.BEGIN): State.TRYING,
    (State.TRYING, Step.LAND): State.LANDING,
    (State.TRYING, Step.REFUSE): State.REFUSED,
    (State.TRYING, Step.AGAIN): State.QUEUED,
    (State.LANDING, Step.DONE): State.LANDED,
    (State.LANDING, Step.REFUSE): State.REFUSED,
    (State.LANDING, Step.AGAIN): State.QUEUED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """``place`` is its place in the queue. Those of one ``batch`` were asked for at once.

    When one of a batch is refused, those behind it are not tried. ``key`` is what it was asked with, and
    ``refused`` why it came to nothing.
    """

    place: int = 0
    batch: int = 0
    task_id: str
    key: str
    state: State = State.QUEUED
    merged: str = ""
    refused: Refusal | None = None
    asked_at: float
    ended_at: float | None = None


def advance(request: MergeRequest, step: Step) -> MergeRequest:
    """The request in its state after ``step``.

    Raises:
        Misuse: that step cannot be taken.
    """
    state = STEPS.get((request.state, step))
    if state is None:
        raise Misuse(Code.INTERNAL, f"the merge of {request.task_id} is {request.state}: no {step}")
    return replace(request, state=state)
