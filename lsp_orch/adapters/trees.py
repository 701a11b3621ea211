"""What lies below a folder, as git sees it; outside a checkout, all of it."""

import os
from collections.abc import Iterator, Mapping
from itertools import islice

from lsp_orch.adapters.git_command import GitCommand, text
from lsp_orch.domain.errors import Unavailable

_LISTING = ("ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ".")


class GitTrees:
    """Implements the port ``Trees``; folders are canonical."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._git = GitCommand(os.environ if environment is None else environment)

    def folders(self, root: str, most: int) -> tuple[str, ...]:
        """Those that hold a file that git does not ignore, all above them up to ``root``, and ``root``."""
        found = {root}
        for file in self._files(root):
            folder = os.path.dirname(file)
            while folder not in found and len(folder) > len(root):
                found.add(folder)
                folder = os.path.dirname(folder)
        return tuple(sorted(found, key=lambda each: (each.count(os.sep), each))[:most])

    def files(self, root: str, most: int) -> tuple[str, ...]:
        """The tracked ones, and those that could be."""
        return tuple(islice(self._files(root), most))

    def ignored(self, path: str) -> bool:
        """Git's own files, and what its ignore files name; outside a checkout nothing else is ignored."""
        if f"{os.sep}.git{os.sep}" in f"{path}{os.sep}":
            return True
        folder = os.path.dirname(path)
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        try:
            asked = ("check-ignore", "--quiet", "--", path)
            return self._git.run(folder, *asked, may_fail=True).returncode == 0
        except Unavailable:  # no git: nothing is ignored
            return False

    def _files(self, root: str) -> Iterator[str]:
        try:
            listed = self._git.run(root, *_LISTING)
        except Unavailable:  # no checkout, no git, no folder
            yield from _walk(root)
        else:
            names = filter(None, text(listed).split("\0"))
            yield from (os.path.join(root, name) for name in dict.fromkeys(names))


def _walk(root: str) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(each for each in below if each != ".git")
        yield from (os.path.join(folder, each) for each in sorted(names))
