"""What a person says to a worker's work, and what keeps it from being merged."""

import subprocess
from collections.abc import Callable

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, tool
from tests.e2e.conftest import configure
from tests.e2e.test_tasks import writes
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

CHECK = "test ! -e blocked"


@pytest.fixture
def office(instance: Instance, claude: RealClaude, model: ScriptedModel) -> Instance:
    """An instance whose workers put a line of their own into the README."""
    configure(instance, "[tasks]\nbackoff_s = [0.1]\n")
    instance.connect(claude, model)
    model.play(
        tool("Read", file_path="README.md"),
        *writes("README.md", "hello from the worker\n"),
        each_session=True,
    )
    return instance


def reviewed(office: Instance) -> str:
    """A task whose work waits for a person."""
    task: str = office.json("task", "add", "say hello", "--check", CHECK)["task"]["id"]
    office.json("task", "wait", task, "--timeout", "60")
    return task


def git(office: Instance, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=office.workspace, env=office.env, check=True, capture_output=True, text=True
    )
    return done.stdout


def _another_line(office: Instance) -> None:
    (office.workspace / "README.md").write_text("hello from the person\n", encoding="utf-8")


def _conflict(office: Instance) -> None:
    _another_line(office)
    git(office, "commit", "--quiet", "--all", "--message=mine")


def _blocked(office: Instance) -> None:
    (office.workspace / "blocked").touch()
    git(office, "add", "blocked")
    git(office, "commit", "--quiet", "--message=blocked")


OBSTACLES = [
    (_another_line, "tree-dirty", "README.md"),
    (_blocked, "check-failed", CHECK),
]


@pytest.mark.parametrize(("happens", "code", "named"), OBSTACLES, ids=[each[1] for each in OBSTACLES])
def test_work_that_cannot_be_merged_is_refused_and_the_tree_is_as_it_was(
    office: Instance, happens: Callable[[Instance], None], code: str, named: str
) -> None:
    task = reviewed(office)
    happens(office)
    before = _tree(office)
    error = office.json("review", "accept", task, status=1)["error"]
    assert error["code"] == code
    assert named in error["message"]
    assert error["hint"]
    assert _tree(office) == before
    assert office.json("task", "show", task)["task"]["state"] == "review"


def test_work_that_collides_is_done_anew_by_who_is_told_of_it(office: Instance, model: ScriptedModel) -> None:
    task = reviewed(office)
    _conflict(office)
    before = _tree(office)
    error = office.json("review", "accept", task, status=1)["error"]
    assert (error["code"], "README.md" in error["message"]) == ("merge-conflict", True)
    assert _tree(office)[:2] == before[:2]
    office.json("task", "wait", task, "--timeout", "60")
    model.wait_for(lambda call: "conflicts with what has come in since" in call.prompt)
    model.wait_for(lambda call: '- "mine"' in call.prompt)
    again = office.json("task", "show", task)["task"]
    assert (again["state"], again["attempt"]) == ("review", 1)
    assert [each["paths"] for each in again["conflicts"]] == [["README.md"]]
    assert "README.md" in office.cli("review", "show", task).stdout
    assert office.json("review", "accept", task)["tasks"][0]["state"] == "done"


def test_work_is_merged_once_the_obstacle_is_gone(office: Instance) -> None:
    task = reviewed(office)
    _another_line(office)
    office.json("review", "accept", task, status=1)
    git(office, "checkout", "--quiet", "--", "README.md")
    assert office.json("review", "accept", task)["tasks"][0]["state"] == "done"
    assert (office.workspace / "README.md").read_text(encoding="utf-8") == "hello from the worker\n"
    assert _tree(office)[1:] == ("", "1")
    assert office.json("review", "accept", task, status=1)["error"]["code"] == "task-state"


def test_rejected_work_goes_nowhere_and_the_reason_reaches_who_does_it_anew(
    office: Instance, model: ScriptedModel
) -> None:
    task = reviewed(office)
    before = _tree(office)
    rejected = office.json("review", "reject", task, "--reason", "far too friendly")["task"]
    assert rejected["state"] == "failed"
    assert "far too friendly" in rejected["error"]
    assert _tree(office) == (*before[:2], "1")  # its worktree is gone, the work is under a ref
    assert git(office, "cat-file", "-t", f"refs/lsp-orch/rejected/{task}/1") == "commit\n"
    office.json("task", "retry", task)
    office.json("task", "wait", task, "--timeout", "60")
    model.wait_for(lambda call: "far too friendly" in call.prompt)
    assert office.json("task", "show", task)["task"]["state"] == "review"


def _tree(office: Instance) -> tuple[str, str, str]:
    """The commit, what differs from it, and how many checkouts there are."""
    checkouts = git(office, "worktree", "list").count("\n")
    return git(office, "rev-parse", "HEAD"), git(office, "diff", "HEAD"), str(checkouts)
