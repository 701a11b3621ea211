"""A session: somebody who is here, so that their leases can end with them."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.lease import Party
from lsp_orch.domain.settings import Settings

REMEMBERED_S = 24 * 3600.0  # a reaped session that comes back so late is a new one


class State(StrEnum):
    """How sure we are that somebody is here; who says goodbye is gone from the store."""

    ALIVE = "alive"
    SUSPECT = "suspect"  # silent for a while
    RESTING = "resting"  # its process has ended because it waits, and will begin again
    DEAD = "dead"  # silent for too long, or the process is gone; what it holds stays while reaping is frozen
    REAPED = "reaped"  # what it held has ended: it must register anew before it may hold again


class Step(StrEnum):
    """What happens to a session."""

    REGISTER = "register"
    SEE = "see"
    DOUBT = "doubt"
    REST = "rest"
    LOSE = "lose"
    REAP = "reap"


STEPS: dict[tuple[State, Step], State] = {
    (State.ALIVE, Step.SEE): State.ALIVE,
    (State.ALIVE, Step.DOUBT): State.SUSPECT,
    (State.ALIVE, Step.REST): State.RESTING,
    (State.ALIVE, Step.LOSE): State.DEAD,
    (State.SUSPECT, Step.SEE): State.ALIVE,
    (State.SUSPECT, Step.REST): State.RESTING,
    (State.SUSPECT, Step.LOSE): State.DEAD,
    (State.RESTING, Step.SEE): State.ALIVE,
    (State.RESTING, Step.REST): State.RESTING,
    (State.DEAD, Step.SEE): State.ALIVE,  # we were wrong, and the freeze has saved its leases
    (State.DEAD, Step.REST): State.RESTING,
    (State.DEAD, Step.REAP): State.REAPED,
    (State.REAPED, Step.REGISTER): State.ALIVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An editor connection or a Claude Code session.

    ``pid`` 0 means unknown; ``started`` says when that process began, in the machine's own count, so that
    a recycled pid is not mistaken for the session.
    """

    id: str
    kind: Party
    name: str
    workspace: str
    pid: int
    started: float
    connected_at: float
    seen_at: float
    state: State = State.ALIVE
    reaped_at: float | None = None


def advance(session: Session, step: Step, now: float) -> Session:
    """Return the session after ``step``.

    Raises:
        Misuse: the step does not exist in the session's state.
    """
    try:
        state = STEPS[session.state, step]
    except KeyError:
        raise Misuse(Code.BAD_REQUEST, f"a session that is {session.state} knows no {step}") from None
    return replace(session, state=state, reaped_at=now if state is State.REAPED else None)


def judge(session: Session, now: float, settings: Settings, *, gone: bool) -> Step | None:
    """What is to be thought of a session; ``gone`` when its process is known to be.

    A connection or a process says for itself that it lives: only who has neither is judged by silence, and
    who rests is not judged at all.
    """
    silent = 0.0 if session.pid or session.kind is Party.HUMAN else now - session.seen_at
    if gone or silent >= settings.reaper_dead_s:
        step = Step.LOSE
    elif silent >= settings.reaper_suspect_s:
        step = Step.DOUBT
    else:
        return None
    return step if (session.state, step) in STEPS else None


def refuse_reaped(session: Session) -> Refusal:
    """Say that somebody who was taken for dead must come back first."""
    return Refusal(
        code=Code.SESSION_REAPED,
        message=f"{session.name} was taken for dead, and what it held has ended",
        hint="files may have changed: read them again, then repeat the call",
    )
