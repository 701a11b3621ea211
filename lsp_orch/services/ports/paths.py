"""Where files are and what they say."""

from typing import Protocol


class Paths(Protocol):
    """Where a path really leads."""

    def canonical(self, path: str, base: str) -> str:
        """Resolve links and ``..``, seen from the folder ``base``; the file need not exist.

        Raises:
            Misuse: no file can have that name.
        """

    def workspace(self, path: str) -> str:
        """Find the checkout that holds the canonical ``path``; empty when none does."""

    def repository(self, workspace: str) -> str:
        """What all worktrees of a checkout's repository share; the workspace itself where there is none."""

    def exists(self, path: str) -> bool:
        """Whether there is anything at the canonical ``path``."""

    def files(self, folder: str, most: int) -> list[str]:
        """The first files below a folder that are not git's own, by their names; links are not followed."""

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at the canonical ``path``."""

    def says(self, path: str, text: str) -> bool:
        """Whether there is a file at the canonical ``path`` that says just ``text``."""

    def text(self, path: str) -> str:
        """What the file at the canonical ``path`` says in UTF-8; empty when it cannot be read as that."""

    def unsaved(self, path: str, text: str) -> bool:
        """Whether a buffer that opens with ``text`` has what the file has not; when in doubt, no."""
