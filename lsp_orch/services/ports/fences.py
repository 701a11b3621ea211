"""What a worker's shell cannot write."""

from collections.abc import Sequence
from typing import Protocol


class Fences(Protocol):
    """Paths that the system itself lets nobody write whom a worker's shell has started.

    Every method raises Unavailable (fence-missing).
    """

    def put(self, folder: str, paths: Sequence[str]) -> None:
        """Let those who work in ``folder`` write none of ``paths``, and all that was fenced before."""

    def left(self) -> Sequence[str]:
        """The folders in which a daemon that has died left a fence."""
