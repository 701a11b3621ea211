"""Canonical paths and the workspaces that hold them."""

import os


class RealPaths:
    """Paths as the file system sees them."""

    def canonical(self, path: str, base: str) -> str:
        r"""Resolve links and ``..``; the file and its folder need not exist.

        Names that are not UTF-8 come back with the odd bytes written as ``\xNN``, so that they can be
        stored and shown.
        """
        real = os.path.realpath(os.path.join(base, path))
        return os.fsencode(real).decode("utf-8", "backslashreplace")

    def workspace(self, path: str) -> str:
        """Find the nearest folder with a ``.git`` that holds the canonical ``path``, or nothing."""
        return _checkout(path)


def _checkout(folder: str) -> str:
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
