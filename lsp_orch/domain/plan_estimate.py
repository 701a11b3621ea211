"""What a plan will cost and how long it will take: an estimate, before anything is filed."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_orch.domain.plan import ANYTHING, Piece
from lsp_orch.domain.plan_order import Order

SERIAL = 0.8  # of all the work: a longest chain of so much leaves little to gain


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """What a task of that kind takes; ``measured`` when that is known from earlier ones and no guess."""

    usd: float
    seconds: float
    measured: bool = False


TypicalOf = Callable[[Piece], Typical]

ModelOf = Callable[[Piece], str]
"""The model that will do it, also where the plan leaves that to us."""

FEW = 5  # fewer tasks than these are chance

_SHARE = {"small": 0.5, "medium": 1.0, "large": 2.0}  # of what a task took on the whole
_GUESSED_S = {"small": 120.0, "medium": 420.0, "large": 1200.0}
_USD_PER_HOUR = {"haiku": 2.0, "sonnet": 5.0, "opus": 10.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """``work_s`` one after the other, ``wall_s`` with so many workers, ``longest`` the chain that decides.

    ``guessed`` counts the tasks of which nothing comparable was ever measured.
    """

    cost_usd: float
    work_s: float
    wall_s: float
    longest: tuple[str, ...]
    longest_s: float
    guessed: int

    @property
    def speedup(self) -> float:
        """How many times faster than one after the other."""
        return self.work_s / self.wall_s


def guess(piece: Piece) -> Typical:
    """By its size and model alone, as long as nothing was measured."""
    seconds = _GUESSED_S[piece.size]
    rate = _USD_PER_HOUR.get(piece.model, _USD_PER_HOUR["sonnet"])
    return Typical(usd=seconds / 3600 * rate, seconds=seconds)


def learned(past: Mapping[str, Sequence[tuple[float, float]]], model_of: ModelOf) -> TypicalOf:
    """By what tasks of that model took lately: ``past`` has US dollars and seconds of each by its model.

    Few of them say nothing yet; then it is a guess.
    """
    medians = {
        model: (_median([usd for usd, _ in each]), _median([seconds for _, seconds in each]))
        for model, each in past.items()
        if len(each) >= FEW
    }

    def typical(piece: Piece) -> Typical:
        model = model_of(piece)
        if model not in medians:
            return guess(replace(piece, model=model))
        usd, seconds = medians[model]
        share = _SHARE[piece.size]
        return Typical(usd=usd * share, seconds=max(1.0, seconds * share), measured=True)

    return typical


def estimate(order: Order, workers: int, typical: TypicalOf = guess) -> Estimate:
    """Add up what its tasks take, and let ``workers`` do them on paper."""
    known = {piece.name: typical(piece) for piece in order.pieces}
    seconds = {name: each.seconds for name, each in known.items()}
    longest = _longest(order, seconds)
    return Estimate(
        cost_usd=sum(each.usd for each in known.values()),
        work_s=sum(seconds.values()),
        wall_s=_wall(order, seconds, workers),
        longest=longest,
        longest_s=sum(seconds[name] for name in longest),
        guessed=sum(not each.measured for each in known.values()),
    )


def warnings(order: Order, given: Estimate) -> tuple[str, ...]:
    """What whoever accepts the plan should know of it."""
    found = []
    if len(order.pieces) > 1 and given.longest_s >= SERIAL * given.work_s:
        share = given.longest_s / given.work_s
        found.append(
            f"this is really serial: {' -> '.join(given.longest)} is {share:.0%} of the work, so more workers"
            " gain little; one task with the whole goal may do as well"
        )
    found += [
        f"{piece.name} does not say which files it changes: nothing that writes runs beside it"
        for piece in order.pieces
        if ANYTHING in piece.paths
    ]
    if without := [piece.name for piece in order.pieces if piece.paths and not piece.check]:
        found.append(f"nothing checks the work of {', '.join(without)}")
    return tuple(found)


def _longest(order: Order, seconds: dict[str, float]) -> tuple[str, ...]:
    """The chain that takes longest: no number of workers is faster."""
    chains: dict[str, tuple[float, tuple[str, ...]]] = {}
    for piece in order.pieces:
        before = max((chains[each] for each in order.after(piece.name)), default=(0.0, ()))
        chains[piece.name] = (before[0] + seconds[piece.name], (*before[1], piece.name))
    return max(chains.values())[1]


def _wall(order: Order, seconds: dict[str, float], workers: int) -> float:
    """When the last one ends, if each worker takes the first task that is free."""
    left = {piece.name: set(order.after(piece.name)) for piece in order.pieces}
    running: list[tuple[float, str]] = []
    now = 0.0
    while left or running:
        free = [name for name, waits in left.items() if not waits][: workers - len(running)]
        for name in free:
            del left[name]
            heapq.heappush(running, (now + seconds[name], name))
        now, ended = heapq.heappop(running)
        for waits in left.values():
            waits.discard(ended)
    return now


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
