"""A lease: who may use which resources, how, and until when."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.settings import Settings

FRESH = 0.01
"""The part of its time for which a lease that was just renewed is not renewed again.

A busy agent shows many signs of life a second, and each would write all that it holds.
"""


class Mode(StrEnum):
    """Readers share; a writer is alone."""

    READ = "read"
    WRITE = "write"


class Party(StrEnum):
    """Whether a person or a program holds."""

    HUMAN = "human"
    AGENT = "agent"


class State(StrEnum):
    """Where a live lease stands; one that has ended is gone from the store."""

    HELD = "held"  # by a program, renewed by its signs of life
    DIRTY = "dirty"  # a person's buffer differs from the file
    SAVED = "saved"  # it was saved a moment ago
    VANISHED = "vanished"  # the person's editor went away without a goodbye
    STOPPED = "stopped"  # the agent ended its turn


class Step(StrEnum):
    """What happens to a live lease."""

    RENEW = "renew"
    STOP = "stop"
    CHANGE = "change"
    SAVE = "save"
    VANISH = "vanish"


STEPS: dict[tuple[State, Step], State] = {
    (State.HELD, Step.RENEW): State.HELD,
    (State.HELD, Step.STOP): State.STOPPED,
    (State.HELD, Step.CHANGE): State.DIRTY,  # a person had asked for the file, and now types
    (State.HELD, Step.SAVE): State.SAVED,
    (State.HELD, Step.VANISH): State.VANISHED,
    (State.STOPPED, Step.RENEW): State.HELD,
    (State.STOPPED, Step.STOP): State.STOPPED,
    (State.DIRTY, Step.CHANGE): State.DIRTY,
    (State.DIRTY, Step.SAVE): State.SAVED,
    (State.DIRTY, Step.VANISH): State.VANISHED,
    (State.SAVED, Step.CHANGE): State.DIRTY,
    (State.SAVED, Step.SAVE): State.SAVED,
    (State.SAVED, Step.VANISH): State.VANISHED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds: an editor connection, or a Claude session and agent. Names never decide identity."""

    id: str
    kind: Party
    name: str
    session: str = ""  # what dies with the process; subagents share their session's


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """``token`` only grows; times are seconds since the epoch; no ``expires_at`` means: until saved.

    ``progress_at`` is when its holder last asked for it to write; long after that it is ``contested``.
    """

    id: str
    token: int
    mode: Mode
    state: State
    workspace: str
    scopes: tuple[Scope, ...]
    holder: Holder
    reason: str
    ttl_s: float
    acquired_at: float
    expires_at: float | None
    progress_at: float = 0.0
    contested: bool = False


def expiry(state: State, ttl_s: float, now: float, settings: Settings) -> float | None:
    """When a lease that has just come to ``state`` ends by itself."""
    match state:
        case State.HELD:
            return now + ttl_s
        case State.DIRTY:
            return None  # unsaved work is never taken from a person by a clock
        case State.SAVED:
            return now + settings.leases_saved_s
        case State.VANISHED:
            return now + settings.leases_vanished_s
        case State.STOPPED:
            return now + settings.leases_stopped_s


def advance(lease: Lease, step: Step, now: float, settings: Settings) -> Lease:
    """Return the lease after ``step``.

    Raises:
        Misuse: the step does not exist in the lease's state.
    """
    try:
        state = STEPS[lease.state, step]
    except KeyError:
        raise Misuse(Code.BAD_REQUEST, f"a {lease.state} lease knows no {step}") from None
    return replace(lease, state=state, expires_at=expiry(state, lease.ttl_s, now, settings))
