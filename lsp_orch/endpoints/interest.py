"""The files that matter: those that somebody holds, and those that agents have read."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.endpoints.hooks.intent import SHELL
from lsp_orch.services.ports import FolderWatch

MOST_READ = 10_000  # files that are watched because they were read; the least recently read are let go
_SPARE = 8  # folders that go on being watched: what was held is most often held again soon


class Place(NamedTuple):
    """Where a scope's files are: one file, or somewhere in the ``tree`` below a folder."""

    path: str
    tree: bool = False


def place(scope: Scope) -> Place | None:
    """Where the files of a scope are; None when it is about no files."""
    return Place(scope.anchor, tree=scope.broad) if scope.on_disk else None


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
        self._trees: dict[Scope, dict[str, float]] = {}  # of each scope, the leases and since when
        self._roots: Counter[str] = Counter()  # of each tree, how many of those are in it

    def granted(self, lease: Lease) -> None:
        """Somebody holds files."""
        for scope, (path, tree) in _places(lease):
            if not tree:
                self._file(path, lease.acquired_at).leases.add(lease.id)
                self._need(path)
                continue
            if scope not in self._trees:
                self._trees[scope] = {}
                self._roots[path] += 1
                if self._roots[path] == 1:
                    self._folders.need_tree(path)
            self._trees[scope][lease.id] = lease.acquired_at

    def ended(self, lease: Lease) -> None:
        """They hold them no more."""
        for scope, (path, tree) in _places(lease):
            if tree:
                self._free(scope, path, lease.id)
            elif file := self._files.get(path):
                file.leases.discard(lease.id)
                self._settle(path, file)

    def read(self, path: str, now: float) -> None:
        """An agent has read a file."""
        self._file(path, now).read = True
        self._reads.pop(path, None)
        self._reads[path] = None
        self._need(path, anew=True)
        while len(self._reads) > self._most_read:
            self.forgotten([next(iter(self._reads))])

    def forgotten(self, paths: Iterable[str]) -> None:
        """No agent knows these files any more."""
        for path in paths:
            if path in self._reads:
                del self._reads[path]
                self._files[path].read = False
                self._settle(path, self._files[path])

    def matters(self, path: str) -> bool:
        """Whether anybody holds or has read a file, or anything in this folder."""
        return path in self._files or path in self._below or bool(self._trees and self._around(path))

    def within(self, folder: str) -> tuple[str, ...]:
        """The files that matter in a folder, by their names."""
        known = self._below.get(folder)
        return tuple(sorted(known.files)) if known else ()

    def since(self, path: str) -> float:
        """Since when a file has mattered."""
        if file := self._files.get(path):
            return file.since
        return min((at for scope in self._around(path) for at in self._trees[scope].values()), default=0.0)

    def in_tree(self, path: str) -> bool:
        """Whether a file matters only because it lies in a tree that somebody holds."""
        return path not in self._files

    def _around(self, path: str) -> list[Scope]:
        """The folders and patterns that a file is part of."""
        file = Scope(Kind.FILE, path)
        held = tuple(self._trees)  # one step, also while the loop changes it
        return [each for each in held if each.overlaps(file)]

    def _free(self, scope: Scope, root: str, lease_id: str) -> None:
        leases = self._trees.get(scope)
        if leases is None or leases.pop(lease_id, None) is None or leases:
            return
        del self._trees[scope]
        self._roots[root] -= 1
        if not self._roots[root]:
            del self._roots[root]
            self._folders.drop_tree(root)

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
        if file.leases or file.read:
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
    read: bool = False


@dataclass(slots=True)
class _Folder:
    files: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    told: bool | None = None  # whether the watch was told that something in it is held


def _folder(path: str) -> str:
    return path.rpartition(os.sep)[0] or os.sep


def _places(lease: Lease) -> Iterable[tuple[Scope, Place]]:
    """What is watched for a lease; not the workspace that a shell has while it runs nobody knows what.

    Whatever is written there meanwhile passes as the shell's own, and a watch on all of it is not cheap.
    """
    feared = Scope(Kind.DIR, lease.workspace) if lease.reason == SHELL else None
    return ((each, at) for each in lease.scopes if each != feared and (at := place(each)))
