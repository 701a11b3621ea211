"""What happens in folders."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How the watch on folders is doing: how many of at most ``most``; ``dropped`` are those beyond it."""

    alive: bool
    folders: int
    most: int
    dropped: int


class Touch(Enum):
    """What happened to a path that is watched."""

    DONE = "done"  # a file was written and closed, removed or renamed
    OPEN = "open"  # a file is being written
    FOLDER = "folder"  # anything in a folder may have changed, or its watch has just begun


Touched = Callable[[str, Touch], None]
"""Told of a path that something happened to, on any thread; it must not block, nor raise."""


class FolderWatch(Protocol):
    """Reports to a ``Touched`` what happens in folders; these, and no others, cost anything.

    No call waits for the disk.
    """

    def need(self, folder: str, *, held: bool) -> None:
        """Watch a folder, which need not exist; above the limit those not ``held`` go first, oldest first."""

    def drop(self, folder: str) -> None:
        """Nobody needs the folder any more."""

    def need_tree(self, root: str) -> None:
        """Watch all folders below ``root``, and those that come, without what git ignores."""

    def drop_tree(self, root: str) -> None:
        """Nobody needs the tree any more."""

    def watching(self) -> Watching:
        """How it is doing."""
