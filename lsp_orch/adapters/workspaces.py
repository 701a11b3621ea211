"""Whether a workspace is no more."""

from pathlib import Path


def gone(folder: str) -> bool:
    """Whether it was removed: a disk that is not mounted leaves an empty folder, or none at all, above it."""
    path = Path(folder)
    try:
        return not path.exists() and any(each != path for each in path.parent.iterdir())
    except OSError:
        return False
