"""How a task's check went, and on what."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What it ran on."""

    WORK = "work"  # in the worker's own checkout, before the review
    MERGED = "merged"  # on the tree that a merge would make


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``said`` is empty when it succeeded, else the end of its output; it is about the work of ``run``."""

    run: int
    stage: Stage
    command: str
    said: str
    seconds: float
    at: float

    @property
    def passed(self) -> bool:
        """Whether it succeeded."""
        return not self.said
