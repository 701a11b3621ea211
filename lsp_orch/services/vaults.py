"""Vaults: the index is kept in step with the files, whoever changes them."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.note import Filed
from lsp_orch.services.ports import NoteFiles, NoteIndex, NoteWatch

Answer = TypeVar("Answer")


class Vaults:
    """One thread calls it; a workspace is an absolute path, or ``PERSONAL``."""

    def __init__(self, files: NoteFiles, index: NoteIndex, watch: NoteWatch) -> None:
        self._files = files
        self._index = index
        self._watch = watch
        self._seen: set[str] = set()
        self._stale: set[str] = set()
        self._problems: dict[tuple[str, str], Refusal] = {}

    def ask(self, workspaces: Iterable[str], question: Callable[[], Answer]) -> Answer:
        """Ask the index once it agrees with these vaults; an index that was lost is built anew on the way.

        Raises:
            Unavailable: the index cannot be used.
        """
        try:
            self._freshen(workspaces)
            return question()
        except Unavailable as lost:
            if lost.refusal.code is not Code.STORE_CORRUPT:
                raise
            self._stale |= self._seen
            self._freshen(workspaces)
            return question()

    def look(self, workspace: str) -> None:
        """Find out what is different since the last look, and take it in."""
        scanned, known = self._scan(workspace), self._index.signatures(workspace)
        same = {path for path, signature in scanned.items() if signature and known.get(path) == signature}
        self.read(workspace, (scanned.keys() | known.keys()) - same)

    def read_all(self, workspace: str) -> None:
        """Read every file, whatever the index believes."""
        self.read(workspace, self._scan(workspace).keys() | self._index.signatures(workspace).keys())

    def read(self, workspace: str, paths: Iterable[str]) -> None:
        """Take in these files as they are now; those that are gone or unreadable leave the index."""
        notes: list[Filed] = []
        gone: list[str] = []
        for path in sorted(paths):
            self._problems.pop((workspace, path), None)
            match self._files.read(workspace, path):
                case Filed() as filed:
                    notes.append(filed)
                case Refusal() as problem:
                    self._problems[workspace, path] = problem
                    gone.append(path)
                case None:
                    gone.append(path)
        if gone:
            self._index.drop(workspace, gone)
        if notes:
            self._index.put(notes)

    def problems(self, workspaces: Iterable[str]) -> tuple[Refusal, ...]:
        """The files that could not be read."""
        wanted = set(workspaces)
        return tuple(problem for (vault, _), problem in sorted(self._problems.items()) if vault in wanted)

    def _freshen(self, workspaces: Iterable[str]) -> None:
        for workspace in workspaces:
            self._seen.add(workspace)
            followed = self._watch.watch(workspace)
            if not followed or workspace in self._stale:
                self.look(workspace)
                self._stale.discard(workspace)

    def _scan(self, workspace: str) -> dict[str, str]:
        scanned = self._files.scan(workspace)
        self._problems.pop((workspace, ""), None)
        if isinstance(scanned, Refusal):
            self._problems[workspace, ""] = scanned
            return {}
        return scanned
