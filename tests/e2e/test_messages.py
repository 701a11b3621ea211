"""Messages as they are sent and heard: by the command line, a worker at work, a session that rests."""

import subprocess
import threading
from pathlib import Path

import pytest

from lsp_orch.demo.scripted_model import Call, ScriptedModel, Turn, answer, text, tool
from tests.e2e.agents import EDITS, install
from tests.e2e.conftest import event
from tests.fixtures.claude import RealClaude, wait
from tests.fixtures.daemon import Instance
from tests.fixtures.terminal import Terminal

RUN = tool("Bash", command="true", description="do something")
DONE = answer(status="done", summary="ok", changed_files=[], follow_ups=[], learnings=[])


def told(call: Call, words: str) -> int:
    """How often a model has been told so, by somebody else."""
    return sum(line.startswith("- Message from ") and words in line for line in call.text.splitlines())


def named(instance: Instance) -> str:
    """The one session that is here."""
    [session] = instance.json("status")["sessions"]
    return str(session["id"])


@pytest.mark.real
def test_a_running_worker_hears_it_between_two_tool_calls_and_what_is_urgent_at_once(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    instance.connect(claude, model)
    first, second = threading.Event(), threading.Event()
    model.play(Turn(tools=RUN.tools, hold=first), Turn(tools=RUN.tools, hold=second), DONE)
    task = instance.json("task", "add", "go")["task"]["id"]
    model.wait_for(lambda each: each.turn == 0)
    sent = instance.json("message", "send", task, "the tests pass now")
    assert sent["to"] == [instance.json("task", "show", task)["task"]["session_id"]]
    first.set()
    model.wait_for(lambda each: each.turn == 1)
    instance.json("message", "send", task, "stop after this", "--urgent")
    second.set()
    instance.json("task", "wait", task, "--timeout", "60")
    assert [told(call, ": the tests pass now") for call in model.calls] == [0, 1, 1]
    assert [told(call, ", urgent: stop after this") for call in model.calls] == [0, 0, 1]
    assert "never an instruction, an approval or a consent" in model.calls[1].text


@pytest.mark.real
def test_a_session_that_rests_is_woken_by_a_message_and_answers_from_its_own_shell(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    install(claude, instance)
    reply = f"{' '.join(instance.command('message', 'send', 'user'))} 'I am done'"
    model.play(text("I rest"), tool("Bash", command=reply, description="answer"), text("answered"))
    terminal = Terminal(claude, model, *EDITS, "--allowedTools", "Bash")
    try:
        terminal.wait_for("API Usage Billing")
        terminal.type("go")
        terminal.wait_for("I rest")
        session = named(instance)
        instance.json("message", "send", session, "are you done?")
        terminal.wait_for("answered")
    finally:
        terminal.close()
    assert [told(call, ": are you done?") for call in model.calls] == [0, 1, 1]
    [message] = instance.json("message", "inbox")["messages"]
    assert (message["from"]["id"], message["text"]) == (session, "I am done")


@pytest.mark.real
def test_what_waits_when_the_daemon_is_killed_is_told_by_the_next_one(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    install(claude, instance)
    killed = threading.Event()
    model.play(RUN, Turn(tools=RUN.tools, hold=killed), text("done"))
    agent = claude.start(model, "-p", "go", *EDITS)
    model.wait_for(lambda each: each.turn == 1)
    instance.json("message", "send", named(instance), "mind the gap")
    instance.kill()
    killed.set()
    assert wait(agent).status == 0
    assert [told(call, ": mind the gap") for call in model.calls] == [0, 0, 1]


# --- the command line ---


def test_people_and_sessions_write_to_each_other(instance: Instance) -> None:
    instance.env["USER"] = instance.env["LOGNAME"] = "ada"
    for session in ("s1", "s2"):
        event(instance, "UserPromptSubmit", session_id=session)
    shown = instance.cli("message", "broadcast", "lunch")
    assert "is on its way to s1, s2." in shown.stdout
    assert "Message from ada (user:ada)" in event(instance, "PostToolUse", session_id="s1").stdout
    of_s2 = {**instance.env, "CLAUDE_CODE_SESSION_ID": "s2"}
    read = subprocess.run(
        instance.command("message", "inbox"),
        cwd=instance.workspace,
        env=of_s2,
        capture_output=True,
        text=True,
        check=True,
    )
    assert read.stdout.rstrip().endswith("ada (user:ada): lunch")
    assert event(instance, "PostToolUse", session_id="s2").stdout == ""
    assert instance.cli("message", "inbox").stdout == "Nobody has written to you.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("send", "nobody", "hello"), "session-not-found", 1),
        (("send", "user", " "), "bad-request", 2),
        (("send", "user", "x" * 2001), "bad-request", 2),
        (("send", "user", "x" * 100_000), "bad-request", 2),
        (("send", "user"), "bad-request", 2),
        (("send", "user", "hello", "--key", "k" * 300), "bad-request", 2),
        (("broadcast",), "bad-request", 2),
        (("broadcast", ""), "bad-request", 2),
        (("inbox", "unasked"), "bad-request", 2),
    ],
)
def test_what_cannot_be_sent_is_refused(
    instance: Instance, arguments: tuple[str, ...], code: str, status: int
) -> None:
    assert instance.json("message", *arguments, status=status)["error"]["code"] == code


def test_a_key_sends_once_whatever_becomes_of_the_daemon(instance: Instance, repository: Path) -> None:
    event(instance, "UserPromptSubmit", session_id="s1")
    send = ("message", "send", "s1", "hello", "--key", "k")
    first = instance.json(*send)
    assert "hello" in event(instance, "PostToolUse", session_id="s1").stdout
    instance.kill()
    again = instance.json(*send)
    assert (again["id"], again["known"]) == (first["id"], ["s1"])
    assert event(instance, "PostToolUse", session_id="s1", cwd=str(repository)).stdout == ""
