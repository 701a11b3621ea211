"""What the services need of the world; each adapter implements one of these."""

from typing import Protocol


class Clock(Protocol):
    """Time, so that tests own it."""

    def now(self) -> float:
        """Seconds since the epoch (UTC)."""


class Ids(Protocol):
    """Chance, so that tests own it."""

    def new(self, kind: str) -> str:
        """Make an id nobody has: ``kind`` and a hyphen, then twelve characters."""
