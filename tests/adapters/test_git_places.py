"""Where a worker's checkout may be made: over nobody's branch, with the submodules that the user has."""

import os
from pathlib import Path

import pytest

from lsp_orch.adapters.git import GitProgram
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.services.ports import Standing
from tests.adapters.test_git import BRANCH, Repo


@pytest.fixture
def env(short_root: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(short_root), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture
def git(short_root: Path, env: dict[str, str]) -> GitProgram:
    return GitProgram(short_root / "worktrees", env)


@pytest.fixture
def repo(repository: Path, env: dict[str, str]) -> Repo:
    return Repo(repository, env)


@pytest.fixture
def place(short_root: Path) -> str:
    return str(short_root / "worktrees" / "one")


def refusal(caught: pytest.ExceptionInfo[Unavailable], code: Code) -> str:
    assert caught.value.refusal.code is code
    return f"{caught.value.refusal.message} {caught.value.refusal.hint}"


def test_a_branch_called_like_our_folder_is_told_with_the_mend(git: GitProgram, repo: Repo) -> None:
    repo("branch", "lsp-orch")
    with pytest.raises(Unavailable) as caught:
        git.refuse_taken(str(repo.path), BRANCH)
    assert "git branch -m lsp-orch my-lsp-orch" in refusal(caught, Code.BRANCH_TAKEN)
    repo("branch", "-m", "lsp-orch", "my-lsp-orch")
    git.refuse_taken(str(repo.path), BRANCH)


def test_a_branch_that_we_have_not_made_is_left_alone(git: GitProgram, repo: Repo) -> None:
    repo("branch", BRANCH)
    with pytest.raises(Unavailable) as caught:
        git.refuse_taken(str(repo.path), BRANCH)
    assert f"git branch -m {BRANCH}" in refusal(caught, Code.BRANCH_TAKEN)


def test_one_that_somebody_has_checked_out_is_not_moved(
    git: GitProgram, repo: Repo, place: str, short_root: Path
) -> None:
    elsewhere = str(short_root / "theirs")
    repo("worktree", "add", "--quiet", "-b", BRANCH, elsewhere)
    theirs = Repo(Path(elsewhere), repo.env)
    theirs.commit("theirs.txt", "mine\n")
    before = theirs("rev-parse", BRANCH)
    with pytest.raises(Unavailable) as caught:
        git.add_worktree(str(repo.path), place, BRANCH, repo("rev-parse", "main"))
    assert elsewhere in refusal(caught, Code.BRANCH_TAKEN)
    assert theirs("rev-parse", BRANCH) == before
    assert not Path(place).exists()


def test_what_only_the_branch_held_stays_findable(git: GitProgram, repo: Repo, place: str) -> None:
    base = repo("rev-parse", "HEAD")
    git.add_worktree(str(repo.path), place, BRANCH, base)
    only = Repo(Path(place), repo.env).commit("only.txt", "here\n")
    git.add_worktree(str(repo.path), place, BRANCH, base)
    assert repo("rev-parse", BRANCH) == base
    assert repo("rev-parse", f"refs/lsp-orch/branches/{BRANCH}/{only[:12]}") == only


def test_a_base_lacks_what_it_does_not_come_from(git: GitProgram, repo: Repo) -> None:
    first = repo("rev-parse", "HEAD")
    second = repo.commit("more.txt", "more\n")
    assert git.lacks(str(repo.path), second, [first, second]) == ""
    assert git.lacks(str(repo.path), first, [first, second]) == second
    assert git.lacks(str(repo.path), second, ["0" * 40]) == "0" * 40
    assert git.lacks(str(repo.path), second, []) == ""


def test_it_says_which_branch_is_checked_out_and_what_is_in_no_commit(git: GitProgram, repo: Repo) -> None:
    assert git.standing(str(repo.path)) == Standing(branch="main", changed=0)
    repo.write("README.md", "changed\n")
    repo.write("untracked.txt", "new\n")
    assert git.standing(str(repo.path)) == Standing(branch="main", changed=1)
    repo("checkout", "--quiet", "--detach")
    assert git.standing(str(repo.path)) == Standing(branch="", changed=1)


@pytest.fixture
def module(repo: Repo, short_root: Path) -> Repo:
    """A repository that is a submodule of the other one, in ``lib``."""
    path = short_root / "module"
    path.mkdir()
    found = Repo(path, repo.env | {"GIT_CONFIG_GLOBAL": str(repo.path / ".." / ".gitconfig")})
    repo("init", "--quiet", str(path))
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    (path / "code.txt").write_text("code\n", encoding="utf-8")
    repo("add", "--all", path=path)
    repo(*who, "commit", "--quiet", "--message", "code", path=path)
    repo("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(path), "lib")
    repo(*who, "commit", "--quiet", "--message", "with a submodule")
    return found


def test_the_users_submodules_are_filled_from_theirs_without_a_network(
    git: GitProgram, repo: Repo, module: Repo, place: str
) -> None:
    module.path.rename(module.path.with_name("away"))  # the one it came from cannot be reached
    git.add_worktree(str(repo.path), place, BRANCH, repo("rev-parse", "HEAD"))
    assert Path(place, "lib", "code.txt").read_text(encoding="utf-8") == "code\n"
    assert repo("status", "--porcelain", path=Path(place)) == ""
    assert repo("config", "submodule.lib.url") == str(module.path), "the user's settings were changed"
    git.remove_worktree(str(repo.path), place, BRANCH)
    assert not Path(place).exists()
    assert repo("submodule", "status").startswith(" "), "the user's own was changed"


def test_a_submodule_that_the_user_has_not_initialised_stays_empty(
    git: GitProgram, repo: Repo, module: Repo, place: str
) -> None:
    repo("submodule", "--quiet", "deinit", "--force", "lib")
    assert module.path.is_dir()
    git.add_worktree(str(repo.path), place, BRANCH, repo("rev-parse", "HEAD"))
    assert list(Path(place, "lib").iterdir()) == []


def test_one_that_cannot_be_filled_is_refused_with_the_mend(
    git: GitProgram, repo: Repo, module: Repo, place: str
) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    repo("update-index", "--cacheinfo", f"160000,{'1' * 40},lib")
    repo(*who, "commit", "--quiet", "--message", "a commit that nobody has")
    assert module.path.is_dir()
    with pytest.raises(Unavailable) as caught:
        git.add_worktree(str(repo.path), place, BRANCH, repo("rev-parse", "HEAD"))
    assert "git submodule update --init lib" in refusal(caught, Code.SUBMODULE_MISSING)
    assert not Path(place).exists()
