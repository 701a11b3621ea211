"""What workers have said, kept for a while."""

from collections.abc import Collection
from typing import Protocol


class Logs(Protocol):
    """A file for each attempt."""

    def prune(self, before: float, most_bytes: int, spare: Collection[str]) -> int:
        """Remove what is too old or too much, but not what is in ``spare``; how many were removed."""
