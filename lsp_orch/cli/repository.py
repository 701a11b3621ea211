"""One git repository and the hooks that it uses."""

import os
from dataclasses import dataclass
from pathlib import Path

from lsp_orch.client import git


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """``common`` is what all its worktrees share; ``folder`` is one of them, where git is asked."""

    folder: Path
    common: Path

    @property
    def config(self) -> Path:
        """Its own settings."""
        return self.common / "config"

    @property
    def default_hooks(self) -> Path:
        """Where git looks for hooks unless it is told otherwise."""
        return self.common / "hooks"

    @property
    def own(self) -> Path:
        """Where we keep what is ours; nothing here is ever part of a commit."""
        return self.common / "lsp-orch-guard"

    @property
    def own_hooks(self) -> Path:
        """A folder of hooks that is ours whole."""
        return self.own / "hooks"

    def hooks(self) -> Path:
        """Where git does look for hooks now, whoever has told it; absolute.

        Raises ClientError: as ``client/git.py`` does.
        """
        # git starts hooks at the top of a checkout, and sees a relative path from there
        return Path(
            os.path.normpath(
                self.folder / git.line("rev-parse", "--git-path", "hooks", folder=str(self.folder))
            )
        )


def find(where: str) -> Repository:
    """The repository of a folder.

    Raises ClientError: ``not-a-repository``, and as ``client/git.py`` does.
    """
    common = git.line("rev-parse", "--path-format=absolute", "--git-common-dir", folder=where)
    bare = git.line("rev-parse", "--is-inside-work-tree", folder=where) != "true"
    top = common if bare else git.line("rev-parse", "--show-toplevel", folder=where)
    return Repository(folder=Path(top), common=Path(common))


def same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one place, which need not be there."""
    return one.resolve() == other.resolve()
