"""A vigil: whether the silent may be taken for dead now, or clock and machine only make it look so.

    WATCHING ── alarm ──> FROZEN ── lapse ──> WATCHING
                          └ alarm: frozen for longer

While it is frozen no lease ends by itself, no session is reaped and no claim comes due; what is asked for is
granted as ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

JUMP_S = 5.0  # a clock that is slewed never runs away so far between two looks
GAP_S = 30.0  # far longer than between two looks of a daemon that runs
DEATHS = 3  # so many within DEATHS_S are rather a fault in how we look than so many deaths
DEATHS_S = 30.0
START_S = 10.0  # after its start a daemon gives those who were here so long to show that they are


class State(StrEnum):
    """Whether what is over is ended."""

    WATCHING = "watching"
    FROZEN = "frozen"


class Step(StrEnum):
    """What happens to a vigil."""

    ALARM = "alarm"
    LAPSE = "lapse"


STEPS: dict[tuple[State, Step], State] = {
    (State.WATCHING, Step.ALARM): State.FROZEN,
    (State.FROZEN, Step.ALARM): State.FROZEN,
    (State.FROZEN, Step.LAPSE): State.WATCHING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment by three clocks, in seconds.

    ``wall`` is since the epoch and can be set; ``steady`` cannot be set; ``awake`` is like it, and stands
    still while the machine sleeps.
    """

    wall: float
    steady: float
    awake: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """``offset`` is what the wall clock was ahead of the steady one when it was last believed.

    ``until`` is by the steady clock and counts while it is frozen; ``deaths`` are those of late, by session.
    """

    seen: Moment
    offset: float
    state: State = State.WATCHING
    until: float = 0.0
    why: str = ""
    deaths: tuple[tuple[str, float], ...] = ()


def begin(now: Moment) -> Vigil:
    """Watch from now on."""
    return Vigil(seen=now, offset=now.wall - now.steady)


def broken(vigil: Vigil, now: Moment) -> str:
    """Say what has happened to the time since the last look; nothing when it only went by.

    Small steps of the clock add up: they are compared with when it was last believed.
    """
    jump = now.wall - now.steady - vigil.offset
    if abs(jump) > JUMP_S:
        return f"the clock was set {'forward' if jump > 0 else 'back'} by {_long(abs(jump))}"
    awake = now.awake - vigil.seen.awake
    slept = now.steady - vigil.seen.steady - awake
    if slept > JUMP_S:
        return f"the machine slept for {_long(slept)}"
    return f"lsp-orch did not run for {_long(awake)}" if awake > GAP_S else ""


def look(vigil: Vigil, now: Moment) -> Vigil:
    """Note that this moment was seen; a freeze that has lasted long enough is over."""
    after = replace(vigil, seen=now)
    if vigil.state is State.FROZEN and now.steady >= vigil.until:
        return replace(after, state=STEPS[vigil.state, Step.LAPSE], why="")
    return after


def alarm(vigil: Vigil, why: str, freeze_s: float) -> Vigil:
    """Freeze for so long from the moment last seen."""
    until = max(vigil.until, vigil.seen.steady + freeze_s)
    return replace(vigil, state=STEPS[vigil.state, Step.ALARM], until=until, why=why, deaths=())


def believe(vigil: Vigil) -> Vigil:
    """Believe the wall clock of the moment last seen: what was counted by it before begins anew."""
    return replace(vigil, offset=vigil.seen.wall - vigil.seen.steady)


def mourn(vigil: Vigil, dead: Iterable[str]) -> Vigil:
    """Note sessions that have died; one that dies twice is one."""
    now = vigil.seen.steady
    late = {name: at for name, at in vigil.deaths if now - at < DEATHS_S}
    return replace(vigil, deaths=tuple((late | dict.fromkeys(dead, now)).items()))


def too_many(vigil: Vigil) -> str:
    """Say that too many died at once; nothing when they did not."""
    count = len(vigil.deaths)
    return f"{count} sessions died within {DEATHS_S:g} s" if count >= DEATHS else ""


def thaw(vigil: Vigil, now: Moment) -> float | None:
    """When the freeze is over (seconds since the epoch); None when there is none."""
    return now.wall + vigil.until - now.steady if vigil.state is State.FROZEN else None


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two minutes
