"""The real client as a worker: what counts as a result, what it is refused, and that nothing outlives it."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lsp_orch.adapters.claude import ClaudeWorker
from lsp_orch.adapters.claude_command import command
from lsp_orch.adapters.claude_run import ClaudeRun
from lsp_orch.adapters.processes import SystemProcesses
from lsp_orch.adapters.worker_environment import environment
from lsp_orch.demo.scripted_model import Call, ScriptedModel, Turn, answer, text, tool
from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.reply import read
from lsp_orch.domain.result import Outcome, Result
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.hooks.verdict import PASS, Verdict, refuse
from lsp_orch.services.ports import Entry, Job
from tests.fixtures.claude import RealClaude
from tests.fixtures.gate import Decider, opened

# of this run alone: whatever carries it in its environment is ended
SESSION = str(uuid4())
DONE = answer(status="done", summary="wrote it", changed_files=["a.txt"], follow_ups=[], learnings=[])
QUIET = ["/bin/true"]  # what runs at a session's start and end
NOWHERE = Entry(url="http://127.0.0.1:9/hook", token="nobody-listens-there")  # noqa: S106 - it opens nothing


def held(event: HookEvent) -> Verdict:
    """Refuse edits as we do for a held file."""
    return refuse("held by alice") if event.name == "PreToolUse" else PASS


def job(claude: RealClaude, **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "session_id": SESSION,
        "folder": str(claude.project),
        "prompt": "do it",
        "model": "sonnet",
        "max_usd": 1.0,
        "max_turns": 9,
        "check": "make test",
        "log": str(claude.home / "log.jsonl"),
        "entry": NOWHERE,
    }
    return Job(**fields | changes)


def worker(claude: RealClaude, model: ScriptedModel, retries: int = 0) -> ClaudeWorker:
    env = claude.env | {"ANTHROPIC_BASE_URL": model.url, "CLAUDE_CODE_MAX_RETRIES": str(retries)}
    return ClaudeWorker(str(claude.binary), QUIET, SystemProcesses(), 300.0, env)


async def play(
    claude: RealClaude,
    model: ScriptedModel,
    decider: Decider | None = None,
    retries: int = 0,
    **changes: Any,
) -> tuple[Outcome, list[str]]:
    """One attempt to its end."""
    async with opened(decider or Decider()) as gate:
        session_id = changes.get("session_id", SESSION)
        fields = {"entry": gate.admit(session_id)} | changes
        run = await worker(claude, model, retries).start(job(claude, **fields))
        async with asyncio.timeout(30):
            kinds = await events(run)
            await run.end(5.0)
    return read(run.reply()), kinds


async def events(run: ClaudeRun) -> list[str]:
    return [kind async for kind in run.events()]


@pytest.mark.real
async def test_a_result_that_fits_the_schema_counts_and_each_event_is_a_sign_of_life(
    claude: RealClaude, model: ScriptedModel
) -> None:
    model.play(tool("Write", file_path=str(claude.project / "a.txt"), content="a"), DONE)
    outcome, kinds = await play(claude, model)
    assert isinstance(outcome.result, Result)
    assert outcome.result.changed_files == ("a.txt",)
    assert outcome.cost_usd > 0
    assert outcome.turns >= 2
    assert "assistant" in kinds
    assert kinds[-1] == "result"
    assert (claude.project / "a.txt").exists()
    assert not list(claude.home.glob("lo-*"))


@pytest.mark.real
async def test_a_result_that_does_not_fit_is_told_back_to_the_model(
    claude: RealClaude, model: ScriptedModel
) -> None:
    model.play(answer(status="great"), DONE)
    outcome, _ = await play(claude, model)
    assert isinstance(outcome.result, Result)


@pytest.mark.real
@pytest.mark.parametrize(
    ("turn", "changes", "told"),
    [
        (text("I am done!"), {}, "no structured result: completed"),
        (Turn(status=400, text="broken"), {}, "api_error 400"),
    ],
)
async def test_an_end_without_one_is_refused_whatever_the_exit_status(
    claude: RealClaude, model: ScriptedModel, turn: Turn, changes: dict[str, Any], told: str
) -> None:
    model.play(turn, repeat=True)
    outcome, _ = await play(claude, model, **changes)
    assert isinstance(outcome.result, Refusal)
    assert outcome.result.code is Code.RESULT_INVALID
    assert any(each in outcome.result.message for each in told.split("|")), outcome.result.message


async def test_the_turn_that_a_late_message_makes_costs_nobody_the_result(tmp_path: Path) -> None:
    """As the client was seen to say: the result, then one more without any, for the message's own turn."""
    result = {"status": "done", "summary": "x", "changed_files": [], "follow_ups": [], "learnings": []}
    first = json.dumps({"type": "result", "structured_output": result, "total_cost_usd": 0.1})
    second = json.dumps({"type": "result", "result": "thank you", "total_cost_usd": 0.3})
    client = tmp_path / "claude"
    client.write_text(f"#!/bin/sh\necho '{first}'\necho '{second}'\n")
    client.chmod(0o700)
    fields: dict[str, Any] = {
        "model": "m",
        "max_usd": 1.0,
        "max_turns": 1,
        "check": "",
        "log": str(tmp_path / "log"),
        "entry": NOWHERE,
    }
    only = Job(session_id=SESSION, folder=str(tmp_path), prompt="go", **fields)
    run = await ClaudeWorker(str(client), ["/bin/true"], SystemProcesses(), 300.0).start(only)
    assert await events(run) == ["result", "result"]
    await run.end(1.0)
    outcome = read(run.reply())
    assert isinstance(outcome.result, Result)
    assert outcome.cost_usd == pytest.approx(0.3)


