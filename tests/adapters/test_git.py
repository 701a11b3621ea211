"""The real git, on repositories in every awkward state."""

import os
import subprocess
from pathlib import Path

import pytest

from lsp_orch.adapters.git import GitProgram
from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.services.ports import FileChange

REF = "refs/lsp-orch/snapshots/task-1/1"
BRANCH = "lsp-orch/task-1"


@pytest.fixture
def env(short_root: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(short_root), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture
def git(short_root: Path, env: dict[str, str]) -> GitProgram:
    return GitProgram(short_root / "worktrees", env)


class Repo:
    """The test's own hands on a checkout."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env

    def __call__(self, *arguments: str, path: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=path or self.path,
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.rstrip("\n")

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def commit(self, name: str, text: str) -> str:
        self.write(name, text)
        self("add", "--all")
        self("commit", "--quiet", "--message", name)
        return self("rev-parse", "HEAD")

    def state(self) -> tuple[str, ...]:
        """All that must not change."""
        return (
            self("rev-parse", "HEAD"),
            self("symbolic-ref", "HEAD"),
            self("status", "--porcelain", "--ignored"),
            self("diff"),
            self("diff", "--cached"),
            self("stash", "list"),
        )


@pytest.fixture
def repo(repository: Path, env: dict[str, str]) -> Repo:
    return Repo(repository, env)


@pytest.fixture
def place(short_root: Path) -> str:
    return str(short_root / "worktrees/r/task-1")


def work(git: GitProgram, repo: Repo, place: str, name: str, text: str) -> tuple[str, str]:
    """A worker's commit of one file: the base and the tip."""
    base = git.head(str(repo.path))
    git.add_worktree(str(repo.path), place, BRANCH, base)
    Path(place, name).write_text(text, encoding="utf-8")
    return base, git.commit_all(place, BRANCH, "work")


def test_a_worktree_is_complete_and_apart_from_the_users_tree(
    git: GitProgram, repo: Repo, place: str
) -> None:
    before = repo.state()
    git.add_worktree(str(repo.path), place, BRANCH, git.head(str(repo.path)))
    assert Path(place, "README.md").read_text(encoding="utf-8") == "hello\n"
    assert git.top_level(place) == place
    assert git.repository(place) == git.repository(str(repo.path))
    assert repo("rev-parse", "--abbrev-ref", "HEAD", path=Path(place)) == BRANCH
    assert repo.state() == before
    git.remove_worktree(str(repo.path), place, BRANCH)
    assert not Path(place).exists()
    assert repo("branch", "--list", BRANCH) == ""
    assert len(repo("worktree", "list").splitlines()) == 1


def test_an_incomplete_checkout_is_refused_and_leaves_nothing(
    git: GitProgram, repo: Repo, place: str
) -> None:
    repo.commit(".gitattributes", "big.bin filter=broken\n")
    repo.commit("big.bin", "data")
    repo("config", "filter.broken.smudge", "false")
    repo("config", "filter.broken.required", "true")
    with pytest.raises(Unavailable) as error:
        git.add_worktree(str(repo.path), place, BRANCH, git.head(str(repo.path)))
    assert error.value.refusal.code is Code.GIT_FAILED
    assert not Path(place).exists()
    assert len(repo("worktree", "list").splitlines()) == 1


def test_files_that_are_missing_after_a_checkout_are_noticed(
    git: GitProgram, repo: Repo, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = GitProgram._verify

    def lose_a_file(self: GitProgram, path: str, base: str) -> None:
        Path(path, "README.md").unlink()
        verify(self, path, base)

    monkeypatch.setattr(GitProgram, "_verify", lose_a_file)
    with pytest.raises(Unavailable, match="1 files are missing"):
        git.add_worktree(str(repo.path), place, BRANCH, git.head(str(repo.path)))
    assert not Path(place).exists()


def test_what_a_dead_attempt_left_is_no_obstacle(git: GitProgram, repo: Repo, place: str) -> None:
    work(git, repo, place, "half.txt", "half")
    base = git.head(str(repo.path))
    git.add_worktree(str(repo.path), place, BRANCH, base)
    assert git.head(place) == base
    assert not Path(place, "half.txt").exists()


def test_nothing_outside_our_folder_is_ever_removed(git: GitProgram, repo: Repo, short_root: Path) -> None:
    elsewhere = short_root / "users-own"
    repo("worktree", "add", "--quiet", str(elsewhere))
    for path in (repo.path, elsewhere, short_root / "worktrees", short_root / "worktrees/../users-own"):
        with pytest.raises(Misuse):
            git.remove_worktree(str(repo.path), str(path))
    assert (elsewhere / "README.md").exists()
    assert (repo.path / "README.md").exists()


def test_a_branch_that_the_user_has_checked_out_is_left_alone(
    git: GitProgram, repo: Repo, place: str
) -> None:
    work(git, repo, place, "new.txt", "new")
    repo("checkout", "--quiet", "--ignore-other-worktrees", BRANCH)
    git.remove_worktree(str(repo.path), place, BRANCH)
    assert repo("rev-parse", "--abbrev-ref", "HEAD") == BRANCH


def test_work_is_committed_whatever_the_worker_did_with_its_branch(
    git: GitProgram, repo: Repo, place: str
) -> None:
    git.add_worktree(str(repo.path), place, BRANCH, git.head(str(repo.path)))
    repo("checkout", "--quiet", "-b", "of-its-own", path=Path(place))
    Path(place, "new.txt").write_text("new", encoding="utf-8")
    tip = git.commit_all(place, BRANCH, "work")
    assert repo("rev-parse", BRANCH) == tip
    assert git.commit_all(place, BRANCH, "again") == tip
    assert [each.path for each in git.changes(str(repo.path), "main", tip)] == ["new.txt"]


def test_the_users_hooks_and_signing_take_no_part_in_our_commits(
    git: GitProgram, repo: Repo, place: str, short_root: Path
) -> None:
    ran = short_root / "ran"
    for name in ("pre-commit", "commit-msg", "post-checkout", "post-commit", "pre-merge-commit"):
        hook = repo.path / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\necho {name} >> {ran}\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)
    repo("config", "commit.gpgsign", "true")
    base, tip = work(git, repo, place, "new.txt", "new")
    trial = place + "-merge"
    git.add_worktree(str(repo.path), trial, "", base)
    assert git.merge(trial, tip, "merge") == ()
    assert not ran.exists()


def test_our_identity_is_used_only_where_the_user_has_none(git: GitProgram, repo: Repo, place: str) -> None:
    _, tip = work(git, repo, place, "new.txt", "new")
    assert repo("show", "--no-patch", "--format=%an <%ae>", tip) == "Test <test@example.invalid>"
    repo("config", "--unset", "user.name")
    Path(place, "new.txt").write_text("newer", encoding="utf-8")
    tip = git.commit_all(place, BRANCH, "work")
    assert repo("show", "--no-patch", "--format=%an <%ae>", tip) == "lsp-orch <test@example.invalid>"


def test_a_git_dir_in_the_daemons_environment_leads_nowhere(
    repo: Repo, env: dict[str, str], short_root: Path
) -> None:
    astray = GitProgram(short_root / "worktrees", env | {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere"})
    assert astray.head(str(repo.path)) == repo("rev-parse", "HEAD")


def test_a_snapshot_keeps_a_dirty_tree_and_touches_nothing(git: GitProgram, repo: Repo) -> None:
    repo.write(".gitignore", "*.log\n")
    repo.write("README.md", "changed\n")
    repo.write("staged.txt", "staged\n")
    repo("add", "staged.txt")
    repo.write("staged.txt", "and changed\n")
    repo.write("untracked.txt", "untracked\n")
    repo.write("noise.log", "noise\n")
    before, index = repo.state(), (repo.path / ".git/index").read_bytes()
    commit = git.snapshot(str(repo.path), REF)
    assert repo.state() == before
    assert (repo.path / ".git/index").read_bytes() == index
    assert repo("rev-parse", REF) == commit
    assert repo("show", f"{REF}:README.md") == "changed"
    assert repo("show", f"{REF}:staged.txt") == "and changed"
    assert repo("show", f"{REF}:untracked.txt") == "untracked"
    assert "noise.log" not in repo("ls-tree", "--name-only", REF)


def test_a_second_snapshot_of_one_name_loses_nothing(git: GitProgram, repo: Repo) -> None:
    repo.write("README.md", "first\n")
    first = git.snapshot(str(repo.path), REF)
    repo.write("README.md", "second\n")
    git.snapshot(str(repo.path), REF)
    repo("merge-base", "--is-ancestor", first, REF)
    assert repo("show", f"{first}:README.md") == "first"


def test_a_merge_is_tried_apart_and_the_users_checkout_moves_only_when_told(
    git: GitProgram, repo: Repo, place: str
) -> None:
    _, tip = work(git, repo, place, "new.txt", "new\n")
    head = repo.commit("other.txt", "meanwhile\n")
    repo.write("notes.txt", "the user's own, untracked\n")
    before, trial = repo.state(), place + "-merge"
    git.add_worktree(str(repo.path), trial, "", head)
    assert git.merge(trial, tip, "It") == ()
    merged = git.head(trial)
    assert repo.state() == before
    assert git.obstacles(str(repo.path), merged) == ()
    git.fast_forward(str(repo.path), merged)
    assert (repo.path / "new.txt").read_text(encoding="utf-8") == "new\n"
    assert repo("log", "-1", "--format=%s") == "It"
    assert repo("rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert (repo.path / "notes.txt").exists()


def test_a_conflict_names_its_paths(git: GitProgram, repo: Repo, place: str) -> None:
    _, tip = work(git, repo, place, "README.md", "theirs\n")
    head = repo.commit("README.md", "mine\n")
    before, trial = repo.state(), place + "-merge"
    git.add_worktree(str(repo.path), trial, "", head)
    assert git.merge(trial, tip, "It") == ("README.md",)
    git.remove_worktree(str(repo.path), trial)
    assert repo.state() == before


def test_the_users_changes_are_obstacles_and_so_is_what_lies_in_the_way(
    git: GitProgram, repo: Repo, place: str
) -> None:
    _, tip = work(git, repo, place, "new.txt", "new\n")
    path = str(repo.path)
    assert git.obstacles(path, tip) == ()
    repo.write("README.md", "unsaved work\n")
    assert git.obstacles(path, tip) == ("README.md",)
    repo("add", "README.md")
    assert git.obstacles(path, tip) == ("README.md",)
    repo("commit", "--quiet", "--message", "saved")
    repo.write(".git/info/exclude", "new.txt\n")
    repo.write("new.txt", "ignored, and precious\n")
    assert git.obstacles(path, tip) == ("new.txt",)


def test_a_file_in_place_of_a_new_folder_is_an_obstacle(git: GitProgram, repo: Repo, place: str) -> None:
    base = git.head(str(repo.path))
    git.add_worktree(str(repo.path), place, BRANCH, base)
    Path(place, "docs").mkdir()
    Path(place, "docs/a.md").write_text("a", encoding="utf-8")
    tip = git.commit_all(place, BRANCH, "work")
    repo.write("docs", "a file of the user's")
    assert git.obstacles(str(repo.path), tip) == ("docs",)


def test_a_checkout_that_has_moved_on_is_not_moved_back(git: GitProgram, repo: Repo, place: str) -> None:
    _, tip = work(git, repo, place, "new.txt", "new\n")
    repo.commit("other.txt", "meanwhile\n")
    before = repo.state()
    with pytest.raises(Unavailable) as error:
        git.fast_forward(str(repo.path), tip)
    assert error.value.refusal.code is Code.GIT_FAILED
    assert "fast-forward" in error.value.refusal.message
    assert repo.state() == before


def test_changes_are_counted_and_odd_names_survive(git: GitProgram, repo: Repo, place: str) -> None:
    base = git.head(str(repo.path))
    git.add_worktree(str(repo.path), place, BRANCH, base)
    Path(place, "README.md").unlink()
    Path(place, 'a "b"\tü\n.txt').write_text("1\n2\n", encoding="utf-8")
    Path(place, "x.bin").write_bytes(b"\0\1\2")
    (Path(place) / os.fsdecode(b"\xff.txt")).write_text("x\n", encoding="utf-8")
    tip = git.commit_all(place, BRANCH, "work")
    changes = {each.path: each for each in git.changes(str(repo.path), base, tip)}
    assert changes["README.md"] == FileChange(path="README.md", added=0, removed=1)
    assert changes['a "b"\tü\n.txt'].added == 2
    assert changes["x.bin"].added is None
    assert changes["\\xff.txt"].added == 1
    assert "-hello" in git.diff(str(repo.path), base, tip)


def test_no_repository_no_commit_and_no_git_are_each_said_clearly(
    git: GitProgram, short_root: Path, env: dict[str, str], repo: Repo
) -> None:
    plain, empty = short_root / "plain", short_root / "empty"
    plain.mkdir()
    empty.mkdir()
    repo("init", "--quiet", path=empty)
    nowhere = GitProgram(short_root, env | {"PATH": str(plain)})
    for program, folder, code in (
        (git, plain, Code.NOT_A_REPOSITORY),
        (git, empty, Code.NO_COMMITS),
        (git, short_root / "gone", Code.GIT_FAILED),
        (nowhere, repo.path, Code.GIT_MISSING),
    ):
        with pytest.raises(Unavailable) as error:
            program.head(str(folder))
        assert error.value.refusal.code is code
        assert error.value.refusal.message
