"""A provider that says no, and a client that cannot begin: the queue waits or says why, and loses nothing."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.demo.scripted_model import Call, Play, ScriptedModel, Turn
from tests.e2e.conftest import configure
from tests.e2e.test_tasks import writes
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance
from tests.fixtures.scenes import limited

pytestmark = pytest.mark.real

_SOON_S = 60.0
_RESET_S = 40.0
_QUICK = "[tasks]\nworkers = 2\nbackoff_s = [0.1]\nkill_grace_s = 1.0\nretry_provider_s = [1.0]\n"


class Provider:
    """Says no with a turn until it serves; then plays to each session what it is to do."""

    def __init__(self, no: Callable[[], Turn], name: str) -> None:
        self._no = no
        self._turns = writes(name)
        self._served: dict[str, int] = {}
        self.serves = False
        self.refused: list[str] = []
        self.first: list[str] = []  # sessions, as their first calls were answered

    def __call__(self, call: Call) -> Turn:
        if not self.serves:
            self.refused.append(call.session)
            return self._no()
        number = self._served.get(call.session, 0)
        self._served[call.session] = number + 1
        if number == 0:
            self.first.append(call.session)
        turn: Play = self._turns[min(number, len(self._turns) - 1)]
        assert isinstance(turn, Turn)
        return turn


@pytest.fixture
def office(instance: Instance, claude: RealClaude, model: ScriptedModel) -> Instance:
    """An instance that does not wait long, and whose client does not try again by itself."""
    configure(instance, _QUICK)
    claude.env["CLAUDE_CODE_MAX_RETRIES"] = "0"
    instance.connect(claude, model)
    return instance


def holds(office: Instance) -> list[dict[str, Any]]:
    """What the queue waits for, as soon as it does."""
    end = time.monotonic() + _SOON_S
    while time.monotonic() < end:
        if found := office.json("status")["holds"]:
            return list(found)
    raise AssertionError("nothing is held back")


def show(office: Instance, task: str) -> dict[str, Any]:
    shown: dict[str, Any] = office.json("task", "show", task)["task"]
    return shown


def test_the_queue_rests_until_the_told_time_also_over_the_daemons_death_and_one_run_tries(
    office: Instance, model: ScriptedModel
) -> None:
    del office.env["ANTHROPIC_API_KEY"]
    office.env["CLAUDE_CODE_OAUTH_TOKEN"] = "sk-ant-oat01-dummy"  # noqa: S105 - only subscribers are told a time
    reset: list[float] = []

    def no() -> Turn:
        reset.append(reset[0] if reset else time.time() + _RESET_S)
        return limited(reset[0] - time.time())

    provider = Provider(no, "a.txt")
    model.play(provider, repeat=True)
    tasks = [office.json("task", "add", "go")["task"]["id"] for _ in range(3)]
    (held,) = holds(office)
    assert (held["scope"], held["code"]) == ("account", "usage-limit")
    assert "limit" in held["why"]
    assert "until" in office.cli("status").stdout
    office.kill()
    (still,) = holds(office)
    assert still["until"] >= held["until"]
    waiting = office.json("task", "list")["tasks"]
    if time.time() < reset[0]:  # else this machine is slower than the limit is long
        assert [(each["state"], each["attempt"]) for each in waiting] == [("ready", 0)] * 3
    provider.serves = True
    after = office.json("task", "wait", *tasks, "--timeout", "120", timeout_s=150.0)["tasks"]
    assert [(each["state"], each["attempt"]) for each in after] == [("review", 1)] * 3
    assert office.json("status")["holds"] == []
    # at the reset one session tries, and the others begin after its first answer
    assert len(provider.refused) <= 2
    begun = [call for call in model.calls if call.session in provider.first]
    assert begun[0].session == provider.first[0]


@pytest.mark.parametrize(
    ("turn", "code", "scope"),
    [
        (Turn(status=401, text="invalid x-api-key"), "claude-logged-out", "account"),
        (Turn(status=529, text="overloaded"), "provider-unavailable", "model sonnet"),
    ],
    ids=["logged out", "overloaded"],
)
def test_what_a_person_or_the_provider_mends_costs_no_attempt(
    office: Instance, model: ScriptedModel, turn: Turn, code: str, scope: str
) -> None:
    provider = Provider(lambda: turn, "a.txt")
    model.play(provider, repeat=True)
    task = office.json("task", "add", "go", "--attempts", "1")["task"]["id"]
    (held,) = holds(office)
    assert (held["scope"], held["code"]) == (scope, code)
    waiting = show(office, task)
    assert waiting["state"] in {"ready", "running"}
    assert f"[{code}]" in waiting["error"]
    provider.serves = True
    (after,) = office.json("task", "wait", task, "--timeout", "90", timeout_s=120.0)["tasks"]
    assert (after["state"], after["attempt"], after["error"]) == ("review", 1, None)
    assert office.json("status")["holds"] == []


def test_a_client_that_is_too_old_fails_the_task_at_once_with_the_mend(
    office: Instance, short_root: Path
) -> None:
    old = short_root / "claude"
    old.write_text("#!/bin/sh\necho '2.0.14 (Claude Code)'\n", encoding="utf-8")
    old.chmod(0o700)
    office.env["LSP_ORCH_CLAUDE"] = str(old)
    task = office.json("task", "add", "go")["task"]["id"]
    (after,) = office.json("task", "wait", task, "--timeout", "60", status=1)["tasks"]
    assert (after["state"], after["attempt"], after["attempts"]) == ("failed", 1, 3)
    assert "older than 2.1.329" in after["error"]
    assert "claude update" in after["error"]
    assert after["error"].endswith("[claude-too-old]")


def test_a_client_that_is_missing_costs_no_three_attempts(office: Instance) -> None:
    office.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    task = office.json("task", "add", "go")["task"]["id"]
    (after,) = office.json("task", "wait", task, "--timeout", "60", status=1)["tasks"]
    assert (after["state"], after["attempt"]) == ("failed", 1)
    assert after["error"].endswith("[claude-missing]")
