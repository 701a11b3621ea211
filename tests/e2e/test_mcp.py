"""Our MCP server as foreign clients see it: the MCP Inspector's command line, and the real Claude Code."""

import getpass
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.client import mcp
from lsp_orch.demo.scripted_model import Call, ScriptedModel, text, tool
from tests.e2e.agents import EDITS, install, introduce
from tests.e2e.conftest import event
from tests.fixtures.claude import RealClaude, wait
from tests.fixtures.daemon import Instance
from tests.fixtures.inspector import Inspector

TOOLS = [
    *("lease_acquire", "lease_release", "lease_list", "task_create", "task_list", "task_get", "task_cancel"),
    *("spawn", "report_result", "broadcast", "send_message", "read_messages", "vault_search", "vault_add"),
    *("plan_propose", "status"),
]


HANDSHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "a test", "version": "1"},
}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("send_message", {"to": "nobody", "text": "hello"}, "session-not-found", "nobody here is nobody"),
    ("send_message", {"to": "user"}, "bad-request", "send_message needs text"),
    ("send_message", {"to": "user", "text": ""}, "bad-request", "must say something"),
    ("lease_acquire", {"paths": ["/etc/passwd"]}, "path-outside", "passwd"),
    ("lease_acquire", {"paths": "README.md"}, "bad-request", "paths must be a list of strings"),
    ("lease_acquire", {"paths": ["x"], "mode": "own"}, "bad-request", "mode must be write or read"),
    ("lease_release", {"ids": ["lease-of-nobody"]}, "lease-not-found", "no lease or ticket"),
    ("task_get", {"id": "task-of-nobody"}, "task-not-found", "task-of-nobody"),
    ("task_create", {"prompt": "go", "paths": ["../x"]}, "path-outside", "../x"),
    ("task_create", {"prompt": "go", "workspace": "/"}, "bad-request", "does not know workspace"),
    ("read_messages", {"pid": 1}, "bad-request", "does not know pid"),
    ("vault_add", {"title": "x", "type": "gossip"}, "bad-request", "type must be one of"),
]


@pytest.fixture
def inspector(instance: Instance, short_root: Path) -> Inspector:
    return Inspector(instance, short_root)


def answer(result: dict[str, Any]) -> Any:
    """What a tool answered, which it says twice."""
    assert not result.get("isError"), result
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    return result["structuredContent"]


def refusal(result: dict[str, Any]) -> dict[str, Any]:
    assert result["isError"], result
    error: dict[str, Any] = result["structuredContent"]["error"]
    assert result["content"][0]["text"].startswith(f"[{error['code']}] {error['message']}")
    return error


# --- the Inspector ---


def test_every_tool_of_the_contract_is_offered_with_its_description_and_schema(inspector: Inspector) -> None:
    tools = inspector.tools()
    assert list(tools) == TOOLS
    for each in tools.values():
        assert len(each["description"]) > 20
        assert each["inputSchema"]["type"] == "object"
        assert each["inputSchema"]["additionalProperties"] is False
        assert set(each["inputSchema"]["required"]) <= set(each["inputSchema"]["properties"])
        assert all(one["description"] for one in each["inputSchema"]["properties"].values())


def test_the_tools_do_what_the_verbs_do(inspector: Inspector, instance: Instance) -> None:
    held = answer(inspector.call("lease_acquire", paths=["README.md"], reason="to see"))
    assert held["lease"]["resources"] == ["README.md"]
    assert held["lease"]["holder"]["name"] == "inspector-cli (MCP)"
    assert answer(inspector.call("lease_list"))["leases"] == []  # it went with its client
    event(instance, "UserPromptSubmit", session_id="s1")
    assert answer(inspector.call("send_message", to="s1", text="hello"))["to"] == ["s1"]
    assert ": hello" in event(instance, "PostToolUse", session_id="s1").stdout
    assert answer(inspector.call("broadcast", text="all of you"))["to"] == [f"user:{getpass.getuser()}", "s1"]
    assert instance.json("message", "inbox")["messages"][0]["from"]["name"] == "inspector-cli (MCP)"
    assert answer(inspector.call("read_messages"))["messages"] == []
    note = answer(inspector.call("vault_add", title="Use tabs", body="never spaces"))["note"]
    assert instance.json("vault", "show", note["id"])["note"]["title"] == "Use tabs"
    assert answer(inspector.call("vault_search", query="tabs"))["hits"][0]["id"] == note["id"]
    assert answer(inspector.call("status"))["vault"]["notes"] == 1


