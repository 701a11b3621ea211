"""Names for what is new."""

from typing import Protocol


class Ids(Protocol):
    """Chance, so that tests own it."""

    def new(self, kind: str) -> str:
        """Make an id nobody has: ``kind`` and a hyphen, then twelve characters."""
