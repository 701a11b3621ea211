"""Which checkouts the real git holds for one repository, and when it is asked again."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_orch.adapters.repositories import GitRepositories

Git = Callable[..., None]


@pytest.fixture
def env(short_root: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(short_root), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture
def git(env: dict[str, str]) -> Git:
    def run(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, env=env, check=True, capture_output=True)

    return run


@pytest.fixture
def repositories(env: dict[str, str]) -> GitRepositories:
    return GitRepositories(env)


def name(repositories: GitRepositories, root: Path) -> str:
    """What a checkout's repository is called."""
    checkout = repositories.find(str(root))
    assert checkout.root == str(root)
    return checkout.repository


def test_worktrees_share_what_git_shares(
    repositories: GitRepositories, repository: Path, git: Git, short_root: Path
) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(short_root / "tree"))
    assert (
        name(repositories, repository) == name(repositories, short_root / "tree") == str(repository / ".git")
    )
    assert [repositories.branch(str(each)) for each in (repository, short_root / "tree")] == ["main", "other"]


def test_clones_of_one_origin_agree_however_it_is_spelt(
    repositories: GitRepositories, repository: Path, git: Git, short_root: Path
) -> None:
    git(short_root, "clone", "-q", str(repository), "two")
    git(repository, "remote", "add", "origin", "git@host.example:me/it.git")
    git(short_root, "init", "-q", "three")
    git(short_root / "three", "remote", "add", "origin", "https://me:secret@host.example/me/it")
    names = {name(repositories, short_root / each) for each in ("project", "two", "three")}
    assert names == {"host.example/me/it"}


def test_a_clone_of_a_local_repository_is_of_that_one(
    repositories: GitRepositories, repository: Path, git: Git, short_root: Path
) -> None:
    git(short_root, "clone", "-q", "--bare", str(repository), "hub.git")
    git(short_root, "clone", "-q", "hub.git", "one")
    git(short_root, "clone", "-q", f"file://{short_root}/hub.git", "two")
    git(short_root, "clone", "-q", str(short_root / "one"), "three")
    git(short_root / "three", "remote", "set-url", "origin", "../one")
    git(short_root / "hub.git", "remote", "remove", "origin")
    names = {name(repositories, short_root / each) for each in ("one", "two", "three")}
    assert names == {str(short_root / "hub.git")}


def test_repositories_that_are_each_others_origin_agree(
    repositories: GitRepositories, repository: Path, git: Git, short_root: Path
) -> None:
    git(short_root, "clone", "-q", str(repository), "two")
    git(repository, "remote", "add", "origin", str(short_root / "two"))
    git(short_root, "clone", "-q", str(short_root / "two"), "three")
    names = {name(repositories, short_root / each) for each in ("project", "two", "three")}
    assert names == {str(repository / ".git")}


def test_what_was_cloned_from_a_place_that_is_gone_is_of_one_repository(
    repositories: GitRepositories, repository: Path, git: Git, short_root: Path
) -> None:
    for each in ("one", "two"):
        git(short_root, "clone", "-q", str(repository), each)
        git(short_root / each, "remote", "set-url", "origin", str(short_root / "gone"))
    assert name(repositories, short_root / "one") == name(repositories, short_root / "two")


def test_a_folder_without_git_is_alone_until_it_has_one(
    repositories: GitRepositories, git: Git, short_root: Path
) -> None:
    plain = short_root / "plain"
    plain.mkdir()
    assert name(repositories, plain) == str(plain)
    assert repositories.known(str(plain))
    assert repositories.branch(str(plain)) == ""
    git(plain, "init", "-q")
    assert repositories.known(str(plain)) is None
    assert name(repositories, plain) == str(plain / ".git")


def test_a_new_origin_is_noticed_and_until_then_nothing_is_started(
    repositories: GitRepositories, repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repositories.known(str(repository)) is None
    first = repositories.find(str(repository))
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", None)
        assert repositories.known(str(repository)) == first
        assert repositories.branch(str(repository)) == "main"
    git(repository, "remote", "add", "origin", "https://host.example/it")
    assert repositories.known(str(repository)) is None
    assert name(repositories, repository) == "host.example/it"


def test_a_detached_head_and_a_checkout_that_was_removed_are_on_no_branch(
    repositories: GitRepositories, repository: Path, git: Git
) -> None:
    name(repositories, repository)
    git(repository, "checkout", "-q", "--detach")
    assert repositories.branch(str(repository)) == ""
    (repository / ".git" / "HEAD").unlink()
    assert repositories.branch(str(repository)) == ""


def test_without_git_a_checkout_is_alone_and_the_log_says_why(
    repository: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    repositories = GitRepositories({"PATH": "/nowhere"})
    assert name(repositories, repository) == str(repository)
    assert "git is not on the PATH" in caplog.text