def test_tasks_are_filed_shown_and_cancelled(inspector: Inspector, instance: Instance) -> None:
    instance.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    blocker = instance.json("task", "add", "first", "--attempts", "1")["task"]["id"]
    task = answer(inspector.call("task_create", prompt="go", paths=["src/**"], after=[blocker]))["task"]
    assert (task["paths"], task["after"]) == (["src/**"], [blocker])
    assert answer(inspector.call("task_get", id=task["id"]))["task"]["id"] == task["id"]
    listed = answer(inspector.call("task_list", states=["pending"]))["tasks"]
    assert [each["id"] for each in listed] == [task["id"]]
    assert answer(inspector.call("task_cancel", ids=[task["id"]]))["tasks"][0]["state"] == "cancelled"


def test_a_refusal_says_its_code_and_what_to_do(inspector: Inspector) -> None:
    name, arguments, code, said = REFUSED[0]
    error = refusal(inspector.call(name, **arguments))
    assert (error["code"], said in error["message"]) == (code, True), error
    assert error["hint"]


def test_every_wrong_argument_is_refused_by_name(instance: Instance) -> None:
    calls = [
        {"id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        for number, (name, arguments, _, _) in enumerate(REFUSED)
    ]
    shaken = {"id": "first", "method": "initialize", "params": HANDSHAKE}
    answers = speak(instance, shaken, {"method": "notifications/initialized"}, *calls)
    results = {each["id"]: each["result"] for each in answers}
    for number, (_, arguments, code, said) in enumerate(REFUSED):
        error = refusal(results[number])
        assert (error["code"], said in error["message"]) == (code, True), (arguments, error)


def test_a_tool_that_nobody_knows_is_an_error_of_the_protocol(inspector: Inspector) -> None:
    done = inspector.ask("tools/call", "--tool-name", "fly")
    assert done.returncode != 0
    assert "there is no tool fly" in done.stderr


# --- the real Claude Code ---


@pytest.fixture
def configured(instance: Instance, claude: RealClaude, short_root: Path) -> tuple[str, ...]:
    """What lets the client have our server, and nothing else."""
    introduce(claude, instance)
    command, *arguments = mcp.command()
    config = {"mcpServers": {"lsp-orch": {"command": command, "args": arguments}}}
    file = short_root / "mcp.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    return ("--mcp-config", str(file), "--strict-mcp-config", "--allowedTools", "mcp__lsp-orch", *EDITS)


def results(call: Call) -> list[Any]:
    """What a model was told that its tools have answered."""
    found = []
    for each in call.tool_results:
        content = each["content"]
        words = content if isinstance(content, str) else content[0]["text"]
        found.append(words if each.get("is_error") else json.loads(words))
    return found


@pytest.mark.real
def test_claude_code_calls_our_tools_as_the_session_that_it_is(
    instance: Instance, claude: RealClaude, model: ScriptedModel, configured: tuple[str, ...]
) -> None:
    install(claude, instance)
    instance.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    model.play(
        tool("mcp__lsp-orch__task_create", prompt="write the tests", title="Tests", attempts=1),
        tool("mcp__lsp-orch__send_message", to="user", text="I have filed a task"),
        tool("mcp__lsp-orch__lease_acquire", paths=["a.py"]),
        tool("mcp__lsp-orch__send_message", to="nobody", text="hello"),
        text("done"),
    )
    run = wait(claude.start(model, "-p", "go", *configured))
    assert run.status == 0
    session = model.calls[0].session
    filed, sent, held, refused = [results(call)[0] for call in model.calls[1:]]
    assert instance.json("task", "show", filed["task"]["id"])["task"]["title"] == "Tests"
    assert sent["to"][0].startswith("user:")
    assert held["lease"]["holder"]["id"] == session
    assert refused.startswith("[session-not-found] nobody here is nobody")
    [message] = instance.json("message", "inbox")["messages"]
    assert (message["from"]["id"], message["text"]) == (session, "I have filed a task")
    [init] = run.of("system", "init")
    assert [each["status"] for each in init["mcp_servers"]] == ["connected"]
    assert {f"mcp__lsp-orch__{each}" for each in TOOLS} <= set(init["tools"])


@pytest.mark.real
def test_a_client_without_our_hooks_is_an_agent_and_never_the_person(
    instance: Instance, claude: RealClaude, model: ScriptedModel, configured: tuple[str, ...]
) -> None:
    model.play(tool("mcp__lsp-orch__send_message", to="user", text="hello"), text("done"))
    assert wait(claude.start(model, "-p", "go", *configured)).status == 0
    [message] = instance.json("message", "inbox")["messages"]
    assert message["from"]["id"].startswith("mcp-")
    assert message["from"]["name"] == "claude-code (MCP)"


@pytest.mark.real
def test_a_worker_files_its_tasks_in_its_tasks_own_workspace(
    instance: Instance, claude: RealClaude, model: ScriptedModel, short_root: Path
) -> None:
    """A worker's shell stands in for its MCP client: what counts is whose process it is."""
    instance.connect(claude, model)
    said: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": HANDSHAKE},
        {"method": "notifications/initialized"},
        {
            "id": 2,
            "method": "tools/call",
            "params": {"name": "task_create", "arguments": {"prompt": "more", "priority": 4}},
        },
        {
            "id": 3,
            "method": "tools/call",
            "params": {"name": "send_message", "arguments": {"to": "user", "text": "hi"}},
        },
    ]
    words = short_root / "said"
    words.write_text("".join(json.dumps({"jsonrpc": "2.0", **each}) + "\n" for each in said))
    shell = f"{' '.join(instance.command('mcp'))} < {words}"
    model.play(tool("Bash", command=shell, description="call"), text("no"), match="first")
    model.play(text("no"), repeat=True)
    task = instance.json("task", "add", "first", "--attempts", "1", "--check", shell)["task"]["id"]
    instance.json("task", "wait", task, "--timeout", "60", status=1)
    more = [each for each in instance.json("task", "list")["tasks"] if each["title"] == "more"]
    assert len(more) == 1
    [message] = instance.json("message", "inbox")["messages"]
    assert message["from"]["id"] == instance.json("task", "show", task)["task"]["session_id"]


