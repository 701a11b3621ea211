"""What lies below folders."""

from typing import Protocol


class Trees(Protocol):
    """What lies below a folder and is worth looking at: not git's own files, nor what git ignores."""

    def folders(self, root: str, most: int) -> tuple[str, ...]:
        """Up to ``most`` folders, ``root`` and those below it, the upper ones first."""

    def files(self, root: str, most: int) -> tuple[str, ...]:
        """Up to ``most`` files below it."""

    def ignored(self, path: str) -> bool:
        """Whether a file or folder is none of that."""
