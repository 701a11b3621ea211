"""What a command line has been found to write so far, and the files as its commands see them."""

import fnmatch
import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from lsp_orch.domain.shell.text import MOST, TooMuch
from lsp_orch.domain.shell.writes import Sort, Writes

_MOST_STEPS = 20_000  # about half a second
_MEMORY = "/dev/shm/"  # noqa: S108 (a folder of files among the devices)
_BIG = 1_000_000  # bytes of a patch that is read


@dataclass(slots=True)
class Record:
    """Collects each path with its first reason; ``made`` are new folders, ``links`` new names of files."""

    files: dict[str, str] = field(default_factory=dict)
    trees: dict[str, str] = field(default_factory=dict)
    mysteries: dict[str, None] = field(default_factory=dict)  # in order, each once
    made: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    steps: int = 0

    def spend(self, steps: int) -> None:
        """Count what has been followed.

        Raises:
            TooMuch: nobody wants to follow more.
        """
        self.steps += steps
        if self.steps > _MOST_STEPS:
            raise TooMuch("too many statements, words and files")

    def writes(self) -> Writes:
        """All of it."""
        return Writes(files=dict(self.files), trees=dict(self.trees), mysteries=tuple(self.mysteries))

    def mystery(self, why: str) -> None:
        """Something runs that nobody knows."""
        self.mysteries.setdefault(why)

    def file(self, path: str, why: str) -> None:
        """One file changes; devices are no files."""
        if self._counts(path, why):
            self.files.setdefault(path, why)

    def tree(self, path: str, why: str) -> None:
        """Anything in a folder changes."""
        if self._counts(path, why):
            self.trees.setdefault(path, why)

    def folder(self, path: str) -> None:
        """A new folder, with those above it."""
        self.made.update((path, *_parents(path)))

    def _counts(self, path: str, why: str) -> bool:
        if path.startswith("/proc/") or _has(self.links, path):
            self.mystery(f"{why}, which by then may lead elsewhere")
        return not path.startswith(("/dev/", "/proc/")) or path.startswith(_MEMORY)


@dataclass(frozen=True, slots=True)
class View:
    """The files as a command in ``folder`` sees them; an empty folder is one that is not known."""

    folder: str
    record: Record

    def settle(self, path: str) -> str:
        """Make a path absolute and free of ``..``, even where that leads out of a linked folder."""
        settled = "/"
        for part in os.path.join(self.folder, path).split("/"):
            if part == "..":
                settled = _parent(settled)
            elif part not in {"", "."}:
                settled = os.path.join(settled, part)
        return settled

    def sort(self, path: str) -> Sort:
        """What is there when the command comes to run."""
        if not self.folder and not path.startswith("/"):
            return Sort.UNSURE
        settled, record = self.settle(path), self.record
        if _has(record.trees, settled):
            return Sort.UNSURE
        if os.path.isdir(settled) or settled in record.made:
            return Sort.FOLDER
        if os.path.lexists(settled) or settled in record.files:
            return Sort.FILE
        return Sort.ABSENT

    def is_link(self, path: str) -> bool:
        """Whether the name itself is a symbolic link, or one may have been made here before."""
        settled = self.settle(path)
        return os.path.islink(settled) or settled in self.record.links

    def read(self, path: str) -> str | None:
        """The text of a small file that nothing before in the line changes."""
        settled = self.settle(path)
        if settled in self.record.files or self.sort(path) is not Sort.FILE or self.record.mysteries:
            return None
        try:
            with open(settled, encoding="utf-8", errors="surrogateescape") as file:
                text = file.read(_BIG + 1)
        except OSError:  # then nobody knows what is in it
            return None
        return text if len(text) <= _BIG else None

    def checkout(self, folder: str) -> str:
        """The top of the checkout that holds the folder, else the folder itself."""
        start = at = self.settle(folder)
        while not os.path.lexists(os.path.join(at, ".git")):
            if at == "/":
                return start
            at = os.path.dirname(at)
        return at

    def matches(self, pattern: str) -> list[str] | None:
        """The paths that a pattern stands for; None when that cannot be told, empty when there are none."""
        self.record.spend((len(self.record.files) + len(self.record.trees)) // 10)
        if "**" in pattern or re.search(r"\[[:.=]", pattern) or self._unsettled(pattern):
            return None
        pattern = pattern.replace("[^", "[!")
        found = [""]
        for part in pattern.split("/"):
            found = [each for folder in found for each in self._entries(folder, part)]
            if len(found) > MOST:
                return None
        there = {each.removesuffix("/") if not pattern.endswith("/") else each for each in found}
        return sorted({*there, *self._written(pattern)})

    def _entries(self, folder: str, part: str) -> list[str]:
        """The paths that one part of a pattern leads to from a folder, each with a slash behind it."""
        if not any(letter in part for letter in "*?["):
            path = f"{folder}{part}/"
            return [path] if os.path.lexists(os.path.join(self.folder, path[:-1] or "/")) else []
        try:
            with os.scandir(os.path.join(self.folder, folder)) as entries:
                names = [entry.name for entry in entries]
        except OSError:  # no folder, or one that cannot be read: the shell finds nothing there either
            return []
        self.record.spend(1 + len(names) // 10)
        return [f"{folder}{name}/" for name in names if _fits(name, part)]

    def _unsettled(self, pattern: str) -> bool:
        """Whether something before in the line may change what there is to match."""
        asked = os.path.join(self.folder, pattern).split("/")
        changed = [each.split("/") for each in (*self.record.trees, *self.record.links)]
        odd = ".." in asked and bool(self.record.files or self.record.made)
        return odd or any(all(map(_fits, parts, asked)) for parts in changed)

    def _written(self, pattern: str) -> list[str]:
        """What earlier commands in the line make that matches, in the form of the pattern."""
        prefix = "" if pattern.startswith("/") else f"{self.folder.rstrip('/')}/"
        asked = [part for part in pattern.split("/") if part != "."]
        found = []
        for path in {*self.record.files, *self.record.made}:
            parts = path.removeprefix(prefix).split("/")
            if path.startswith(prefix) and len(parts) == len(asked) and all(map(_fits, parts, asked)):
                found.append(path.removeprefix(prefix))
        return found


def _parent(path: str) -> str:
    """The folder above as the file system has it, by its name here when that is the same."""
    above, real = os.path.dirname(path), os.path.dirname(os.path.realpath(path))
    return above if os.path.realpath(above) == real else real


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:size]) for size in range(2, len(parts))]


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and (not name.startswith(".") or pattern.startswith("."))


def _has(places: Collection[str], path: str) -> bool:
    """Whether the path, or a folder above it, is one of the places."""
    return path in places or any(parent in places for parent in _parents(path)) or "/" in places
