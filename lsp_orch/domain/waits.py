"""What a task waited for, told from when it was filed, could start, ran and was reviewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_orch.domain.timeline import Run

_NEXT = {"ours": "queue", "done": "person"}  # what the gap after a run is for; after all others, its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """``ready_at`` is when the last of those before it was accepted: as it was filed where it waits for none.

    None when they are not yet. ``settled_at`` is when it was accepted, failed, cancelled or pruned.
    """

    filed_at: float
    ready_at: float | None
    settled_at: float | None
    chained: bool
    runs: Sequence[Run] = ()  # oldest first


def waits(stay: Stay, now: float) -> Mapping[str, float]:
    """Seconds by what they were for; a kind that did not come up is left out."""
    found: dict[str, float] = {}

    def add(kind: str, seconds: float) -> None:
        if seconds > 0:
            found[kind] = found.get(kind, 0.0) + seconds

    over = now if stay.settled_at is None else stay.settled_at
    began = stay.runs[0].began_at if stay.runs else over
    ready = min(began, began if stay.ready_at is None else max(stay.ready_at, stay.filed_at))
    if stay.chained:
        add("others", ready - stay.filed_at)
    add("queue", began - (ready if stay.chained else stay.filed_at))
    for run, later in zip(stay.runs, [*stay.runs[1:], None], strict=False):
        add("lease", run.parked_s)
        if run.ended_at is not None:
            until = over if later is None else later.began_at
            if later is not None or run.ending == "done" or stay.settled_at is None:
                add(_NEXT.get(run.ending, "limits"), until - run.ended_at)
    return found


def reviews(state: str, endings: Sequence[str], *, rejected: bool) -> tuple[bool, ...]:
    """The answers of a task's reviews, told from its runs: each that was done came to one.

    All but the last were turned down, else there would be no later run.
    """
    count = sum(ending == "done" for ending in endings)
    if not count:
        return ()
    if state == "done":
        return (*(False,) * (count - 1), True)
    if rejected:
        return (False,) * count
    return (False,) * (count - 1)
