"""What time it is."""

from typing import Protocol


class Clock(Protocol):
    """Time, so that tests own it."""

    def now(self) -> float:
        """Seconds since the epoch (UTC); whoever sets the machine's clock moves it."""

    def steady(self) -> float:
        """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""

    def awake(self) -> float:
        """The same, without the time that the machine slept, where the system can tell."""
