"""Keeps what workers have said for a while: a file for each attempt, in a folder for each task."""

from collections.abc import Collection
from pathlib import Path


class LogShelf:
    """The port ``Logs``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prune(self, before: float, most_bytes: int, spare: Collection[str]) -> int:
        """Remove what was last written to before that time, then the oldest while there is too much.

        ``spare`` are the files that are being written. How many were removed.
        """
        found = sorted(self._files(), key=lambda each: each[0])
        left = sum(size for _, size, _ in found)
        emptier: set[Path] = set()
        removed = 0
        for written, size, path in found:
            if path in spare or (written >= before and left <= most_bytes):
                continue
            Path(path).unlink(missing_ok=True)
            emptier.add(Path(path).parent)
            left, removed = left - size, removed + 1
        for folder in emptier - {Path(path).parent for path in spare}:
            if not any(folder.iterdir()):
                folder.rmdir()
        return removed

    def _files(self) -> list[tuple[float, int, str]]:
        """Each log: when it was last written to, its size, and where it is."""
        found = []
        for path in self._folder.glob("*/*.jsonl"):
            try:
                status = path.stat()
            except FileNotFoundError:  # somebody else has tidied up
                continue
            found.append((status.st_mtime, status.st_size, str(path)))
        return found
