"""What follows from how a run ended: one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import Deferred, Ending, Outcome, Status
from lsp_orch.domain.retry import backoff
from lsp_orch.domain.task import Step


class Wait(StrEnum):
    """When the next attempt may begin."""

    NOT = "not"  # at once
    STEPS = "steps"  # after the pause of ``tasks.backoff_s``
    UNTIL = "until"  # when it is of use, as far as that is known; else as STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The step that the task takes; what is no fault of the worker's does not spend the attempt."""

    step: Step
    spends: bool = True
    wait: Wait = Wait.STEPS


AFTER: dict[Ending, After] = {
    Ending.DONE: After(step=Step.FINISH),
    Ending.GAVE_UP: After(step=Step.FAIL),
    Ending.NO_RESULT: After(step=Step.REQUEUE),
    Ending.DIED: After(step=Step.REQUEUE),
    Ending.SILENT: After(step=Step.REQUEUE),
    Ending.TIMED_OUT: After(step=Step.REQUEUE),
    Ending.OVER_BUDGET: After(step=Step.REQUEUE),
    Ending.OVER_TURNS: After(step=Step.REQUEUE),
    Ending.REFUSED_BY_MODEL: After(step=Step.REQUEUE),
    Ending.PROVIDER: After(step=Step.REQUEUE, spends=False, wait=Wait.UNTIL),
    Ending.PUT_OFF: After(step=Step.PARK, spends=False),
    Ending.OURS: After(step=Step.REQUEUE, spends=False, wait=Wait.NOT),
    Ending.CANCELLED: After(step=Step.CANCEL),
}

_FINAL = {Code.CLAUDE_MISSING, Code.CLAUDE_TOO_OLD}
_HERE = {  # the repository is not as it must be
    Code.BASE_STALE,
    Code.BRANCH_TAKEN,
    Code.NOT_A_REPOSITORY,
    Code.NO_COMMITS,
    Code.SUBMODULE_MISSING,
}
_BY_CODE = {
    Code.WORKER_DIED: Ending.DIED,
    Code.TASK_TIMEOUT: Ending.TIMED_OUT,
    **dict.fromkeys(_FINAL, Ending.DIED),
}


def ending(outcome: Outcome) -> Ending:
    """The word for it, where whoever saw the end has not said a better one."""
    if outcome.ending:
        return outcome.ending
    match outcome.result:
        case Refusal(code=code):
            return _BY_CODE.get(code, Ending.NO_RESULT)
        case Deferred():
            return Ending.PUT_OFF
        case result:
            return Ending.GAVE_UP if result.status is Status.FAILED else Ending.DONE


def is_final(outcome: Outcome) -> bool:
    """Whether another attempt must fare the same, until a person has done something on this machine."""
    return isinstance(outcome.result, Refusal) and outcome.result.code in _FINAL | _HERE


def follows(ending: Ending, *, left: bool) -> After:
    """What the table says; a spent attempt is followed by another one only if some are ``left``."""
    after = AFTER[ending]
    if after.step is Step.REQUEUE and after.spends and not left:
        return After(step=Step.FAIL)
    return after


def wait_s(wait: Wait, steps: Sequence[float], attempt: int, chance: float, known_s: float | None) -> float:
    """Seconds before the next attempt; ``known_s`` are those after which it is of use, if that is known."""
    if wait is Wait.NOT:
        return 0.0
    if wait is Wait.UNTIL and known_s is not None:
        return max(0.0, known_s)
    return backoff(steps, attempt, chance)
