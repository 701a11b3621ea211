"""Canonical paths and the workspaces that hold them."""

import codecs
import os
import sys
from collections.abc import Iterator
from itertools import islice

from lsp_orch.domain.errors import Code, Misuse

_LONGEST = 16 * 1024 * 1024  # bytes of a file that is compared when it is opened
_EXTRA = (0, len(codecs.BOM_UTF8))  # bytes that a file may have more than its text


_CASE_BLIND = sys.platform in ("darwin", "win32")  # as their disks are, unless somebody has asked for others


class RealPaths:
    """Paths as the file system sees them; one that is blind to case knows a file by one spelling only."""

    def __init__(self, *, case_blind: bool = _CASE_BLIND) -> None:
        self._case_blind = case_blind

    def canonical(self, path: str, base: str) -> str:
        r"""Resolve links and ``..``; the file and its folder need not exist.

        Names that are not UTF-8 come back with the odd bytes written as ``\xNN``, so that they can be
        stored and shown.

        Raises:
            Misuse: no file can have that name.
        """
        try:
            real = os.path.realpath(os.path.join(base, path))
            if self._case_blind:
                real = _spelled(real)
            return os.fsencode(real).decode("utf-8", "backslashreplace")
        except ValueError as error:  # a NUL, or half a character
            raise Misuse(Code.BAD_REQUEST, f"{path!a} is not a path: {error}") from error

    def repository(self, workspace: str) -> str:
        """What all worktrees of a checkout's repository share; the workspace itself where there is none."""
        git = os.path.join(workspace, ".git")
        if not os.path.lexists(git):
            return workspace
        own = _pointed(git, "gitdir: ") or git
        return os.path.realpath(_pointed(os.path.join(own, "commondir"), "") or own)

    def exists(self, path: str) -> bool:
        """Whether there is anything at the canonical ``path``."""
        return os.path.lexists(path)

    def files(self, folder: str, most: int) -> list[str]:
        """The first files below a folder that are not git's own, by their names; links are not followed."""
        return list(islice(_files(folder), most))

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at the canonical ``path``."""
        return os.path.isdir(path)

    def says(self, path: str, text: str) -> bool:
        """Whether there is a file at the canonical ``path`` that says just ``text``, in UTF-8."""
        told = text.encode("utf-8", "surrogatepass")
        try:
            if not os.path.isfile(path) or os.path.getsize(path) - len(told) not in _EXTRA:
                return False
            with open(path, "rb") as file:
                return file.read().removeprefix(codecs.BOM_UTF8) == told
        except OSError:  # what cannot be read says nothing
            return False

    def text(self, path: str) -> str:
        """What the file at the canonical ``path`` says in UTF-8; empty when it cannot be read as that."""
        try:
            if not os.path.isfile(path) or os.path.getsize(path) > _LONGEST:
                return ""
            with open(path, encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError):
            return ""

    def unsaved(self, path: str, text: str) -> bool:
        """Whether a buffer that opens with ``text`` has what the file has not; when in doubt, no.

        Editors write line ends, a final one and a byte order mark as they like, and what is not UTF-8 comes
        to us in another encoding: none of these is somebody's work.
        """
        try:
            with open(path, "rb") as file:
                kept = file.read(_LONGEST + 1)
        except FileNotFoundError:
            return bool(text)
        except OSError:
            return False
        try:
            return len(kept) <= _LONGEST and _plain(kept.decode("utf-8-sig")) != _plain(text)
        except UnicodeDecodeError:
            return False

    def workspace(self, path: str) -> str:
        """Find the nearest folder with a ``.git`` that holds the canonical ``path``, or nothing."""
        return _checkout(path)


def _files(folder: str) -> Iterator[str]:
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each != ".git")
        yield from (os.path.join(top, name) for name in sorted(names))


def _spelled(path: str) -> str:
    """The path as the disk spells it; what is not there yet is in small letters, so that it has one name."""
    folder, name = os.path.split(path)
    if not name:
        return path
    folder = _spelled(folder)
    try:
        there = os.listdir(folder)
    except OSError:
        there = []
    small = name.casefold()
    known = name if name in there else next((each for each in there if each.casefold() == small), small)
    return os.path.join(folder, known)


def _pointed(file: str, words: str) -> str:
    """The path that a file of git names after ``words``, seen from where the file lies; empty when none."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as opened:
            line = opened.read().strip()
    except OSError:  # a folder, or nothing there
        return ""
    found = line.startswith(words) and line.removeprefix(words)
    return os.path.join(os.path.dirname(file), found) if found else ""


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").removesuffix("\n")


def _checkout(folder: str) -> str:
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
