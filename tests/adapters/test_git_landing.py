"""A checkout moves forward wholly or not at all: on a full disk, and beside somebody who writes there."""

import contextlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.git_command import Done, GitCommand
from lsp_orch.domain.errors import Code, Unavailable
from tests.adapters.test_git import Repo, env, git

__all__ = ["env", "git"]

ROOT = Path(__file__).parents[2]


def on_a_small_disk(place: Path, *arguments: str) -> dict[str, Any]:
    """Run the script where a small disk was mounted first, seen by nobody else."""
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    outside = ["unshare", *user, "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=4m tmpfs {place}"
    with contextlib.suppress(OSError):
        if subprocess.run([*outside, mount], capture_output=True, check=False).returncode == 0:
            script = [sys.executable, "-m", "tests.adapters.land_on_a_full_disk", str(place), *arguments]
            done = subprocess.run(
                [*outside, f"{mount} && exec {shlex.join(script)}"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            found: dict[str, Any] = json.loads(done.stdout)
            return found
    pytest.skip("nobody may mount anything here")


@pytest.mark.parametrize("left", [0, 100_000, 500_000, 900_000])
@pytest.mark.parametrize(("how", "code"), [("looks", "disk-full"), ("blind", "git-failed")])
def test_a_full_disk_leaves_the_tree_as_it_was(tmp_path: Path, how: str, code: str, left: int) -> None:
    found = on_a_small_disk(tmp_path, str(left), how)
    assert found == {"code": code, "same": True, "fsck": "", "folders": [".git"]}


def test_with_room_enough_it_moves(tmp_path: Path) -> None:
    found = on_a_small_disk(tmp_path, "3500000", "looks")
    assert (found["code"], found["same"], found["folders"]) == ("", False, [".git", "new"])


def test_what_somebody_wrote_while_git_failed_is_not_touched(
    git: GitProgram, repository: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(repository, env)
    first = repo("rev-parse", "HEAD")
    repo.write("new.txt", "new\n")
    tip = repo.commit("README.md", "theirs\n")
    repo("reset", "--quiet", "--hard", first)
    right = GitCommand.run

    def run(self: GitCommand, folder: str, *arguments: str, **options: Any) -> Done:
        if arguments[0] != "merge":
            return right(self, folder, *arguments, **options)
        repo.write("README.md", "precious\n")
        repo.write("new.txt", "ne")  # cut short
        raise Unavailable(Code.GIT_FAILED, "git merge failed: no space")

    monkeypatch.setattr(GitCommand, "run", run)
    with pytest.raises(Unavailable, match="no space"):
        git.fast_forward(str(repository), tip)
    assert repo("status", "--porcelain") == " M README.md"
    assert (repository / "README.md").read_text(encoding="utf-8") == "precious\n"
