"""Tasks by the command line: the real daemon and the real Claude Code; only the model is scripted."""

from pathlib import Path

import psutil
import pytest

from lsp_orch.demo.scripted_model import Play, ScriptedModel, Turn, answer, tool
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance
from tests.fixtures.processes import carrying

pytestmark = pytest.mark.real


def writes(name: str, text: str = "made\n") -> tuple[Play, ...]:
    """The turns of a worker that writes one file."""
    done = answer(status="done", summary=f"wrote {name}", changed_files=[name], follow_ups=[], learnings=[])
    return tool("Write", file_path=name, content=text), done


def test_two_tasks_one_after_the_other_are_reviewed_and_merged(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    instance.connect(claude, model)
    model.play(*writes("a.txt"), match="first")
    model.play(*writes("b.txt"), match="second")
    first = instance.json("task", "add", "the first", "--check", "test -f a.txt")["task"]["id"]
    second = instance.json("task", "add", "the second", "--after", first, "--priority", "0")["task"]
    assert second["state"] == "pending"
    shown = instance.json("task", "show", second["id"])["task"]
    assert shown["blocked_by"][0]["id"] == first
    assert instance.json("task", "wait", first)["tasks"][0]["state"] == "review"
    assert instance.json("review", "show", first, "--stat")["files"][0]["path"] == "a.txt"
    assert "> Write" in instance.cli("task", "logs", first).stdout
    assert instance.json("review", "accept", first)["tasks"][0]["state"] == "done"
    assert instance.json("task", "wait", second["id"])["tasks"][0]["state"] == "review"
    instance.json("review", "accept", second["id"])
    assert (instance.workspace / "a.txt").exists()
    assert (instance.workspace / "b.txt").exists()
    states = [task["state"] for task in instance.json("task", "list")["tasks"]]
    assert states == ["done", "done"]


def test_a_killed_daemon_loses_no_task_and_leaves_no_worker(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    instance.connect(claude, model)
    model.play(Turn(hang=True), *writes("a.txt"))
    task = instance.json("task", "add", "go")["task"]["id"]
    model.wait_for(lambda call: call.status == 200)
    running = instance.json("task", "show", task)["task"]
    instance.kill()
    after = instance.json("task", "wait", task, "--timeout", "40")["tasks"][0]
    assert (after["state"], after["attempt"]) == ("review", 1)
    assert after["session_id"] != running["session_id"]
    assert carrying("LSP_ORCH_SESSION", Path(running["session_id"])) == []


def test_a_stopped_daemon_takes_its_workers_with_it_and_the_next_goes_on(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    instance.connect(claude, model)
    model.play(Turn(hang=True), *writes("a.txt"))
    task = instance.json("task", "add", "go")["task"]["id"]
    model.wait_for(lambda call: call.status == 200)
    running = instance.json("task", "show", task)["task"]
    assert psutil.pid_exists(running["pid"])
    instance.cli("daemon", "stop")
    assert carrying("LSP_ORCH_SESSION", Path(running["session_id"])) == []
    after = instance.json("task", "wait", task, "--timeout", "40")["tasks"][0]
    assert (after["state"], after["attempt"]) == ("review", 1)


def test_refusals_have_their_codes(instance: Instance) -> None:
    for arguments, code in (
        (("task", "add", "x", "--after", "task-9"), "task-not-found"),
        (("task", "add", "x", "--path", "../y"), "path-outside"),
        (("task", "show", "task-9"), "task-not-found"),
        (("review", "accept", "task-9"), "task-not-found"),
    ):
        assert instance.json(*arguments, status=1)["error"]["code"] == code
    assert instance.json("task", "add", " ", status=2)["error"]["code"] == "bad-request"
    assert instance.cli("task", "list", "--state", "asleep").returncode == 2
