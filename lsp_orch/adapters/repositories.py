"""Which repository a checkout is of: asked of git once, and remembered until git's settings there change."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsp_orch.adapters.git_command import GitCommand
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.repository import Checkout, remote

_LONGEST = 1024  # bytes of what names a branch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """``watched`` is the file whose change makes us ask again, ``head`` the one that names the branch."""

    checkout: Checkout
    watched: Path
    signature: tuple[int, ...]
    head: Path | None = None


class GitRepositories:
    """The port ``Repositories``. What may start git is for a thread; the rest costs one look at a file."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._git = GitCommand(os.environ if environment is None else environment)
        self._known: dict[str, _Known] = {}

    def known(self, root: str) -> Checkout | None:
        """What was found out about the checkout, if that still holds; starts nothing."""
        found = self._known.get(root)
        return found.checkout if found and _signature(found.watched) == found.signature else None

    def find(self, root: str) -> Checkout:
        """Ask git; a folder that is no checkout, or that git cannot read, is a repository of its own."""
        try:
            known = self._ask(root)
        except Unavailable as error:
            if error.refusal.code is not Code.NOT_A_REPOSITORY:
                _log.warning("%s counts as a repository of its own: %s", root, error)
            alone = Checkout(root=root, repository=root)
            watched = Path(root, ".git")
            known = _Known(checkout=alone, watched=watched, signature=_signature(watched))
        self._known[root] = known
        return known.checkout

    def branch(self, root: str) -> str:
        """The branch that is checked out in a known checkout; empty when there is none."""
        found = self._known.get(root)
        if not found or not found.head:
            return ""
        try:
            with found.head.open("rb") as file:
                head = file.read(_LONGEST).decode("utf-8", "backslashreplace").strip()
        except OSError:  # the checkout is being taken away
            return ""
        name = head.removeprefix("ref: refs/heads/")
        return name if name != head else ""

    def _ask(self, root: str) -> _Known:
        common, own = self._folders(root)
        watched = Path(common, "config")
        signature = _signature(watched)  # before we read it
        checkout = Checkout(root=root, repository=self._identity(root, common, []))
        return _Known(checkout=checkout, watched=watched, signature=signature, head=Path(own, "HEAD"))

    def _folders(self, folder: str) -> tuple[str, str]:
        """The git folder that all worktrees share, and this one's own."""
        said = self._git.line(folder, "rev-parse", "--git-common-dir", "--git-dir")
        common, own = (os.path.realpath(Path(folder, each)) for each in said.splitlines())
        return common, own

    def _identity(self, folder: str, common: str, seen: list[str]) -> str:
        """Follow origins on this disk to the last one: a clone of a clone is of the same repository."""
        if common in seen:  # they are each other's origin
            return min(seen[seen.index(common) :])
        url = self._git.try_line(folder, "remote", "get-url", "origin")
        if not url:
            return common
        if elsewhere := remote(url):
            return elsewhere
        path = os.path.realpath(Path(folder, _local(url)))
        if not Path(path).is_dir():  # a bundle, or gone: all that was cloned from it is of one repository
            return path
        return self._identity(path, self._folders(path)[0], [*seen, common])


def _local(url: str) -> str:
    return unquote(urlsplit(url).path) if url.startswith("file:") else url


def _signature(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:  # that nothing is there is an answer too
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
