"""Each scene, played to the real client, ends as its word says; and what is told of it."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lsp_orch.adapters.claude_version import ClaudeVersion
from lsp_orch.demo.scripted_model import ScriptedModel, Turn, text
from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.fault import ACCOUNT, Kind
from lsp_orch.domain.result import Ending, Outcome, Result, Status
from tests.adapters.test_claude import DONE, job, play, worker
from tests.fixtures.claude import RealClaude
from tests.fixtures.scenes import SCENES, limited

CODES = {
    Ending.NO_RESULT: Code.RESULT_INVALID,
    Ending.DIED: Code.WORKER_DIED,
    Ending.OVER_BUDGET: Code.OVER_BUDGET,
    Ending.OVER_TURNS: Code.OVER_TURNS,
    Ending.REFUSED_BY_MODEL: Code.WORKER_REFUSED,
}
SUBSCRIBER = "sk-ant-oat01-dummy"  # only subscribers are told when a limit ends


def subscribed(claude: RealClaude) -> None:
    claude.env |= {"CLAUDE_CODE_OAUTH_TOKEN": SUBSCRIBER}
    del claude.env["ANTHROPIC_API_KEY"]


def told(outcome: Outcome) -> Refusal:
    assert isinstance(outcome.result, Refusal), outcome
    return outcome.result


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(SCENES.keys() - {"hang"}))  # of that one, our patience is the end
async def test_each_scene_ends_as_its_word_says(claude: RealClaude, model: ScriptedModel, name: str) -> None:
    scene = SCENES[name]
    scene.play(model)
    outcome, _ = await play(claude, model, **scene.task)
    match outcome.result:
        case Result(status=status):
            assert outcome.ending is None
            assert scene.ending == ("gave-up" if status is Status.FAILED else "done")
        case _:
            assert outcome.ending == scene.ending
            assert told(outcome).hint
    if outcome.ending in CODES:
        assert told(outcome).code is CODES[outcome.ending]
    assert (outcome.fault is not None) == (scene.ending == "provider")


@pytest.mark.real
async def test_a_subagent_in_the_background_is_waited_for(claude: RealClaude, model: ScriptedModel) -> None:
    SCENES["background subagent"].play(model)
    await play(claude, model)
    assert (claude.project / "other.txt").exists()


@pytest.mark.real
async def test_a_call_that_nobody_allowed_is_told(claude: RealClaude, model: ScriptedModel) -> None:
    SCENES["tool refused"].play(model)
    outcome, _ = await play(claude, model)
    assert outcome.denials == ("Bash: curl http://127.0.0.1:9",)
    assert isinstance(outcome.result, Result)


@pytest.mark.real
@pytest.mark.parametrize(("limit", "scope"), [("five_hour", ACCOUNT), ("seven_day_opus", "model opus")])
async def test_a_subscriber_is_told_when_the_limit_ends(
    claude: RealClaude, model: ScriptedModel, limit: str, scope: str
) -> None:
    subscribed(claude)
    model.play(limited(3600.0, limit), repeat=True)
    outcome, _ = await play(claude, model)
    assert outcome.fault
    assert (outcome.fault.kind, outcome.fault.scope) == (Kind.LIMIT, scope)
    assert outcome.fault.until == pytest.approx(time.time() + 3600, abs=60)
    assert told(outcome).code is Code.USAGE_LIMIT
    assert len(model.calls) == 1
    assert SUBSCRIBER not in (claude.home / "log.jsonl").read_text(encoding="utf-8")


@pytest.mark.real
@pytest.mark.parametrize(
    ("turn", "kind", "scope", "code"),
    [
        (Turn(status=529, text="busy"), Kind.BUSY, "model sonnet", Code.PROVIDER_UNAVAILABLE),
        (Turn(status=500, text="broken"), Kind.BUSY, ACCOUNT, Code.PROVIDER_UNAVAILABLE),
        (Turn(status=401, text="who are you"), Kind.LOGIN, ACCOUNT, Code.CLAUDE_LOGGED_OUT),
        (
            Turn(status=400, text="Your credit balance is too low"),
            Kind.LOGIN,
            ACCOUNT,
            Code.CLAUDE_LOGGED_OUT,
        ),
    ],
    ids=["overloaded", "broken", "wrong key", "no credit"],
)
async def test_whom_else_a_fault_concerns(
    claude: RealClaude, model: ScriptedModel, turn: Turn, kind: Kind, scope: str, code: Code
) -> None:
    model.play(turn, repeat=True)
    outcome, kinds = await play(claude, model)
    assert outcome.fault
    assert (outcome.fault.kind, outcome.fault.scope, outcome.fault.until) == (kind, scope, None)
    assert told(outcome).code is code
    assert "assistant" not in kinds  # else it would count as an answer


@pytest.mark.real
async def test_without_a_network_nobody_could_be_asked(claude: RealClaude) -> None:
    nowhere: Any = SimpleNamespace(url="http://127.0.0.1:9")
    outcome, _ = await play(claude, nowhere)
    assert outcome.fault
    assert (outcome.ending, outcome.fault.kind) == (Ending.PROVIDER, Kind.BUSY)


@pytest.mark.real
async def test_where_nobody_is_logged_in_the_mend_is_told(claude: RealClaude, model: ScriptedModel) -> None:
    del claude.env["ANTHROPIC_API_KEY"]
    outcome, _ = await play(claude, model)
    assert told(outcome).code is Code.CLAUDE_LOGGED_OUT
    assert "log in" in told(outcome).hint
    assert model.calls == ()


@pytest.mark.real
async def test_another_model_answers_while_the_tasks_own_is_overloaded(
    claude: RealClaude, model: ScriptedModel
) -> None:
    def busy(_: object) -> Turn:
        return Turn(status=529) if "sonnet" in model.calls[-1].body["model"] else DONE

    model.play(busy, repeat=True)
    outcome, _ = await play(claude, model, retries=4, fallback_model="haiku")
    assert isinstance(outcome.result, Result)
    assert "haiku" in model.calls[-1].body["model"]


@pytest.mark.real
async def test_a_session_may_go_on_in_another_one(claude: RealClaude, model: ScriptedModel) -> None:
    first, second = "7e57ed00-0000-4000-8000-000000000001", "7e57ed00-0000-4000-8000-000000000002"
    model.play(text("the first story"), DONE, text("more"), DONE)
    await play(claude, model, session_id=first, prompt="begin with this")
    outcome, _ = await play(
        claude, model, session_id=second, resume_of=first, fork=True, prompt="and now this"
    )
    assert isinstance(outcome.result, Result)
    last = model.calls[-1]
    assert last.session == second
    assert "begin with this" in last.text
    assert "and now this" in last.text


@pytest.mark.real
async def test_the_rest_of_a_job_reaches_the_client(claude: RealClaude, model: ScriptedModel) -> None:
    beside = claude.home / "beside"
    beside.mkdir()
    servers = claude.home / "mcp.json"
    servers.write_text(json.dumps({"mcpServers": {"lsp-orch": {"command": "/bin/false"}}}), encoding="utf-8")
    wanted = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    model.play(DONE, text("well"), repeat=True)
    outcome, _ = await play(
        claude,
        model,
        system_text="RULE-OF-THE-ROLE-19",
        add_dirs=(str(beside),),
        mcp_config=str(servers),
        schema=wanted,
    )
    assert "RULE-OF-THE-ROLE-19" in model.calls[0].text
    assert str(beside) in model.calls[0].text
    assert told(outcome).code is Code.RESULT_INVALID  # what fits our schema does not fit this one
    log = (claude.home / "log.jsonl").read_text(encoding="utf-8")
    assert '"mcp_servers": [{"name": "lsp-orch", "status": "failed"' in log


def fake(folder: Path, says: str) -> Path:
    program = folder / "claude"
    program.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    program.chmod(0o700)
    return program


async def test_a_client_that_is_too_old_is_refused_before_it_begins(
    claude: RealClaude, model: ScriptedModel
) -> None:
    claude.binary = fake(claude.home, "2.0.14 (Claude Code)")
    with pytest.raises(Unavailable, match=r"2\.0\.14 .* older than 2\.1\.329") as error:
        await worker(claude, model).start(job(claude))
    assert error.value.refusal.code is Code.CLAUDE_TOO_OLD
    assert "claude update" in error.value.refusal.hint


@pytest.mark.parametrize("says", ["2.1.329 (Claude Code)", "3.0.0 (Claude Code)", "who knows"])
def test_one_that_is_new_enough_or_says_nothing_is_let_begin(tmp_path: Path, says: str) -> None:
    ClaudeVersion().check(str(fake(tmp_path, says)))


def test_a_client_is_asked_its_version_again_when_it_is_replaced(tmp_path: Path) -> None:
    version, program = ClaudeVersion(), fake(tmp_path, "2.1.400 (Claude Code)")
    version.check(str(program))
    program.unlink()
    fake(tmp_path, "2.1.1 (Claude Code)")
    with pytest.raises(Unavailable, match="older"):
        version.check(str(program))
