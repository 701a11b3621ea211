"""One git command: its environment, its answer, and its failure in words for people."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from lsp_orch.domain.errors import Code, Unavailable

_LIMIT_S = 600.0  # the longest that a checkout of a large repository may take
_QUIET = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
# The user's hooks and signing take no part in our own commits, worktrees and trial merges: there a hook could
# change or refuse a worker's work, ask a question nobody sees, or take minutes. They do run in the one
# command that moves the user's own checkout, as they would for the user's own pull.
_OURS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",  # would leave a daemon behind in every worktree
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "rerere.enabled": "false",  # a conflict is for the people and tasks who made it
}
_IDENTITY = {"user.name": "lsp-orch", "user.email": "lsp-orch@localhost"}  # only where the user has none

Done = subprocess.CompletedProcess[bytes]


class GitCommand:
    """The ``git`` on the PATH; folders are absolute.

    Raises (from every method):
        Unavailable: git-missing, not-a-repository, or git-failed with git's own last line.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        # a GIT_DIR or GIT_INDEX_FILE of whoever started the daemon would send our work elsewhere
        kept = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
        self._environment = {**kept, **_QUIET}

    def ours(self, folder: str, *arguments: str, may_fail: bool = False, index: str = "") -> Done:
        """Run a step of our own, without the user's hooks; on another ``index`` if one is given."""
        known = self.try_line(folder, "config", "--get-regexp", r"^user\.(name|email)$")
        settings = _OURS | {name: value for name, value in _IDENTITY.items() if name not in known}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self.run(folder, *options, *arguments, may_fail=may_fail, index=index)

    def run(self, folder: str, *arguments: str, may_fail: bool = False, index: str = "") -> Done:
        """Run as the user would."""
        try:
            done = subprocess.run(
                ["git", "-C", folder, *arguments],
                cwd=Path(os.sep),  # ours may have been deleted
                env=self._environment | ({"GIT_INDEX_FILE": index} if index else {}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LIMIT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise Unavailable(
                Code.GIT_MISSING, "git is not on the PATH of the lsp-orch daemon", "install git"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                Code.GIT_FAILED, f"git {_verb(arguments)} in {folder} did not end within {_LIMIT_S:.0f} s"
            ) from error
        if done.returncode and not may_fail:
            raise failed(arguments, done)
        return done

    def line(self, folder: str, *arguments: str) -> str:
        """The answer without its last newline."""
        return text(self.run(folder, *arguments))

    def try_line(self, folder: str, *arguments: str) -> str:
        """The same, or nothing when git has no answer; to be outside a repository is an error here too."""
        done = self.run(folder, *arguments, may_fail=True)
        if _outside(done):
            raise failed(arguments, done)
        return text(done)

    def names(self, folder: str, *arguments: str) -> Iterator[str]:
        """The entries of an answer that was asked for with ``-z``."""
        return filter(None, text(self.run(folder, *arguments)).split("\0"))


def text(done: Done) -> str:
    """The answer without its last newline; what is not UTF-8 comes escaped."""
    return done.stdout.decode("utf-8", "backslashreplace").rstrip("\n")


def failed(arguments: tuple[str, ...], done: Done) -> Unavailable:
    """Say in git's own words why a command failed."""
    if _outside(done):
        return Unavailable(
            Code.NOT_A_REPOSITORY,
            "this folder is not inside a checkout of a git repository",
            "go to one, or name it: --workspace DIR",
        )
    lines = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
    last = lines[-1] if lines else f"exit status {done.returncode}"
    return Unavailable(Code.GIT_FAILED, f"git {_verb(arguments)} failed: {last}")


def _verb(arguments: tuple[str, ...]) -> str:
    rest = list(arguments)
    while rest[:1] == ["-c"]:
        del rest[:2]
    return rest[0]


def _outside(done: Done) -> bool:
    return b"not a git repository" in done.stderr or b"must be run in a work tree" in done.stderr
