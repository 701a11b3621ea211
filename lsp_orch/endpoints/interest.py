"""The files that matter: those that somebody holds, and those that agents have read."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.services.ports import FolderWatch

MOST_READ = 10_000  # files whose readers are remembered; the least recently read are forgotten
_SPARE = 8  # folders that go on being watched: what was held is most often held again soon


class Place(NamedTuple):
    """Where a scope's files are: one file, or a ``tree`` below a folder."""

    path: str
    tree: bool = False


def place(scope: Scope) -> Place | None:
    """Where the files of a scope are; None when it is about no files."""
    return {Kind.FILE: Place(scope.key)}.get(scope.kind)


class Interest:
    """Tells the watch which folders to watch; only ``matters`` may be asked on another thread."""

    def __init__(self, folders: FolderWatch, most_read: int = MOST_READ, spare: int = _SPARE) -> None:
        self._folders = folders
        self._most_read = most_read
        self._most_spare = spare
        self._spare: dict[str, None] = {}  # those without a file that matters, the oldest first
        self._files: dict[str, _File] = {}
        self._below: dict[str, _Folder] = {}
        self._reads: dict[str, None] = {}  # the least recent first
        self._trees: dict[str, dict[str, float]] = {}  # of each root, the leases and since when

    def granted(self, lease: Lease) -> None:
        """Somebody holds files."""
        for path, tree in _places(lease):
            if tree:
                leases = self._trees.setdefault(path, {})
                leases[lease.id] = lease.acquired_at
                if len(leases) == 1:
                    self._folders.need_tree(path)
            else:
                self._file(path, lease.acquired_at).leases.add(lease.id)
                self._need(path)

    def ended(self, lease: Lease) -> None:
        """They hold them no more."""
        for path, tree in _places(lease):
            if tree:
                leases = self._trees.get(path, {})
                leases.pop(lease.id, None)
                if not leases and self._trees.pop(path, None) is not None:
                    self._folders.drop_tree(path)
            elif file := self._files.get(path):
                file.leases.discard(lease.id)
                self._settle(path, file)

    def read(self, path: str, reader: str, now: float) -> None:
        """An agent has read a file."""
        file = self._file(path, now)
        file.readers.add(reader)
        self._reads.pop(path, None)
        self._reads[path] = None
        self._need(path, anew=True)
        while len(self._reads) > self._most_read:
            oldest = next(iter(self._reads))
            del self._reads[oldest]
            self._files[oldest].readers.clear()
            self._settle(oldest, self._files[oldest])

    def left(self, session: str) -> None:
        """A session has ended, and what it and its subagents had read matters no more."""
        for path in list(self._reads):
            file = self._files[path]
            file.readers -= {each for each in file.readers if each.partition("/")[0] == session}
            if not file.readers:
                del self._reads[path]
                self._settle(path, file)

    def matters(self, path: str) -> bool:
        """Whether anybody holds or has read a file, or anything in this folder."""
        return path in self._files or path in self._below or bool(self._trees and self._root(path))

    def within(self, folder: str) -> tuple[str, ...]:
        """The files that matter in a folder, by their names."""
        known = self._below.get(folder)
        return tuple(sorted(known.files)) if known else ()

    def since(self, path: str) -> float:
        """Since when a file has mattered."""
        if file := self._files.get(path):
            return file.since
        return min(self._trees.get(self._root(path), {"": 0.0}).values())

    def readers(self, path: str) -> tuple[str, ...]:
        """The agents that have read a file, by their ids."""
        file = self._files.get(path)
        return tuple(sorted(file.readers)) if file else ()

    def in_tree(self, path: str) -> bool:
        """Whether a file matters only because it lies in a tree that somebody holds."""
        return path not in self._files

    def _root(self, path: str) -> str:
        """The tree that a path lies in, or nothing."""
        inside = f"{path}{os.sep}"
        roots = tuple(self._trees)  # one step, also while the loop changes it
        return next((each for each in roots if inside.startswith(f"{each.rstrip(os.sep)}{os.sep}")), "")

    def _file(self, path: str, since: float) -> "_File":
        if path not in self._files:
            self._files[path] = _File(since)
            self._below.setdefault(_folder(path), _Folder()).files.add(path)
        return self._files[path]

    def _need(self, path: str, *, anew: bool = False) -> None:
        """Tell the watch that a folder is needed, and whether anything in it is held, if that is news."""
        folder, file = _folder(path), self._files[path]
        known = self._below[folder]
        self._spare.pop(folder, None)
        (known.held.add if file.leases else known.held.discard)(path)
        held = bool(known.held)
        if anew or known.told is not held:
            known.told = held
            self._folders.need(folder, held=held)

    def _settle(self, path: str, file: "_File") -> None:
        """Forget a file that nobody holds or has read; its folder is spare after the last of them."""
        if file.leases or file.readers:
            self._need(path)
            return
        folder = _folder(path)
        del self._files[path]
        known = self._below[folder]
        known.files.discard(path)
        known.held.discard(path)
        if known.files:
            self._need(next(iter(known.files)))
            return
        self._spare[folder] = None
        if len(self._spare) > self._most_spare:
            oldest = next(iter(self._spare))
            del self._spare[oldest], self._below[oldest]
            self._folders.drop(oldest)


@dataclass(slots=True)
class _File:
    since: float
    leases: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Folder:
    files: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    told: bool | None = None  # whether the watch was told that something in it is held


def _folder(path: str) -> str:
    return path.rpartition(os.sep)[0] or os.sep


def _places(lease: Lease) -> Iterable[Place]:
    return filter(None, map(place, lease.scopes))