@pytest.mark.real
async def test_one_that_cannot_begin_says_why(claude: RealClaude, model: ScriptedModel) -> None:
    outcome, _ = await play(claude, model, session_id="not-a-uuid")
    assert isinstance(outcome.result, Refusal)
    assert outcome.result.code is Code.WORKER_DIED
    assert "exit status 1" in outcome.result.message
    assert "not-a-uuid" in outcome.result.message or "UUID" in outcome.result.message


@pytest.mark.real
async def test_a_held_file_is_not_written_and_the_model_is_told(
    claude: RealClaude, model: ScriptedModel
) -> None:
    model.play(tool("Write", file_path=str(claude.project / "a.txt"), content="a"), DONE)
    await play(claude, model, Decider(held))
    assert not (claude.project / "a.txt").exists()
    assert "held by alice" in json.dumps(model.calls[1].tool_results)


@pytest.mark.real
async def test_a_daemon_that_is_gone_refuses_even_where_the_user_has_no_hooks(
    claude: RealClaude, model: ScriptedModel
) -> None:
    claude.settings({"disableAllHooks": True})
    model.play(tool("Write", file_path=str(claude.project / "a.txt"), content="a"), DONE)
    await play(claude, model, entry=NOWHERE)
    assert not (claude.project / "a.txt").exists()


@pytest.mark.real
async def test_the_users_and_the_projects_memory_count(claude: RealClaude, model: ScriptedModel) -> None:
    (claude.config / "CLAUDE.md").write_text("USER-RULE-17", encoding="utf-8")
    (claude.project / "CLAUDE.md").write_text("PROJECT-RULE-18", encoding="utf-8")
    model.play(DONE)
    await play(claude, model)
    assert "USER-RULE-17" in model.calls[0].text
    assert "PROJECT-RULE-18" in model.calls[0].text


@pytest.mark.real
async def test_the_check_command_may_be_run_and_sees_the_session_and_the_mode(
    claude: RealClaude, model: ScriptedModel
) -> None:
    model.play(tool("Bash", command="sh check.sh", description="check"), DONE)
    (claude.project / "check.sh").write_text("env > seen\n", encoding="utf-8")
    await play(claude, model, check="sh check.sh")
    seen = (claude.project / "seen").read_text(encoding="utf-8").splitlines()
    assert f"LSP_ORCH_SESSION={SESSION}" in seen
    assert "LSP_ORCH_MODE=enforce" in seen


