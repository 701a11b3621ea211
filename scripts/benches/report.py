"""What a bench found, as rows of a table and as JSON, and the state of the machine it found it on."""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

_FLUSHES = 100
_MS = 1e-3
_SMALL = 0.1  # below it two places say too little
_BLOCK = b"\0" * 4096

HEADINGS = ("what", "against", "target", "median", "p25-p75", "verdict", "medians, ours / theirs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise: ``values`` has one value a round, and their median may be at most ``target``.

    ``unit`` is that of the values, ``x`` for a ratio. ``ours`` and ``theirs`` are what the values were made
    from, round by round, in ``scale``: seconds or bytes.
    """

    what: str
    against: str
    target: float
    unit: str
    values: Sequence[float]
    ours: Sequence[float]
    theirs: Sequence[float]
    scale: Literal["s", "B"] = "s"

    @property
    def median(self) -> float:
        """The value that counts."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """How far it spreads: a quarter of the rounds was below, a quarter above."""
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    @property
    def met(self) -> bool:
        """Whether the promise was kept in this run."""
        return self.median <= self.target

    def cells(self) -> tuple[str, ...]:
        """The row in words, one for each of ``HEADINGS``."""
        low, high = self.quartiles
        unit = self.unit if self.unit == "x" else f" {self.unit}"
        ours, theirs = (_amount(statistics.median(each), self.scale) for each in (self.ours, self.theirs))
        return (
            self.what,
            self.against,
            f"<= {self.target:.3g}{unit}",
            f"{_number(self.median)}{unit}",
            f"{_number(low)}-{_number(high)}",
            "met" if self.met else "missed",
            f"{ours} / {theirs}",
        )

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        low, high = self.quartiles
        return {**asdict(self), "median": self.median, "p25": low, "p75": high, "met": self.met}


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A promise that could not be measured here, and ``why``."""

    what: str
    against: str
    target: float
    why: str

    def cells(self) -> tuple[str, ...]:
        """The row in words, one for each of ``HEADINGS``."""
        return self.what, self.against, f"<= {self.target:.3g}x", "-", "-", "not here", self.why

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        return {**asdict(self), "median": None, "met": None}


def compare(
    what: str, target: float, rounds: Mapping[str, Sequence[float]], *, ours: str, theirs: str
) -> Row:
    """Make the row of a ratio: round by round ours over theirs, so that a slow moment slows both."""
    pairs = zip(rounds[ours], rounds[theirs], strict=True)
    return Row(
        what=what,
        against=theirs,
        target=target,
        unit="x",
        values=[mine / its for mine, its in pairs],
        ours=rounds[ours],
        theirs=rounds[theirs],
    )


def table(rows: Iterable[Row | Absent]) -> str:
    """Lay the rows out in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def machine() -> dict[str, Any]:
    """What a number means nothing without; ``flush_s`` is a 4 KiB write that has reached the disk."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "kernel": platform.release(),
        **weather(),
    }


def weather() -> dict[str, float]:
    """What changes while a bench runs: who else is busy, and how fast the disk is."""
    return {"load": os.getloadavg()[0], "flush_s": _flush_s()}


def _flush_s() -> float:
    with tempfile.TemporaryFile() as file:
        return statistics.median(_flush(file.fileno()) for _ in range(_FLUSHES))


def _flush(fd: int) -> float:
    begin = time.perf_counter()
    os.pwrite(fd, _BLOCK, 0)
    os.fdatasync(fd)
    return time.perf_counter() - begin


def _number(value: float) -> str:
    return f"{value:.2f}" if value >= _SMALL else f"{value:.2g}"


def _amount(value: float, scale: Literal["s", "B"]) -> str:
    if scale == "B":
        return f"{value / 2**20:.1f} MB"
    return f"{value * 1e6:.0f} us" if value < _MS else f"{value * 1e3:.1f} ms"
