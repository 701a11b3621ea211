"""One attempt at a task: a run from its claim to its end, also while it is parked."""

from dataclasses import dataclass, replace

from lsp_orch.domain.result import Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Times are seconds since the epoch; it is open until ``ended_at``.

    ``id`` is the run's number, and its fence: no other run ever has it. ``number`` counts those that were
    spent, and comes back when one was not. ``why_model`` says in words why it was this ``model``. Its work
    came to the commit ``tip``, or is kept under ``kept_ref``. It was parked for ``parked_s`` seconds in all,
    and is since ``parked_at``.
    """

    id: int = 0
    task_id: str
    number: int
    session_id: str
    model: str
    why_model: str
    started_at: float
    ended_at: float | None = None
    ending: Ending | None = None
    cost_usd: float = 0.0
    turns: int = 0
    error: str = ""
    tip: str = ""
    kept_ref: str = ""
    parked_at: float | None = None
    parked_s: float = 0.0


def spend(attempt: Attempt, cost_usd: float, turns: int) -> Attempt:
    """It has cost so much more."""
    return replace(attempt, cost_usd=attempt.cost_usd + cost_usd, turns=attempt.turns + turns)


def park(attempt: Attempt, now: float) -> Attempt:
    """It waits from now on."""
    return replace(attempt, parked_at=now)


def go_on(attempt: Attempt, now: float) -> Attempt:
    """It waits no more."""
    since = now if attempt.parked_at is None else attempt.parked_at
    return replace(attempt, parked_at=None, parked_s=attempt.parked_s + max(0.0, now - since))


def end(attempt: Attempt, now: float, ending: Ending, error: str = "", tip: str = "") -> Attempt:
    """It is over, and never changes again."""
    return replace(go_on(attempt, now), ended_at=now, ending=ending, error=error, tip=tip)
