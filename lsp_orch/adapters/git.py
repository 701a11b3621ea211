"""Git: worktrees for workers, snapshots of their work, and merges that never touch what they did not make."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_orch.adapters.git_branches import GitBranches
from lsp_orch.adapters.git_command import GitCommand, failed, text
from lsp_orch.adapters.git_landing import Landing
from lsp_orch.adapters.git_submodules import GitSubmodules
from lsp_orch.domain.conflict import LONGEST, MOST
from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.services.ports import FileChange, Standing


class GitProgram:
    """The port ``Git``, by the program that the user has; raises what ``GitCommand`` does.

    ``worktrees`` is the only folder in which checkouts are made and removed.
    """

    def __init__(self, worktrees: Path, environment: Mapping[str, str] | None = None) -> None:
        self._worktrees = worktrees
        self._git = GitCommand(os.environ if environment is None else environment)
        self._branches, self._submodules = GitBranches(self._git), GitSubmodules(self._git)

    def top_level(self, folder: str) -> str:
        """The checkout that holds ``folder``."""
        return self._git.line(folder, "rev-parse", "--show-toplevel")

    def repository(self, folder: str) -> str:
        """What all worktrees of one repository share: its common git folder."""
        return os.path.realpath(Path(folder) / self._git.line(folder, "rev-parse", "--git-common-dir"))

    def head(self, folder: str) -> str:
        """The commit that is checked out.

        Raises:
            Unavailable: no-commits, besides the rest.
        """
        commit = self._git.try_line(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if not commit:
            raise Unavailable(
                Code.NO_COMMITS,
                f"the repository at {self.top_level(folder)} has no commit yet: there is nothing to work on",
                'make a first one: git commit --allow-empty -m "Start"',
            )
        return commit

    def standing(self, workspace: str) -> Standing:
        """Which branch is checked out, and what is changed there and in no commit."""
        said = self._git.names(
            workspace, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z"
        )
        lines = list(said)
        head = next((each for each in lines if each.startswith("# branch.head ")), "")
        branch = head.removeprefix("# branch.head ")
        changed = sum(each[:2] in ("1 ", "2 ", "u ") for each in lines)
        return Standing(branch="" if branch == "(detached)" else branch, changed=changed)

    def lacks(self, workspace: str, base: str, commits: Sequence[str]) -> str:
        """The first of ``commits`` that ``base`` does not come from; empty when it has all of them."""
        for each in commits:
            if self._git.run(workspace, "merge-base", "--is-ancestor", each, base, may_fail=True).returncode:
                return each
        return ""

    def refuse_taken(self, workspace: str, branch: str) -> None:
        """See that a branch which we have not made is not there."""
        self._branches.refuse_taken(workspace, branch)

    def add_worktree(self, workspace: str, path: str, branch: str, base: str) -> None:
        """Make a checkout of ``base`` on ``branch`` (none when empty) at ``path``, complete or not at all."""
        self.remove_worktree(workspace, path)
        if branch:
            self._branches.free(workspace, branch)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        on = ("-B", branch) if branch else ("--detach",)
        try:
            self._git.ours(workspace, "worktree", "add", "--quiet", "--force", *on, path, base)
            self._verify(path, base)
            self._submodules.fill(workspace, path)
        except BaseException:
            self.remove_worktree(workspace, path)
            raise

    def remove_worktree(self, workspace: str, path: str, branch: str = "") -> None:
        """Take away a checkout that ``add_worktree`` made, and its branch; nothing happens where none is."""
        if self._worktrees not in Path(os.path.normpath(path)).parents:
            raise Misuse(Code.BAD_REQUEST, f"{path} is none of the worktrees in {self._worktrees}")
        if Path(path).exists():
            _delete(path)
        self._git.ours(workspace, "worktree", "prune")
        if branch and self._is_idle(workspace, branch):
            self._git.run(workspace, "update-ref", "-d", f"refs/heads/{branch}")

    def commit_all(self, worktree: str, branch: str, message: str) -> str:
        """Commit whatever is there and let ``branch`` end in it; the newest commit, changed or not."""
        self._git.ours(worktree, "add", "--all")
        if self._git.run(worktree, "diff", "--cached", "--quiet", may_fail=True).returncode:
            self._git.ours(worktree, "commit", "--quiet", "--message", message)
        tip = self.head(worktree)
        self.keep(worktree, f"refs/heads/{branch}", tip)  # a worker may have left the branch it was given
        return tip

    def snapshot(self, worktree: str, ref: str) -> str:
        """Keep the tree as it is, untracked files included, under ``ref``; the user's index is not touched.

        Returns the commit; an older one of that name stays reachable from it.
        """
        commit = self._commit(worktree, f"Snapshot {ref}", "HEAD", ref)
        self.keep(worktree, ref, commit)
        return commit

    def sketch(self, worktree: str) -> str:
        """The tree as it is, untracked files included, as a commit that nothing holds."""
        return self._commit(worktree, "Sketch", "HEAD")

    def collisions(self, workspace: str, one: str, other: str) -> tuple[str, ...]:
        """The paths in which two commits would collide; no checkout is touched."""
        merging = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", one, other)
        done = self._git.ours(workspace, *merging, may_fail=True)
        if done.returncode not in {0, 1}:
            raise failed(merging, done)
        return tuple(filter(None, text(done).split("\0")[1:]))

    def keep(self, workspace: str, ref: str, commit: str) -> None:
        """Let ``ref`` hold ``commit``, so that it is not garbage."""
        self._git.run(workspace, "update-ref", ref, commit)

    def changes(self, workspace: str, base: str, tip: str) -> tuple[FileChange, ...]:
        """What the work between two commits changed, file by file."""
        options = ("--numstat", "--no-renames", "-z")
        return tuple(_change(each) for each in self._git.names(workspace, "diff", *options, base, tip))

    def diff(self, workspace: str, base: str, tip: str) -> str:
        """The same as a unified diff."""
        return self._git.line(workspace, "diff", "--no-color", "--no-ext-diff", base, tip)

    def merge(self, worktree: str, tip: str, message: str) -> tuple[str, ...]:
        """Merge ``tip`` into what is checked out in a throw-away worktree; the conflicting paths, if any."""
        merging = ("merge", "--quiet", "--no-ff", "--no-edit", "-m", message, tip)
        done = self._git.ours(worktree, *merging, may_fail=True)
        if done.returncode == 0:
            return ()
        conflicts = tuple(self._git.names(worktree, "diff", "--name-only", "--diff-filter=U", "-z"))
        if not conflicts:
            raise failed(merging, done)
        return conflicts

    def told(self, workspace: str, base: str, onto: str, paths: Sequence[str]) -> tuple[str, ...]:
        """What the commits since ``base`` say that changed ``paths`` on the way to ``onto``, newest first."""
        since, literal = f"{base}..{onto}", [f":(top,literal){path}" for path in paths]
        found = self._git.names(
            workspace, "log", "--no-merges", "-z", "--format=%B", f"--max-count={MOST}", since, "--", *literal
        )
        return tuple(each.strip()[:LONGEST] for each in found)

    def obstacles(self, workspace: str, commit: str) -> tuple[str, ...]:
        """The files that keep ``workspace`` from moving to ``commit``: changed ones, and ones in its way.

        Ignored files count too: git itself would overwrite them.
        """
        dirty = self._git.names(workspace, "diff", "--name-only", "--no-renames", "-z", "HEAD")
        removed = self._moved(workspace, commit, "D")
        added = self._moved(workspace, commit, "A")
        in_the_way = (_in_the_way(Path(workspace), Path(name), removed) for name in added)
        return tuple(sorted({*dirty, *filter(None, in_the_way)}))

    def fast_forward(self, workspace: str, commit: str) -> None:
        """Move the user's checkout to ``commit``, or leave it; git refuses unless that only adds to it."""
        Landing(self._git, workspace, commit).forward()

    def _commit(self, worktree: str, message: str, *parents: str) -> str:
        """The tree as it is, as a commit on those parents that there are; the user's index is not touched."""
        with tempfile.TemporaryDirectory(prefix="lo-") as folder:
            index = Path(folder) / "index"
            real = Path(worktree) / self._git.line(worktree, "rev-parse", "--git-path", "index")
            if real.exists():
                shutil.copyfile(real, index)
            self._git.ours(worktree, "add", "--all", index=str(index))
            tree = text(self._git.ours(worktree, "write-tree", index=str(index)))
        known = (self._git.try_line(worktree, "rev-parse", "--verify", "--quiet", name) for name in parents)
        on = [part for commit in known if commit for part in ("-p", commit)]
        return text(self._git.ours(worktree, "commit-tree", tree, *on, "-m", message))

    def _verify(self, path: str, base: str) -> None:
        missing = list(self._git.names(path, "ls-files", "--deleted", "-z"))
        if missing or self.head(path) != base:
            raise Unavailable(
                Code.GIT_FAILED,
                f"the checkout of {base[:12]} at {path} is not complete: {len(missing)} files are missing",
                "see whether the disk is full: lsp-orch doctor",
            )

    def _is_idle(self, workspace: str, branch: str) -> bool:
        """Whether the branch is there and checked out nowhere: a person may be looking at it."""
        shown = ("for-each-ref", "--format=%(refname) %(worktreepath)", f"refs/heads/{branch}")
        return self._git.line(workspace, *shown) == f"refs/heads/{branch} "

    def _moved(self, workspace: str, commit: str, kind: str) -> set[str]:
        options = ("--name-only", "--no-renames", f"--diff-filter={kind}", "-z")
        return set(self._git.names(workspace, "diff", *options, "HEAD", commit))


def _delete(folder: str) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise Unavailable(
            Code.GIT_FAILED, f"the worktree {folder} cannot be removed: {error}", "remove it by hand"
        ) from error


def _change(entry: str) -> FileChange:
    """One entry of ``--numstat -z``; a binary file's counts are hyphens."""
    added, removed, path = entry.split("\t", 2)
    return FileChange(path=path, added=_count(added), removed=_count(removed))


def _count(number: str) -> int | None:
    return None if number == "-" else int(number)


def _in_the_way(workspace: Path, name: Path, removed: set[str]) -> str:
    """What lies where a new file must go: the file itself, or a file in place of one of its folders."""
    for part in (name, *name.parents):
        there = workspace / part
        blocks = os.path.lexists(there) if part == name else there.is_file() or there.is_symlink()
        if blocks and part.as_posix() not in removed:
            return part.as_posix()
    return ""
