"""``lsp-orch setup``: the guard comes beside whatever hooks there are, and goes without a trace."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_orch.cli import git_guard
from lsp_orch.client.errors import ClientError
from tests.fixtures import hooks
from tests.fixtures.daemon import Instance
from tests.fixtures.hooks import LAYOUTS, Hooked, hooked

__all__ = ["hooked"]

Layout = Callable[[Hooked], None]


def install(here: Hooked, where: Path | None = None) -> list[str]:
    steps = list(git_guard.install(str(where or here.folder)))
    for step in steps:
        step.do()
    return [step.does for step in steps]


def remove(here: Hooked) -> list[str]:
    steps = list(git_guard.remove(str(here.folder)))
    for step in steps:
        step.do()
    return [step.does for step in steps]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hooks_run_as_before_and_all_is_as_it_was_when_the_guard_goes(hooked: Hooked, layout: Layout) -> None:
    layout(hooked)
    hooked.commit_all()
    ran, failed, before = hooked.work(), hooked.work(status=1), hooked.snapshot()
    assert install(hooked)
    assert git_guard.lacking(str(hooked.folder)) == []
    installed = hooked.snapshot()
    assert install(hooked) == [], "twice is once"
    assert hooked.snapshot() == installed
    assert hooked.git("status", "--porcelain") == "", "the tree is clean"
    assert hooked.work() == ran
    asked = hooked.asked()
    assert [each for each in asked if "--again" not in each] == ["pre-commit", "pre-push origin", "HEAD"]
    assert ("pre-commit --again" in asked) == (len(ran) > 2), "where another hook ran"
    assert hooked.work(status=1) == failed
    assert remove(hooked)
    assert hooked.snapshot() == before
    assert remove(hooked) == []
    assert hooked.asked()
    assert hooked.work() == ran
    assert hooked.asked() == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_refusal_comes_before_other_hooks(hooked: Hooked, layout: Layout) -> None:
    layout(hooked)
    hooked.commit_all()
    install(hooked)
    hooked.says(1)
    hooked.ran.write_text("")
    hooked.git("commit", "--allow-empty", "--message=more", status=1)
    hooked.git("commit", "--allow-empty", "--no-verify", "--quiet", "--message=more")
    hooked.git("push", "--quiet", "origin", "HEAD:main", status=1)
    # the framework goes on after the hook that it calls, and reports the failure at the end
    assert hooked.ran.read_text() == "" or layout is hooks.framework_with_a_legacy_hook


def test_a_merge_is_guarded_as_well(hooked: Hooked) -> None:
    hooked.git("checkout", "--quiet", "-b", "side")
    (hooked.folder / "side").write_text("")
    hooked.commit_all()
    hooked.git("checkout", "--quiet", "main")
    hooked.git("reset", "--quiet", "--hard", "HEAD")
    install(hooked)
    hooked.says(1)
    hooked.git("merge", "--no-ff", "--no-edit", "side", status=1)
    assert hooked.asked() == ["pre-merge-commit"]


def test_a_rebase_is_asked_about(hooked: Hooked) -> None:
    hooked.write(hooked.folder / ".git" / "hooks" / "pre-rebase", hooked.script("shell"))
    install(hooked)
    hooked.git("rebase", "--quiet", "--force-rebase", "HEAD~0")
    assert hooked.asked() == ["pre-rebase HEAD~0", "pre-rebase --again"]
    assert hooked.ran.read_text() == "shell HEAD~0\n"
    hooked.says(1)
    hooked.git("rebase", "--quiet", "--force-rebase", "HEAD~0", status=128)


@pytest.mark.parametrize("layout", [hooks.shell, hooks.husky])
def test_all_worktrees_of_a_repository_have_it(hooked: Hooked, layout: Layout) -> None:
    layout(hooked)
    hooked.commit_all()
    other = hooked.root / "other"
    hooked.git("worktree", "add", "--quiet", str(other))
    hooked.git("config", "extensions.worktreeConfig", "true")
    install(hooked, where=other)
    assert git_guard.lacking(str(hooked.folder)) == git_guard.lacking(str(other)) == []
    for each in (hooked.folder, other):
        hooked.git("commit", "--quiet", "--allow-empty", "--message=more", cwd=each)
        assert hooked.asked()[0] == "pre-commit"
        hooked.says(1)
        hooked.git("commit", "--quiet", "--allow-empty", "--message=more", cwd=each, status=1)
        hooked.says(0)
        hooked.asked()


def test_a_bare_repository_can_have_it_too(hooked: Hooked) -> None:
    install(hooked, where=hooked.remote)
    other = hooked.root / "third.git"
    hooked.git("init", "--quiet", "--bare", str(other))
    hooked.git("push", "--quiet", str(other), "main", cwd=hooked.remote)
    assert hooked.asked()[0] == f"pre-push {other}"


def test_what_husky_does_at_each_install_leaves_the_guard_in(hooked: Hooked) -> None:
    hooks.husky(hooked)
    hooked.commit_all()
    install(hooked)
    hooked.husky()
    assert git_guard.lacking(str(hooked.folder)) == []
    assert install(hooked) == []
    assert hooked.work() == ["husky-pre-commit", "husky-pre-push origin", "HEAD", "0", "0"]
    assert hooked.asked()[0] == "pre-commit"


def test_husky_may_come_later(hooked: Hooked) -> None:
    install(hooked)
    hooks.husky(hooked)
    hooked.commit_all()
    assert "pre-commit" in git_guard.lacking(str(hooked.folder))
    install(hooked)
    assert "husky-pre-commit" in hooked.work()
    assert hooked.asked()[0] == "pre-commit"


def test_a_hook_that_is_added_later_runs(hooked: Hooked) -> None:
    hooks.versioned(hooked)
    install(hooked)
    folder = hooked.folder / "tools" / "git hooks"
    hooked.write(folder / "commit-msg", hooked.script("message"))
    assert "message .git/COMMIT_EDITMSG" in hooked.work()
    hooked.write(folder / "reference-transaction", "#!/bin/sh\n")
    assert git_guard.lacking(str(hooked.folder)) == ["reference-transaction"]
    assert len(install(hooked)) == 1
    assert git_guard.lacking(str(hooked.folder)) == []


@pytest.mark.parametrize("first", [hooks.nothing, hooks.shell, hooks.framework])
def test_the_framework_may_be_installed_over_it(hooked: Hooked, first: Layout) -> None:
    first(hooked)
    before = hooked.snapshot()
    install(hooked)
    hooked.framework()
    assert git_guard.lacking(str(hooked.folder)) == []
    assert install(hooked) == []
    ran = hooked.work()
    assert (ran.count("framework pre-commit"), ran[-2:]) == (1, ["0", "0"])
    assert ("shell-pre-commit" in ran) == (first is hooks.shell)
    assert hooked.asked()[0] == "pre-commit"
    remove(hooked)
    left = {name: state for name, state in hooked.snapshot().items() if "framework" not in name}
    if first is hooks.framework:
        assert hooked.snapshot() == before
    assert not any("lsp-orch" in name for name in left)
    assert [each for each in hooked.work() if each.startswith(("shell", "framework"))] == [
        each for each in ran if each.startswith(("shell", "framework"))
    ]


def test_a_tool_that_writes_over_it_is_found_and_nothing_is_lost(hooked: Hooked) -> None:
    hooks.shell(hooked)
    install(hooked)
    file = hooked.folder / ".git" / "hooks" / "pre-commit"
    hooked.write(file, hooked.script("tool"))
    assert git_guard.lacking(str(hooked.folder)) == ["pre-commit"]
    before = hooked.snapshot()
    with pytest.raises(ClientError, match="written over since") as caught:
        install(hooked)
    assert caught.value.code == "guard-not-installed"
    assert hooked.snapshot() == before
    file.with_name("pre-commit.lsp-orch-before").unlink()
    install(hooked)
    assert "tool" in hooked.work()


@pytest.mark.parametrize("layout", [hooks.shell, hooks.husky])
def test_a_repository_that_was_moved_has_its_own_hooks(hooked: Hooked, layout: Layout) -> None:
    layout(hooked)
    hooked.commit_all()
    ran, before = hooked.work(), hooked.snapshot()
    install(hooked)
    away = hooked.folder.with_name("moved [away]")
    hooked.folder.rename(away)
    here, hooked.folder = hooked.folder, away
    assert hooked.work() == ran
    assert bool(git_guard.lacking(str(away))) == (layout is hooks.husky)
    install(hooked)
    assert git_guard.lacking(str(away)) == []
    hooked.asked()
    assert hooked.work() == ran
    assert hooked.asked()
    remove(hooked)
    away.rename(here)
    hooked.folder = here
    assert hooked.snapshot() == before


def test_settings_that_are_stronger_are_named_and_nothing_is_left(hooked: Hooked) -> None:
    hooked.git("config", "extensions.worktreeConfig", "true")
    hooked.git("config", "--worktree", "core.hooksPath", "tools")
    before = hooked.snapshot()
    with pytest.raises(ClientError, match="something stronger") as caught:
        install(hooked)
    assert caught.value.code == "guard-not-installed"
    assert hooked.snapshot() == before


def test_a_name_that_git_cannot_write_is_said(hooked: Hooked) -> None:
    hooks.elsewhere(hooked)
    folder = hooked.folder.with_name("line\nbreak")
    hooked.folder.rename(folder)
    hooked.folder = folder
    before = hooked.snapshot()
    with pytest.raises(ClientError, match="line break"):
        install(hooked)
    assert hooked.snapshot() == before


def test_odd_folders_are_no_matter(hooked: Hooked) -> None:
    folder = hooked.folder.with_name('it\'s a "project" $HOME \\ *')
    hooked.folder.rename(folder)
    hooked.folder = folder
    for layout in (hooks.shell, hooks.versioned):
        layout(hooked)
        hooked.commit_all()
        before = hooked.snapshot()
        ran = hooked.work()
        install(hooked)
        hooked.asked()
        assert hooked.work() == ran
        assert hooked.asked()[0] == "pre-commit"
        remove(hooked)
        assert hooked.snapshot() == before


def test_the_verb_says_what_it_does_and_would_do(instance: Instance) -> None:
    folder = instance.workspace / ".git" / "hooks"
    shutil.rmtree(folder, ignore_errors=True)
    told = instance.json("setup", "--dry-run")
    assert told["dry_run"]
    assert {each["part"] for each in told["steps"]} == {"git"}
    assert not folder.exists()
    done = instance.cli("setup", "--git")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [each["does"] for each in told["steps"]]
    assert instance.cli("setup").stdout == "Nothing is to be done.\n"
    assert len(instance.json("setup", "--remove")["steps"]) == 5
    assert not folder.exists()


def test_outside_a_repository_and_in_a_folder_that_cannot_be_written_it_says_so(instance: Instance) -> None:
    hooks_folder = instance.workspace / ".git" / "hooks"
    shutil.rmtree(hooks_folder, ignore_errors=True)
    hooks_folder.write_text("a file")
    done = instance.cli("setup", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "guard-not-installed"
    assert hooks_folder.read_text() == "a file"
    shutil.rmtree(instance.workspace / ".git")
    assert instance.json("setup", status=1)["error"]["code"] == "not-a-repository"
