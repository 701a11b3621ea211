"""The ends of processes."""

from collections.abc import Callable
from typing import Protocol


class Deaths(Protocol):
    """Tells of the end of a process at once, so that nobody need ask."""

    def watch(self, pid: int, started: float, tell: Callable[[], None]) -> Callable[[], None]:
        """Call ``tell`` once when the very process that began then has ended; the answer ends the watch.

        Where the system cannot, or too many are watched, nothing is ever told. Call it on the event loop.
        """
