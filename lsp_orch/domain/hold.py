"""A hold: nobody asks a provider that has said no, until one run has tried whether it says yes again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_orch.domain.fault import Fault, Kind, concerns

_OTHERS_FIRST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHold:
    """Whom it concerns is ``scope``. Times are seconds since the epoch.

    At ``until`` one run may try, and ``probe`` is its number; ``tries`` have failed in a row.
    """

    scope: str
    until: float
    kind: Kind
    said: str
    since: float
    tries: int = 1
    probe: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """``steps`` are the waits before each try where nobody has said when; none is longer than ``most_s``."""

    steps: tuple[float, ...]
    most_s: float


NO_PATIENCE = Patience(steps=(0.0,), most_s=0.0)


def begin(fault: Fault, now: float, patience: Patience) -> ProviderHold:
    """The first run has met the fault."""
    until = _until(fault, now, 1, patience)
    return ProviderHold(scope=fault.scope, until=until, kind=fault.kind, said=fault.said, since=now)


def again(hold: ProviderHold, fault: Fault, run: int, now: float, patience: Patience) -> ProviderHold:
    """Another run has met it: the probe, after which the wait grows; or one that had begun before."""
    if run != hold.probe:
        later = hold.until if fault.until is None else max(hold.until, _until(fault, now, 1, patience))
        return replace(hold, until=later)
    tries = hold.tries + 1
    until = _until(fault, now, tries, patience)
    return replace(hold, until=until, kind=fault.kind, said=fault.said, tries=tries, probe=0)


def due(hold: ProviderHold, now: float, patience: Patience) -> bool:
    """Whether a probe may go; also when the clock was put back, so that it would never be time."""
    return now >= hold.until or hold.until - now > patience.most_s


def try_with(hold: ProviderHold, run: int) -> ProviderHold:
    """That run tries; whoever has tried before has ended without a word from the provider."""
    return replace(hold, probe=run)


def turn(hold: ProviderHold, before: int, now: float, patience: Patience) -> float:
    """When a task that has met it may be chosen again; it has met one so often in a row ``before``.

    Who tries in vain lets all others go first the next time. For it may be that only this task cannot be
    served: the more often, the longer it stays away.
    """
    if before == 0:
        return now
    if before == 1:
        return hold.until + _OTHERS_FIRST_S
    return hold.until + _step(before - 1, patience)


def in_the_way(holds: Sequence[ProviderHold], model: str) -> list[ProviderHold]:
    """The holds that concern whoever is to ask that model."""
    return [hold for hold in holds if concerns(hold.scope, model)]


def _until(fault: Fault, now: float, tries: int, patience: Patience) -> float:
    step_s = _step(tries, patience)
    # a time that has passed by our clock is none: the clocks differ
    told_s = 0.0 if fault.until is None else fault.until - now
    return now + min(told_s if told_s > 0 else step_s, patience.most_s)


def _step(number: int, patience: Patience) -> float:
    return patience.steps[min(number, len(patience.steps)) - 1]
