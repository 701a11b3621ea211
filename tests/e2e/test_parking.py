"""A worker whose call hits a file that somebody holds: it leaves, costs nothing, and goes on at that call."""

from pathlib import Path
from typing import Any

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, Turn, answer, tool
from tests.e2e.conftest import configure
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

DONE = answer(status="done", summary="wrote both", changed_files=[], follow_ups=[], learnings=[])


@pytest.fixture
def office(instance: Instance, claude: RealClaude, model: ScriptedModel, repository: Path) -> Instance:
    """Somebody holds held.txt, and a worker writes mine.txt and then that."""
    configure(instance, "[leases]\nhook_wait_s = 0.1\n[tasks]\nkill_grace_s = 5.0\n")
    instance.connect(claude, model)
    instance.json("lease", "acquire", "held.txt", "--as", "ann", "--ttl", "600")
    model.play(
        tool("Write", file_path=str(repository / "mine.txt"), content="mine\n"),
        tool("Write", file_path=str(repository / "held.txt"), content="at last\n"),
        DONE,
    )
    return instance


def file_task(office: Instance) -> str:
    task: str = office.json("task", "add", "go", "--isolate", "shared", "--timeout", "600")["task"]["id"]
    return task


def until(office: Instance, task: str, state: str) -> dict[str, Any]:
    """Ask until it is so; each ask takes its time."""
    for _ in range(100):
        shown: dict[str, Any] = office.json("task", "show", task)["task"]
        if shown["state"] == state:
            return shown
    pytest.fail(f"not {state}: {shown}")


def held(office: Instance) -> dict[str, str]:
    leases = office.json("lease", "list")["leases"]
    return {lease["resources"][0]: lease["holder"]["id"] for lease in leases}


def test_it_parks_and_makes_the_very_call_when_the_file_is_free(
    office: Instance, model: ScriptedModel, repository: Path
) -> None:
    task = file_task(office)
    parked = until(office, task, "parked")
    [waiter] = office.json("lease", "list")["waiters"]
    assert parked["waits_for"]["ticket"] == waiter["id"]
    assert "ann is working on it" in parked["waits_for"]["reason"]
    assert (parked["pid"], parked["attempt"], len(model.calls)) == (None, 1, 2)
    assert held(office)["mine.txt"] == parked["session_id"]
    assert "ann is working on it" in office.cli("task", "show", task).stdout
    office.json("lease", "release", "--as", "ann")
    (after,) = office.json("task", "wait", task, "--timeout", "60")["tasks"]
    assert (after["state"], after["attempt"], after["waits_for"]) == ("review", 1, None)
    assert after["session_id"] == parked["session_id"]
    assert after["cost_usd"] == pytest.approx(parked["cost_usd"] * 3 / 2)
    assert (repository / "held.txt").read_text(encoding="utf-8") == "at last\n"
    assert [call.turn for call in model.calls] == [0, 1, 2]
    assert office.json("lease", "list") == {"leases": [], "waiters": []}


def test_of_two_calls_that_must_wait_one_is_put_off_and_one_is_refused(
    instance: Instance, claude: RealClaude, model: ScriptedModel, repository: Path
) -> None:
    configure(instance, "[leases]\nhook_wait_s = 0\n")
    instance.connect(claude, model)
    instance.json("lease", "acquire", "one.txt", "two.txt", "--as", "ann", "--ttl", "600")
    inputs = [{"file_path": str(repository / name), "content": "x\n"} for name in ("one.txt", "two.txt")]
    both = Turn(tools=tuple({"name": "Write", "input": given} for given in inputs))
    model.play(both, DONE)
    task = file_task(instance)
    until(instance, task, "parked")
    assert len(instance.json("lease", "list")["waiters"]) == 2
    instance.json("lease", "release", "--as", "ann")
    (after,) = instance.json("task", "wait", task, "--timeout", "60")["tasks"]
    assert after["state"] == "review"
    assert (repository / "one.txt").exists()
    assert not (repository / "two.txt").exists()
    told = {bool(each.get("is_error")): str(each["content"]) for each in model.calls[1].tool_results}
    assert "created" in told[False]
    assert "[lease-held] two.txt is not yours to write now: ann" in told[True]


def test_it_goes_on_also_when_the_daemon_was_killed_meanwhile(
    office: Instance, model: ScriptedModel, repository: Path
) -> None:
    task = file_task(office)
    parked = until(office, task, "parked")
    office.kill()
    assert held(office)["mine.txt"] == parked["session_id"]
    office.json("lease", "release", "--as", "ann")
    (after,) = office.json("task", "wait", task, "--timeout", "60")["tasks"]
    assert (after["state"], after["attempt"], after["session_id"]) == ("review", 1, parked["session_id"])
    assert (repository / "held.txt").read_text(encoding="utf-8") == "at last\n"
    assert len(model.calls) == 3


def test_cancelled_it_leaves_nothing_behind(office: Instance, repository: Path) -> None:
    task = file_task(office)
    until(office, task, "parked")
    office.json("task", "cancel", task)
    for _ in range(100):
        if set(held(office)) == {"held.txt"}:
            break
    assert set(held(office)) == {"held.txt"}
    assert office.json("lease", "list")["waiters"] == []
    assert not (repository / "held.txt").exists()
    assert office.json("task", "retry", task)["tasks"][0]["attempt"] == 1
