"""What git does for tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One changed file; the counts of lines are None for a binary one."""

    path: str
    added: int | None
    removed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The ``branch`` that is checked out, empty when it is none, and how many files are ``changed``."""

    branch: str
    changed: int


class Git(Protocol):
    """Worktrees, snapshots and merges. Folders are absolute, commits are full names.

    Every method raises Unavailable when git fails, is missing, or finds no repository.
    """

    def top_level(self, folder: str) -> str:
        """The checkout that holds ``folder``."""

    def repository(self, folder: str) -> str:
        """What all worktrees of one repository share."""

    def head(self, folder: str) -> str:
        """The commit that is checked out."""

    def standing(self, workspace: str) -> Standing:
        """Which branch is checked out, and what is changed there and in no commit."""

    def lacks(self, workspace: str, base: str, commits: Sequence[str]) -> str:
        """The first of ``commits`` that ``base`` does not come from; empty when it has all of them."""

    def refuse_taken(self, workspace: str, branch: str) -> None:
        """Raise branch-taken where there is a branch that we have not made."""

    def add_worktree(self, workspace: str, path: str, branch: str, base: str) -> None:
        """Make a checkout of ``base``, complete or not at all; an empty branch means none."""

    def remove_worktree(self, workspace: str, path: str, branch: str = "") -> None:
        """Take it away again, and its branch; nothing happens where none is."""

    def commit_all(self, worktree: str, branch: str, message: str) -> str:
        """Commit whatever is there; the commit the work came to."""

    def snapshot(self, worktree: str, ref: str) -> str:
        """Keep the tree as it is under ``ref`` without touching the index; the commit."""

    def sketch(self, worktree: str) -> str:
        """The tree as it is, as a commit that nothing holds."""

    def collisions(self, workspace: str, one: str, other: str) -> tuple[str, ...]:
        """The paths in which two commits would collide; no checkout is touched."""

    def keep(self, workspace: str, ref: str, commit: str) -> None:
        """Let ``ref`` hold ``commit``."""

    def changes(self, workspace: str, base: str, tip: str) -> tuple[FileChange, ...]:
        """What the work between two commits changed."""

    def diff(self, workspace: str, base: str, tip: str) -> str:
        """The same as a unified diff."""

    def merge(self, worktree: str, tip: str, message: str) -> tuple[str, ...]:
        """Merge into a throw-away worktree; the conflicting paths, if any."""

    def told(self, workspace: str, base: str, onto: str, paths: Sequence[str]) -> tuple[str, ...]:
        """What the commits since ``base`` say that changed ``paths`` on the way to ``onto``, newest first."""

    def obstacles(self, workspace: str, commit: str) -> tuple[str, ...]:
        """The user's files that moving to ``commit`` would touch or that are not committed."""

    def fast_forward(self, workspace: str, commit: str) -> None:
        """Move the user's checkout forward to ``commit``."""
