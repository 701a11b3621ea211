"""The processes of this machine."""

from typing import Protocol


class Processes(Protocol):
    """Who is alive on this machine. A pid alone says nothing: it is reused."""

    def started(self, pid: int) -> float | None:
        """When the process began, in a count of the machine's that setting the clock does not move.

        None when there is no such process.
        """

    def alive(self, pid: int, started: float) -> bool:
        """Whether the very process that began then still runs."""

    def end(self, session_id: str, pid: int, started: float, grace_s: float) -> bool:
        """End a worker's process, all below it and all that carry the session's id, wherever they went.

        They are told, and killed after ``grace_s``; whether none is left.
        """
