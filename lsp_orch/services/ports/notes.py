"""The vaults: their files, the index made of them, and the changes that others make."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.note import Filed, Note
from lsp_orch.domain.recall import Filter, Matches
from lsp_orch.domain.words import Question


class NoteFiles(Protocol):
    """The vaults' files, which are the truth. A workspace is absolute, or ``PERSONAL``; paths are relative.

    A refusal is ``note-unreadable`` with the file and the line, or ``path-outside``. Writing raises
    Unavailable when the disk is full or read-only.
    """

    def scan(self, workspace: str) -> dict[str, str] | Refusal:
        """Every file that may hold a note, with a signature that changes with it (empty: cannot tell)."""

    def read(self, workspace: str, path: str) -> Filed | Refusal | None:
        """One note; None when the file is gone or holds no note."""

    def add(self, workspace: str, note: Note) -> Filed | Refusal:
        """Write a new note, on disk when this returns."""

    def change(self, old: Filed, note: Note) -> Filed | Refusal:
        """Write what differs between the two states of a note, and nothing else."""


class NoteIndex(Protocol):
    """What is in the files, ready to be asked. Only ever derived: it can be lost at any time.

    Every method raises Unavailable: ``store-corrupt`` when the index was lost and is now empty,
    ``index-unavailable`` or ``disk-full`` when it cannot be used.
    """

    def signatures(self, workspace: str) -> dict[str, str]:
        """The files known, each with its signature when it was read."""

    def put(self, notes: Iterable[Filed]) -> None:
        """Take in notes, in place of what their files held before."""

    def drop(self, workspace: str, paths: Iterable[str]) -> None:
        """Forget what these files held."""

    def matches(self, question: Question, vaults: Sequence[str], only: Filter) -> Matches:
        """Notes that hold a word of the question, best by their text first."""

    def read(self, keys: Sequence[int]) -> tuple[Filed, ...]:
        """The notes of matches, in that order."""

    def newest(self, vaults: Sequence[str], only: Filter, most: int) -> tuple[Filed, ...]:
        """The project's notes before the personal ones, the latest change first."""

    def on_path(self, asked: str, vaults: Sequence[str]) -> tuple[Filed, ...]:
        """Notes about this file or folder, in the order of ``newest``."""

    def by_id(self, note_id: str, vaults: Sequence[str]) -> tuple[Filed, ...]:
        """The notes of this id, the project's first."""

    def same(self, workspace: str, title: str, body: str) -> Filed | None:
        """The note that says the very same, if there is one."""

    def superseded(self, vaults: Sequence[str]) -> frozenset[str]:
        """The ids that another note has taken the place of."""

    def count(self, vaults: Sequence[str]) -> int:
        """How many notes there are."""


class NoteWatch(Protocol):
    """Reports changes of a vault's files that others make."""

    def watch(self, workspace: str) -> bool:
        """Whether changes have been reported without a gap since an earlier call; if not, go and look."""
