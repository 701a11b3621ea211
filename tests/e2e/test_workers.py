"""Workers that die, that say nothing of use and that are no longer wanted."""

import os
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, Turn, text, tool
from tests.e2e.conftest import configure
from tests.e2e.test_tasks import writes
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance
from tests.fixtures.processes import carrying

pytestmark = pytest.mark.real

_SOON_S = 30.0


@dataclass(frozen=True, slots=True)
class Shell:
    """A command that runs until it is killed; ``pipe`` says when it has begun, and ends with it."""

    command: str
    pipe: int

    def started(self) -> None:
        assert self._next() == b"started\n"

    def ended(self) -> None:
        """Wait until neither it nor what it was started by is left to hold the pipe."""
        assert self._next() == b""

    def _next(self) -> bytes:
        assert select.select([self.pipe], [], [], _SOON_S)[0]
        return os.read(self.pipe, 100)


@pytest.fixture
def shell(short_root: Path) -> Iterator[Shell]:
    mark, script = short_root / "mark", short_root / "endless"
    os.mkfifo(mark)
    script.write_text(f"exec 3>{mark}; echo started >&3; exec tail -f /dev/null", encoding="utf-8")
    pipe = os.open(mark, os.O_RDONLY | os.O_NONBLOCK)
    yield Shell(f"sh {script}", pipe)
    os.close(pipe)


@pytest.fixture
def office(instance: Instance, claude: RealClaude, model: ScriptedModel) -> Instance:
    """An instance whose queue does not wait long."""
    configure(instance, "[tasks]\nbackoff_s = [0.1]\nkill_grace_s = 1.0\n")
    instance.connect(claude, model)
    return instance


def show(office: Instance, task: str) -> dict[str, Any]:
    shown: dict[str, Any] = office.json("task", "show", task)["task"]
    return shown


def of_session(session: str) -> list[Any]:
    """What lives and carries a worker's mark."""
    return carrying("LSP_ORCH_SESSION", Path(session))


def test_a_killed_worker_is_followed_by_another_that_does_the_task(
    office: Instance, model: ScriptedModel, shell: Shell
) -> None:
    model.play(tool("Bash", command=shell.command, description="wait"), *writes("a.txt"))
    task = office.json("task", "add", "go", "--check", shell.command)["task"]["id"]
    shell.started()
    killed = show(office, task)
    os.kill(killed["pid"], signal.SIGKILL)
    (after,) = office.json("task", "wait", task, "--timeout", "60")["tasks"]
    shell.ended()
    assert (after["state"], after["attempt"]) == ("review", 2)
    assert after["result"]["changed_files"] == ["a.txt"]
    assert of_session(killed["session_id"]) == []
    assert of_session(after["session_id"]) == []


def test_after_the_daemons_death_nothing_of_its_worker_lives_and_one_result_is_in(
    office: Instance, model: ScriptedModel, shell: Shell
) -> None:
    model.play(tool("Bash", command=shell.command, description="wait"), *writes("a.txt"))
    task = office.json("task", "add", "go", "--check", shell.command)["task"]["id"]
    shell.started()
    orphan = show(office, task)
    assert of_session(orphan["session_id"])
    office.kill()
    (after,) = office.json("task", "wait", task, "--timeout", "60")["tasks"]
    shell.ended()
    assert (after["state"], after["attempt"]) == ("review", 1)
    assert of_session(orphan["session_id"]) == []
    assert [file["path"] for file in office.json("review", "show", task)["files"]] == ["a.txt"]
    assert [each["state"] for each in office.json("task", "list")["tasks"]] == ["review"]


def test_a_worker_without_a_result_is_followed_by_another_until_the_task_fails_and_says_why(
    office: Instance, model: ScriptedModel
) -> None:
    model.play(text("I would rather not."), repeat=True)
    task = office.json("task", "add", "go", "--attempts", "2")["task"]["id"]
    (after,) = office.json("task", "wait", task, "--timeout", "60", status=1)["tasks"]
    assert (after["state"], after["attempt"], after["result"]) == ("failed", 2, None)
    assert "the worker reported no structured result" in after["error"]
    assert len({call.session for call in model.calls}) == 2
    assert "I would rather not." in office.cli("task", "logs", task).stdout


def test_a_cancelled_tasks_worker_ends_with_all_it_has_started(
    office: Instance, model: ScriptedModel, shell: Shell
) -> None:
    model.play(tool("Bash", command=shell.command, description="wait"))
    task = office.json("task", "add", "go", "--check", shell.command)["task"]["id"]
    shell.started()
    worker = show(office, task)
    process = os.pidfd_open(worker["pid"])
    assert office.json("task", "cancel", task)["tasks"][0]["state"] == "cancelled"
    assert select.select([process], [], [], _SOON_S)[0]
    os.close(process)
    shell.ended()
    assert show(office, task)["state"] == "cancelled"


def test_without_claude_a_task_fails_with_what_is_missing_and_the_mend(instance: Instance) -> None:
    instance.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    task = instance.json("task", "add", "go", "--attempts", "1")["task"]["id"]
    (after,) = instance.json("task", "wait", task, "--timeout", "60", status=1)["tasks"]
    assert after["state"] == "failed"
    assert "/nowhere/claude" in after["error"]
    assert "install it" in after["error"]
    assert after["error"].endswith("[claude-missing]")


def test_a_worker_that_hangs_is_ended_when_its_time_is_up(office: Instance, model: ScriptedModel) -> None:
    model.play(Turn(hang=True))
    task = office.json("task", "add", "go", "--attempts", "1", "--timeout", "5")["task"]["id"]
    (after,) = office.json("task", "wait", task, "--timeout", "60", status=1)["tasks"]
    assert after["state"] == "failed"
    assert after["error"].startswith("no result within 5 s, and was ended")
    model.wait_for(lambda call: call.gone)
