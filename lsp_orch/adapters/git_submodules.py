"""Submodules of a worker's worktree: those that the user's own checkout has, from where that has them."""

from pathlib import Path

from lsp_orch.adapters.git_command import GitCommand, text
from lsp_orch.domain.errors import Code, Unavailable


class GitSubmodules:
    """Raises what ``GitCommand`` does."""

    def __init__(self, git: GitCommand) -> None:
        self._git = git

    def fill(self, workspace: str, worktree: str) -> None:
        """Check them out in ``worktree``; those that the user has not initialised stay empty there, too.

        Raises:
            Unavailable: submodule-missing, with what to do.
        """
        if not Path(worktree, ".gitmodules").is_file():
            return
        for name, path in self._all(worktree):
            ours = Path(workspace, path)
            if (ours / ".git").exists():
                self._fill(worktree, name, path, ours)

    def _fill(self, worktree: str, name: str, path: str, ours: Path) -> None:
        source = text(self._git.run(str(ours), "rev-parse", "--path-format=absolute", "--git-common-dir"))
        # nothing is fetched: a commit that the user has not got is none that they could work with
        options = ("-c", "protocol.file.allow=always", "-c", f"submodule.{name}.url={source}")
        done = self._git.ours(
            worktree, *options, "submodule", "update", "--init", "--quiet", "--", path, may_fail=True
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise Unavailable(
                Code.SUBMODULE_MISSING,
                f"the submodule {path} cannot be checked out for the worker: {said}",
                f"bring your own up to date: git submodule update --init {path}; then `lsp-orch task retry`",
            )
        if (ours / ".gitmodules").is_file():
            self.fill(str(ours), str(Path(worktree, path)))

    def _all(self, worktree: str) -> list[tuple[str, str]]:
        """Each one's name and path."""
        wanted = ("config", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
        rows = (row.partition(" ") for row in self._git.try_line(worktree, *wanted).splitlines())
        return [(key.removeprefix("submodule.").removesuffix(".path"), path) for key, _, path in rows if path]
