"""Moving the user's checkout forward: wholly, or everything stays as it was, also on a full disk."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lsp_orch.adapters.git_command import GitCommand
from lsp_orch.domain.errors import Code, Unavailable

_BLOCK = 4096  # bytes that a file may take beyond what is in it
_SPARE = 256 * 1024  # for git's own small files


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    """A path that differs between the two commits."""

    name: str
    added: bool
    removed: bool


class Landing:
    """``workspace`` is at an ancestor of ``commit``, with nothing changed or in the way of that."""

    def __init__(self, git: GitCommand, workspace: str, commit: str) -> None:
        self._git = git
        self._workspace = workspace
        self._commit = commit
        self._moved = tuple(self._find())

    def forward(self) -> None:
        """Move it, as the user would.

        Raises:
            Unavailable: disk-full before anything was touched; git-failed when all is as it was again.
        """
        self._room()
        try:
            self._git.run(self._workspace, "merge", "--quiet", "--ff-only", self._commit)
        except Unavailable:
            if self._git.line(self._workspace, "rev-parse", "HEAD") != self._commit:
                self._back()
                raise

    def _find(self) -> Iterable[_Moved]:
        options = ("--name-status", "--no-renames", "-z", "HEAD", self._commit)
        words = list(self._git.names(self._workspace, "diff", *options))
        for kind, name in zip(words[::2], words[1::2], strict=True):
            yield _Moved(name=name, added=kind == "A", removed=kind == "D")

    def _room(self) -> None:
        """Refuse at once where the new files cannot have room."""
        names = {each.name for each in self._moved if not each.removed}
        if not names:
            return
        needed, free = _SPARE, shutil.disk_usage(self._workspace).free
        index = Path(self._workspace, self._git.line(self._workspace, "rev-parse", "--git-path", "index"))
        needed += index.stat().st_size
        for entry in self._git.names(
            self._workspace, "ls-tree", "-r", "-l", "-z", "--full-tree", self._commit
        ):
            about, _, name = entry.partition("\t")
            if name in names:
                size = about.split()[-1]
                needed += (int(size) if size.isdigit() else 0) + _BLOCK
        if needed > free:
            raise Unavailable(
                Code.DISK_FULL,
                f"{self._workspace} may need {needed // 1024} KiB for the merge, and has {free // 1024} KiB",
                "free some space, then accept again; nothing was changed",
            )

    def _back(self) -> None:
        """Put back what git has moved before it failed, and nothing that somebody else has written since."""
        ours = [each for each in self._moved if self._is_ours(each)]
        for each in ours:
            if not each.removed:
                self._remove(each.name)
        were = [each.name for each in ours if not each.added]
        for first in range(0, len(were), 500):  # a command line has an end
            chunk = were[first : first + 500]
            self._git.run(self._workspace, "checkout-index", "--quiet", "--force", "--", *chunk)

    def _is_ours(self, moved: _Moved) -> bool:
        """Whether the file says what git was writing there, maybe cut short, or is gone."""
        path = Path(self._workspace, moved.name)
        if not os.path.lexists(path):
            return not moved.added
        if moved.removed:
            return False
        whole = self._git.run(self._workspace, "cat-file", "--filters", f"{self._commit}:{moved.name}").stdout
        found = os.fsencode(path.readlink()) if path.is_symlink() else _read(path)
        return found is not None and whole.startswith(found)

    def _remove(self, name: str) -> None:
        path = Path(self._workspace, name)
        path.unlink(missing_ok=True)
        top = Path(self._workspace)
        for folder in path.parents:
            if folder == top:
                return
            with contextlib.suppress(OSError):  # others are in it
                folder.rmdir()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
