"""Whether a sandbox can be made is tried, not guessed; and git still works in one."""

import subprocess
from pathlib import Path

import pytest

from lsp_orch.adapters import sandbox
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.settings import Sandbox


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def only(tmp_path: Path) -> dict[str, str]:
    """An environment with no programs but those the test puts there."""
    return {"PATH": str(tmp_path)}


def test_what_is_missing_is_named_with_the_mend(tmp_path: Path, only: dict[str, str]) -> None:
    program(tmp_path, "socat", "exit 0")
    with pytest.raises(Unavailable, match="there is no bwrap on the PATH") as caught:
        sandbox.probe(only)
    assert caught.value.refusal.code is Code.SANDBOX_MISSING
    assert "apt-get install bubblewrap socat" in caught.value.refusal.hint


def test_one_that_is_there_and_may_not_is_not_taken_for_one_that_works(
    tmp_path: Path, only: dict[str, str]
) -> None:
    program(tmp_path, "socat", "exit 0")
    program(tmp_path, "bwrap", "echo 'No permissions to create new namespace' >&2; exit 1")
    with pytest.raises(Unavailable, match="No permissions to create new namespace"):
        sandbox.probe(only)


def test_a_container_that_gives_no_proc_is_noticed(tmp_path: Path, only: dict[str, str]) -> None:
    program(tmp_path, "socat", "exit 0")
    program(tmp_path, "bwrap", 'case "$*" in *--proc*) exit 1;; esac')
    assert sandbox.probe(only) is True
    program(tmp_path, "bwrap", "exit 0")
    assert sandbox.probe(only) is False


def test_beside_a_worktree_only_what_a_commit_needs_is_writable(repository: Path, tmp_path: Path) -> None:
    worktree = tmp_path / "tree"
    subprocess.run(["git", "worktree", "add", "-q", "-b", "lsp-orch/t", worktree], cwd=repository, check=True)
    git = repository / ".git"
    assert sandbox.git_folders(str(worktree), "lsp-orch") == (
        str(git / "objects"),
        str(git / "refs/heads/lsp-orch"),
        str(git / "logs/refs/heads/lsp-orch"),
        str(git / "worktrees/tree"),
    )
    assert sandbox.git_folders(str(repository), "lsp-orch") == ()


def test_git_ignores_what_the_sandbox_shows_and_what_the_user_ignores(
    repository: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").write_text("*.mine", encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    env |= sandbox.ignore_file(tmp_path / "ignored", str(repository), env)
    for name in ("a.mine", ".bashrc", ".idea", "seen.txt"):
        (repository / name).write_text("x", encoding="utf-8")
    status = subprocess.run(
        ["git", "status", "--short"], cwd=repository, env=env, check=True, capture_output=True, text=True
    )
    assert status.stdout == "?? seen.txt\n"


def test_a_check_that_is_shut_in_reads_all_and_writes_to_its_worktree_only(
    repository: Path, tmp_path: Path
) -> None:
    worktree = tmp_path / "tree"
    subprocess.run(["git", "worktree", "add", "-q", "-b", "lsp-orch/t", worktree], cwd=repository, check=True)
    words = sandbox.around(Sandbox.REQUIRE, str(worktree))
    tries = {
        "echo here > made && git status --porcelain && echo x > /tmp/own": True,
        f"echo x > {repository}/README.md": False,
        f"echo x > {repository}/.git/refs/heads/evil": False,
        "echo x > /var/tmp/evil": False,
    }
    for command, may in tries.items():
        done = subprocess.run([*words, "sh", "-c", command], capture_output=True, check=False)
        assert (done.returncode == 0) == may, (command, done.stderr)
    assert (worktree / "made").is_file()
    assert not Path("/tmp/own").exists()
    assert not Path("/var/tmp/evil").exists()


@pytest.mark.parametrize("wish", [Sandbox.OFF, Sandbox.AUTO])
def test_a_check_is_not_shut_in_where_that_is_not_wished_or_cannot_be(
    tmp_path: Path, only: dict[str, str], wish: Sandbox
) -> None:
    assert sandbox.around(wish, str(tmp_path), only) == ()


def test_a_check_that_must_be_shut_in_is_not_run_without(tmp_path: Path, only: dict[str, str]) -> None:
    with pytest.raises(Unavailable, match="cannot be shut in"):
        sandbox.around(Sandbox.REQUIRE, str(tmp_path), only)
