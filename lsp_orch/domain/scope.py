"""What a lease covers, and when two of them touch."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of resource that can be leased."""

    FILE = "file"
    GIT = "git"  # ``commit /path/to/.git``: an operation on one repository


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One resource. A file's ``key`` is its canonical absolute path: links resolved, no ``..``."""

    kind: Kind
    key: str

    def overlaps(self, other: "Scope") -> bool:
        """Whether a writer of one could disturb a user of the other."""
        return self == other


def touch(some: Iterable[Scope], others: Iterable[Scope]) -> bool:
    """Whether any of ``some`` overlaps any of ``others``."""
    theirs = tuple(others)
    return any(mine.overlaps(each) for mine in some for each in theirs)
