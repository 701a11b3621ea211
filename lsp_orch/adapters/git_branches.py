"""The branches that workers commit on: made where nothing is, and never over what somebody else has made."""

from lsp_orch.adapters.git_command import GitCommand
from lsp_orch.domain.errors import Code, Unavailable

_KEPT = "refs/lsp-orch/branches"  # what a branch was at, when nothing else holds that


class GitBranches:
    """Raises what ``GitCommand`` does."""

    def __init__(self, git: GitCommand) -> None:
        self._git = git

    def refuse_taken(self, workspace: str, branch: str) -> None:
        """See that a branch which we have not made is not there.

        Raises:
            Unavailable: branch-taken, with what to do.
        """
        folder = branch.partition("/")[0]
        if folder != branch and self._commit(workspace, folder):
            words = f"a branch called {folder} is in the way of {branch}: git cannot have both"
            raise Unavailable(Code.BRANCH_TAKEN, words, f"give it another name: {_rename(folder)}")
        if self._commit(workspace, branch):
            words = f"there is a branch {branch} already, and lsp-orch has not made it"
            raise Unavailable(Code.BRANCH_TAKEN, words, f"give it another name: {_rename(branch)}")

    def free(self, workspace: str, branch: str) -> None:
        """See that one of ours may be moved: nobody looks at it, and what it was at stays findable.

        Raises:
            Unavailable: branch-taken, with where it is checked out.
        """
        commit = self._commit(workspace, branch)
        if not commit:
            return
        shown = ("for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}")
        if elsewhere := self._git.line(workspace, *shown):
            words = f"{branch}, on which the worker would commit, is checked out in {elsewhere}"
            raise Unavailable(Code.BRANCH_TAKEN, words, f"check out another one there, or {_rename(branch)}")
        holders = self._git.line(workspace, "for-each-ref", "--contains", commit, "--format=%(refname)")
        if set(holders.splitlines()) <= {f"refs/heads/{branch}"}:
            self._git.run(workspace, "update-ref", f"{_KEPT}/{branch}/{commit[:12]}", commit)

    def _commit(self, workspace: str, branch: str) -> str:
        return self._git.try_line(workspace, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")


def _rename(branch: str) -> str:
    return f"git branch -m {branch} my-{branch.replace('/', '-')}"
