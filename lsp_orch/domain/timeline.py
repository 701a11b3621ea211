"""What ran when, and what that was worth: computed from what was noted, and null where nothing was."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

WAITS = ("queue", "others", "limits", "lease", "person")
"""What a task waits for: a worker, the tasks before it, its time (the provider's or a pause), a lease that
somebody holds, its review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt; ``ended_at`` is None while it runs. For ``parked_s`` of its time it only waited."""

    task_id: str
    title: str
    number: int
    model: str
    why_model: str
    began_at: float
    ended_at: float | None
    ending: str
    cost_usd: float
    parked_s: float = 0.0

    def until(self, now: float) -> float:
        """When it ended, or now."""
        return max(self.began_at, now if self.ended_at is None else self.ended_at)

    def worked_s(self, now: float) -> float:
        """How long it did not only wait."""
        return max(0.0, self.until(now) - self.began_at - self.parked_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A task as the report needs it; ``reviews`` are the answers of its reviews in their order."""

    task_id: str
    state: str
    filed_at: float
    reviews: tuple[bool, ...] = ()
    waits: Mapping[str, float] = field(default_factory=dict)
    pruned_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run in the picture; runs of one ``lane`` never overlap."""

    run: Run
    lane: int
    ends_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``busy_s`` is the time in which anything ran, ``work_s`` what it would have been one after the other.

    ``speedup`` is the one by the other. ``acceptance`` is the share of reviewed tasks that were accepted at
    their first review. What nothing is known of is None, never 0.
    """

    now: float
    since: float
    bars: tuple[Bar, ...]
    busy_s: float | None
    span_s: float | None
    work_s: float | None
    speedup: float | None
    at_once: int
    cost_usd: float
    states: Mapping[str, int]
    endings: Mapping[str, int]
    retries: int
    deaths: int
    waits: Mapping[str, float | None]
    pruned: Mapping[str, int]
    reviewed: int
    acceptance: float | None
    costs: Mapping[str, float]


DEATHS = frozenset({"died", "silent"})
FREE = frozenset({"ours", "provider", "put-off", "cancelled"})
"""Endings after which a further attempt is no retry of the worker's."""


def report(runs: Sequence[Run], stories: Sequence[Story], since: float, now: float) -> Report:
    """All that can be said of what was under way after ``since``."""
    seen = sorted(
        (run for run in runs if run.until(now) >= since), key=lambda run: (run.began_at, run.number)
    )
    bars = lanes(seen, now)
    spans = merged([(run.began_at, run.until(now)) for run in seen])
    busy_s = sum(end - begin for begin, end in spans) if spans else None
    work_s = sum(run.worked_s(now) for run in seen) if seen else None
    reviewed = [story.reviews[0] for story in stories if story.reviews]
    return Report(
        now=now,
        since=since,
        bars=bars,
        busy_s=busy_s,
        span_s=spans[-1][1] - spans[0][0] if spans else None,
        work_s=work_s,
        speedup=work_s / busy_s if busy_s and work_s is not None else None,
        at_once=max((bar.lane for bar in bars), default=-1) + 1,
        cost_usd=sum(run.cost_usd for run in seen),
        states=_counted(story.state for story in stories),
        endings=_counted(run.ending or "running" for run in seen),
        retries=_retries(seen),
        deaths=sum(run.ending in DEATHS for run in seen),
        waits={kind: _waited(stories, kind) for kind in WAITS},
        pruned=_counted(story.pruned_why for story in stories if story.pruned_why),
        reviewed=len(reviewed),
        acceptance=sum(reviewed) / len(reviewed) if reviewed else None,
        costs=_costs(seen),
    )


def lanes(runs: Iterable[Run], now: float) -> tuple[Bar, ...]:
    """Place runs, the earliest first, into as few lanes as can be: as many as ran at once."""
    found = []
    taken: list[tuple[float, int]] = []  # when each lane in use becomes free
    free: list[int] = []
    for run in runs:
        while taken and taken[0][0] <= run.began_at:
            heapq.heappush(free, heapq.heappop(taken)[1])
        lane = heapq.heappop(free) if free else len(taken)
        ends_at = run.until(now)
        found.append(Bar(run=run, lane=lane, ends_at=ends_at))
        heapq.heappush(taken, (ends_at, lane))
    return tuple(found)


def merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The time that any of these covers, as spans that do not touch."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _retries(runs: Sequence[Run]) -> int:
    """The runs that came after one of the same task that had come to nothing by its own doing."""
    last: dict[str, str] = {}
    count = 0
    for run in runs:
        before = last.get(run.task_id)
        count += before is not None and before not in FREE
        last[run.task_id] = run.ending
    return count


def _waited(stories: Sequence[Story], kind: str) -> float | None:
    """The sum of what is known; None when nothing is."""
    known = [story.waits[kind] for story in stories if kind in story.waits]
    return sum(known) if known else None


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items()))


def _costs(runs: Iterable[Run]) -> dict[str, float]:
    costs: dict[str, float] = {}
    for run in runs:
        costs[run.model] = costs.get(run.model, 0.0) + run.cost_usd
    return dict(sorted(costs.items()))
