"""What git is about to commit or push, in repositories of all kinds."""

import os
import subprocess
from pathlib import Path

import pytest

from lsp_orch.client import commits
from lsp_orch.client.errors import ClientError

ZERO = "0" * 40
ODD = b"new\nline 'quoted\" \xff"

# what a person may have set, which must not change what we see
SETTINGS = {
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.ignoreSubmodules": "all",
    "diff.noprefix": "true",
    "core.quotePath": "true",
    "log.showSignature": "true",
    "log.follow": "true",
}


class Checkout:
    """A repository that this process stands in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.folder, check=True, capture_output=True)
        return done.stdout.decode(errors="surrogateescape").strip()

    def write(self, name: str | bytes, text: str) -> None:
        path = Path(os.fsdecode(os.path.join(os.fsencode(self.folder), os.fsencode(name))))  # noqa: PTH118 - bytes
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=more")
        return self.git("rev-parse", "HEAD")

    def pushed(self, *refs: tuple[str, str], remote: str = "origin") -> set[str]:
        lines = "".join(f"refs/heads/x {local} refs/heads/x {there}\n" for local, there in refs)
        return set(commits.pushed(lines.encode(), remote))


@pytest.fixture
def here(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    for name in [each for each in os.environ if each.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(repository.parent))
    monkeypatch.chdir(repository)
    checkout = Checkout(repository)
    for name, value in SETTINGS.items():
        checkout.git("config", name, value)
    return checkout


def test_changes_additions_deletions_and_both_names_of_a_rename_are_staged(
    here: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.commit(changed="1", gone="2", old="a long enough text to be seen as the same\n" * 9)
    here.write("changed", "x")
    here.write("sub/new", "x")
    here.git("rm", "--quiet", "gone")
    here.git("mv", "old", "renamed")
    here.write("README.md", "not staged")
    here.git("add", "changed", "sub/new")
    everything = ["changed", "gone", "old", "renamed", "sub/new"]
    assert sorted(commits.staged()) == everything
    monkeypatch.chdir(here.folder / "sub")
    assert sorted(commits.staged()) == everything


def test_odd_names_come_as_they_are(here: Checkout) -> None:
    here.write(ODD, "x")
    here.git("add", "--all")
    assert [os.fsencode(each) for each in commits.staged()] == [ODD]
    here.git("commit", "--quiet", "--message=odd")
    head = here.git("rev-parse", "HEAD")
    assert [os.fsencode(each) for each in here.pushed((head, here.git("rev-parse", "HEAD~")))] == [ODD]


@pytest.mark.usefixtures("here")
def test_before_a_first_commit_all_that_is_staged_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Checkout(tmp_path / "new")
    new.folder.mkdir()
    new.git("init", "--quiet")
    new.write("first", "x")
    new.git("add", "--all")
    monkeypatch.chdir(new.folder)
    assert commits.staged() == ["first"]


def test_a_submodule_is_a_path_as_well(here: Checkout) -> None:
    commit = here.git("rev-parse", "HEAD")
    here.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    assert commits.staged() == ["module"]


def test_outside_a_repository_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClientError) as caught:
        commits.pushed(f"a {'1' * 40} b {ZERO}\n".encode(), "origin")
    assert caught.value.code == "not-a-repository"


def test_nothing_is_pushed(here: Checkout) -> None:
    assert commits.pushed(b"", "origin") == []
    assert here.pushed((ZERO, here.git("rev-parse", "HEAD"))) == set()


def test_a_first_push_is_all_that_the_commit_holds(here: Checkout) -> None:
    here.commit(a="1", b="1")
    head = here.commit(a="2")
    assert here.pushed((head, ZERO)) == {"README.md", "a", "b"}


def test_a_push_is_what_its_commits_change(here: Checkout) -> None:
    first = here.commit(a="1", b="1")
    here.commit(a="2", c="1")
    here.git("rm", "--quiet", "c")
    head = here.commit()
    assert here.pushed((head, first)) == {"a", "c"}


def test_a_new_branch_is_what_the_remote_is_not_known_to_have(here: Checkout) -> None:
    first = here.commit(a="1")
    head = here.commit(b="1")
    here.git("update-ref", "refs/remotes/origin/main", first)
    assert here.pushed((head, ZERO)) == {"b"}
    # an address instead of a name: what any remote has
    assert here.pushed((head, ZERO), remote="https://example.invalid/x.git") == {"b"}
    assert here.pushed((first, ZERO)) == set()


def test_a_forced_push_is_what_it_gives_and_not_what_it_takes(here: Checkout) -> None:
    base = here.commit(a="1")
    there = here.commit(theirs="1")
    here.git("reset", "--quiet", "--hard", base)
    head = here.commit(ours="1")
    assert here.pushed((head, there)) == {"ours"}
    # what is there may never have come here
    here.git("update-ref", "refs/remotes/origin/main", base)
    assert here.pushed((head, "1" * 40)) == {"ours"}


def test_a_merge_is_what_it_mends_itself_and_what_it_brings(here: Checkout) -> None:
    base = here.commit(a="1", both="1\n")
    here.git("checkout", "--quiet", "-b", "side")
    here.commit(side="1", both="side\n")
    here.git("checkout", "--quiet", "main")
    there = here.commit(both="main\n")
    with pytest.raises(subprocess.CalledProcessError):
        here.git("merge", "--quiet", "side")
    head = here.commit(both="mended\n", slipped="in")
    assert here.pushed((head, base)) == {"both", "side", "slipped"}
    assert here.pushed((head, there)) == {"both", "side", "slipped"}


def test_several_refs_and_tags_are_pushed_at_once(here: Checkout) -> None:
    base = here.commit(a="1")
    one = here.commit(one="1")
    here.git("checkout", "--quiet", "-b", "side", base)
    two = here.commit(two="1")
    here.git("tag", "--annotate", "--message=tag", "v1", two)
    tag, blob = here.git("rev-parse", "v1"), here.git("rev-parse", "HEAD:two")
    assert here.pushed((one, base), (tag, ZERO), (blob, ZERO), (ZERO, base)) == {"one", "two"}
    assert here.pushed((tag, ZERO), (blob, ZERO)) == {"README.md", "a", "two"}


@pytest.mark.usefixtures("here")
def test_what_git_never_says_is_refused() -> None:
    with pytest.raises(ClientError) as caught:
        commits.pushed(b"nonsense\n", "origin")
    assert caught.value.code == "bad-request"


def test_a_missing_git_is_said(here: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(here.folder))
    with pytest.raises(ClientError) as caught:
        commits.staged()
    assert caught.value.code == "git-missing"