@pytest.mark.real
async def test_ending_a_busy_one_leaves_nothing_alive(claude: RealClaude, model: ScriptedModel) -> None:
    model.play(Turn(hang=True))
    run = await worker(claude, model).start(job(claude))
    reading = asyncio.create_task(events(run))
    await asyncio.to_thread(model.wait_for, lambda call: call.status == 200)
    await run.end(5.0)
    await reading
    assert isinstance(run.reply().came_to, Refusal)
    assert not SystemProcesses().alive(run.pid, run.started)
    log = (claude.home / "log.jsonl").read_text(encoding="utf-8")
    assert '"init"' in log
    assert claude.env["ANTHROPIC_API_KEY"] not in log


@pytest.mark.real
async def test_a_prompt_of_a_megabyte_arrives_whole(claude: RealClaude, model: ScriptedModel) -> None:
    seen: list[int] = []

    def count(call: Call) -> Turn:
        seen.append(call.text.count("w0rd "))
        return DONE

    model.play(count)
    await play(claude, model, prompt="w0rd " * 200_000)
    assert seen == [200_000]


async def test_a_missing_program_is_named(claude: RealClaude, model: ScriptedModel) -> None:
    claude.binary = Path("/nowhere/claude")
    with pytest.raises(Unavailable, match="/nowhere/claude") as error:
        await worker(claude, model).start(job(claude))
    assert error.value.refusal.code is Code.CLAUDE_MISSING


def test_the_prompt_and_the_token_are_not_on_the_command_line_where_others_could_read_them(
    claude: RealClaude,
) -> None:
    line = " ".join(command("claude", job(claude, prompt="confidential"), Path("/tmp/lo-1")))
    assert "confidential" not in line
    assert NOWHERE.token not in line


@pytest.mark.real
async def test_every_event_of_a_session_is_told_to_the_daemons_address(
    claude: RealClaude, model: ScriptedModel
) -> None:
    """Also where the user's calls go through a proxy: this machine is reached without it."""
    claude.env |= {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    helper = tool("Agent", description="help", prompt="the other part", subagent_type="general-purpose")
    model.play(
        tool("Write", file_path=str(claude.project / "a.txt"), content="a"), helper, DONE, match="do it"
    )
    model.play(text("done"), match="the other part", repeat=True)
    decider = Decider()
    await play(claude, model, decider)
    told = [event.name for event in decider.seen]
    assert told[:3] == ["UserPromptSubmit", "PreToolUse", "PostToolUse"]
    assert {"SubagentStart", "SubagentStop", "Stop"} <= set(told)
    assert {event.session for event in decider.seen} == {SESSION}


@pytest.mark.real
async def test_the_token_is_not_in_the_log(claude: RealClaude, model: ScriptedModel) -> None:
    async with opened(Decider()) as gate:
        entry = gate.admit(SESSION)
        model.play(Turn(text=f"it is {entry.token}", tools=DONE.tools))
        run = await worker(claude, model).start(job(claude, entry=entry))
        async with asyncio.timeout(30):
            await events(run)
            await run.end(5.0)
    log = (claude.home / "log.jsonl").read_text(encoding="utf-8")
    assert "it is [removed]" in log
    assert entry.token not in log


def test_a_worker_sees_only_what_it_needs() -> None:
    given = {
        "PATH": "/bin",
        "https_proxy": "http://p",
        "ANTHROPIC_API_KEY": "k",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDE_CODE_SESSION_ID": "of another",
        "CLAUDECODE": "1",
        "LSP_ORCH_HOME": "/h",
        "LSP_ORCH_MODE": "advise",
        "TMPDIR": "/elsewhere",
        "GH_TOKEN": "secret",
        "PYTHONPATH": "/x",
    }
    assert environment(given, SESSION, "/tmp/lo-1", 100.0) == {
        "PATH": "/bin",
        "https_proxy": "http://p",
        "ANTHROPIC_API_KEY": "k",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "LSP_ORCH_HOME": "/h",
        "LSP_ORCH_MODE": "enforce",
        "LSP_ORCH_SESSION": SESSION,
        "TMPDIR": "/tmp/lo-1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "CLAUDE_CODE_MAX_RETRIES": "4",
        "BASH_MAX_TIMEOUT_MS": "80000",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    }