# --- the pipe ---


def speak(instance: Instance, *said: dict[str, Any] | str, status: int = 0) -> list[dict[str, Any]]:
    """Say all that and hang up; what the server answered."""
    lines = [each if isinstance(each, str) else json.dumps({"jsonrpc": "2.0", **each}) for each in said]
    done = subprocess.run(
        mcp.command(),
        cwd=instance.workspace,
        env=instance.env,
        input="".join(f"{each}\n" for each in lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_what_is_no_message_is_answered_and_the_conversation_goes_on(instance: Instance) -> None:
    answers = speak(
        instance,
        {"id": "p", "method": "server/discover"},
        {"id": 1, "method": "initialize", "params": HANDSHAKE},
        {"method": "notifications/initialized"},
        "garbage",
        "[]",
        '{"jsonrpc": "1.0", "id": 7, "method": "x"}',
        "{" * 100_000,
        {"id": 2, "method": "no/such"},
        {"id": 3, "method": "tools/call", "params": {"name": 5}},
        {"id": 4, "method": "tools/call", "params": {"name": "status", "arguments": []}},
        {"id": 5, "method": "tools/call", "params": {"name": "lease_list"}},
    )
    by_id = {each["id"]: each for each in answers if each["id"] is not None}
    assert by_id["p"]["error"]["code"] == -32601
    assert by_id[1]["result"]["serverInfo"]["name"] == "lsp-orch"
    assert by_id[2]["error"]["code"] == -32601
    assert "error" in by_id[3]
    assert "error" in by_id[4]
    assert by_id[5]["result"]["structuredContent"] == {"leases": [], "waiters": []}
    assert by_id[7]["error"]["data"]["code"] == "bad-request"
    unread = [each["error"]["code"] for each in answers if each["id"] is None]
    assert sorted(unread) == [-32700, -32700, -32600]


def test_a_daemon_that_cannot_be_reached_is_told_in_the_answer(instance: Instance) -> None:
    (instance.home / "config").mkdir(parents=True)
    (instance.home / "config" / "config.toml").write_text("colour = 1\n", encoding="utf-8")
    [refused] = speak(instance, {"id": 1, "method": "initialize", "params": HANDSHAKE}, status=3)
    assert refused["error"]["data"]["code"] == "bad-setting"


def test_a_killed_daemon_is_told_of_and_the_next_client_has_another(instance: Instance) -> None:
    with subprocess.Popen(
        mcp.command(),
        cwd=instance.workspace,
        env=instance.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as pipe:
        assert pipe.stdin
        assert pipe.stdout
        pipe.stdin.write(
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE}) + "\n"
        )
        pipe.stdin.flush()
        assert json.loads(pipe.stdout.readline())["id"] == 1
        instance.kill()
        assert pipe.wait(20) == 1
        assert pipe.stderr
        assert "the daemon is gone" in pipe.stderr.read()
    assert speak(instance, {"id": 1, "method": "initialize", "params": HANDSHAKE})[0]["id"] == 1


def test_the_pipe_imports_next_to_nothing(instance: Instance) -> None:
    instance.json("daemon", "start")
    python, *rest = mcp.command()
    done = subprocess.run(
        [python, "-X", "importtime", *rest],
        cwd=instance.workspace,
        env=instance.env,
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {each.rpartition("|")[2].strip() for each in done.stderr.splitlines()}
    assert "lsp_orch.client.pump" in loaded
    assert not loaded & {"json", "socket", "asyncio", "argparse", "subprocess", "typing", "collections", "re"}
