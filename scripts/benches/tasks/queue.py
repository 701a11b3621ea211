"""Enqueue, then claim and complete, each of it on disk: against the queues that people use."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

from locks.duel import OURS
from locks.install import Missing
from report import Absent, Row, compare
from turns import take_turns

from tasks import huey, ours, procrastinate

_ROUNDS = 8
_COUNT = 160  # tasks a round
_TARGETS: Mapping[str, Mapping[int, float]] = {  # of the time a task, by the number of workers
    huey.NAME: {1: 1.0, 8: 1 / 2},
    procrastinate.NAME: {1: 1 / 3, 8: 1 / 3},
}


class Queue(Protocol):
    """Ours or theirs."""

    def enqueue(self, count: int, clients: int) -> float:
        """Seconds that it took."""

    def drain(self, workers: int) -> float:
        """Seconds that it took."""


def rows() -> list[Row | Absent]:
    """Ours holds a task until it is told how that ended; huey forgets it when it is claimed."""
    with tempfile.TemporaryDirectory(prefix="lo-bench-") as name, ours.opened(Path(name) / "ours.db") as mine:
        folder = Path(name)
        peers: dict[str, Callable[[], AbstractContextManager[Queue]]] = {
            huey.NAME: lambda: huey.serving(folder / "huey"),
            procrastinate.NAME: procrastinate.serving,
        }
        return [row for workers in (1, 8) for row in _all(mine, peers, workers)]


def _all(
    mine: Queue, peers: Mapping[str, Callable[[], AbstractContextManager[Queue]]], workers: int
) -> Iterator[Row | Absent]:
    """The rows of so many workers; all that are here take turns."""
    queues, absent = {OURS: mine}, {}
    with ExitStack() as stack:
        for name, serving in peers.items():
            try:
                queues[name] = stack.enter_context(serving())
            except Missing as error:
                absent[name] = str(error)
        enqueued, drained = _measure(queues, workers)
    crowd = "1 worker" if workers == 1 else f"{workers} workers"
    for what, found in (
        (f"enqueue, {crowd}, time a task", enqueued),
        (f"claim + complete, {crowd}", drained),
    ):
        for name in peers:
            target = _TARGETS[name][workers]
            if name in absent:
                yield Absent(what=what, against=name, target=target, why=absent[name])
            else:
                yield compare(what, target, found, ours=OURS, theirs=name)


def _measure(
    queues: Mapping[str, Queue], workers: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds a task of each round: to enqueue it, and to drain it."""
    enqueued: dict[str, list[float]] = {name: [] for name in queues}

    def sampler(name: str) -> Callable[[int], list[float]]:
        def cycle(_: int) -> list[float]:
            enqueued[name].append(queues[name].enqueue(_COUNT, workers) / _COUNT)
            return [queues[name].drain(workers) / _COUNT]

        return cycle

    drained = take_turns({name: sampler(name) for name in queues}, rounds=_ROUNDS, samples=1)
    return {name: times[1:] for name, times in enqueued.items()}, drained


ROWS = rows
