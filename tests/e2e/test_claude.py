"""A person in a real Neovim and the real Claude Code with our hooks, on one file."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, Turn, text, tool
from tests.e2e.agents import EDITS, PLUGIN, install, introduce, refusals
from tests.e2e.conftest import StartPerson, configure, typing
from tests.e2e.watch import Watch
from tests.fixtures.claude import RealClaude, wait
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

HELD = "a person, ada (Neovim), has unsaved changes in it since"


def write_both(path: Path) -> Turn:
    """Write the whole file anew, with what the person has made of it."""
    return tool("Write", file_path=str(path), content=path.read_text(encoding="utf-8") + "agent was here\n")


def edit_one(path: Path) -> Turn:
    return tool("Edit", file_path=str(path), old_string="hello", new_string="hello, world")


CALLS = [(write_both, "well, hello\nagent was here\n"), (edit_one, "well, hello, world\n")]


@pytest.mark.parametrize(("call", "both"), CALLS, ids=["Write", "Edit"])
def test_an_agent_is_refused_by_name_keeps_its_place_and_writes_after_the_save(
    person: StartPerson,
    instance: Instance,
    claude: RealClaude,
    model: ScriptedModel,
    readme: Path,
    call: Any,
    both: str,
) -> None:
    configure(instance, "[leases]\nhook_wait_s = 0.1\n")
    install(claude, instance)
    saved = threading.Event()
    read = tool("Read", file_path=str(readme))
    again = Turn(tools=read.tools, hold=saved)
    model.play(read, lambda _: call(readme), again, lambda _: call(readme), text("done"))
    with Watch(instance) as watch:
        editor = typing(person, watch, readme)
        agent = claude.start(model, "-p", "go", *EDITS)
        ticket = watch.wait_for("queued")["waiter"]["id"]
        editor.wait_diagnostic("waits for this file")
        (refusal,) = refusals(model.wait_for(lambda each: each.turn == 2))
        assert f"[lease-held] README.md is not yours to write now: {HELD}" in refusal
        assert f"You are number 1 in the queue (ticket {ticket}" in refusal
        assert readme.read_text(encoding="utf-8") == "hello\n"
        editor.save()
        granted = watch.wait_for("granted")
        assert granted["ticket"] == ticket
        editor.wait_diagnostic(f"{granted['lease']['holder']['name']} is working on this file")
        saved.set()
        assert wait(agent).status == 0
        watch.wait_for("ended", lambda each: each["lease"]["id"] == granted["lease"]["id"])
    assert refusals(model.calls[-1]) == []
    assert readme.read_text(encoding="utf-8") == both


def test_a_call_that_waits_in_its_hook_goes_on_when_the_person_saves(
    person: StartPerson, instance: Instance, claude: RealClaude, model: ScriptedModel, readme: Path
) -> None:
    configure(instance, "[leases]\nhook_wait_s = 50\n")
    install(claude, instance)
    model.play(tool("Read", file_path=str(readme)), edit_one(readme), text("done"))
    with Watch(instance) as watch:
        editor = typing(person, watch, readme)
        agent = claude.start(model, "-p", "go", *EDITS)
        watch.wait_for("queued")
        editor.save()
        assert wait(agent).status == 0
        watch.wait_for("ended", lambda each: each["why"] == "closed")
        assert watch.story()[:4] == ["granted", "queued", "ended released", "granted"]
    assert [call.turn for call in model.calls] == [0, 1, 2]
    assert refusals(model.calls[2]) == []
    assert readme.read_text(encoding="utf-8") == "well, hello, world\n"
    editor.wait_diagnostic("wrote this file at")  # what the buffer does not have yet
    editor.lua("vim.cmd('silent edit!')")
    editor.wait_for("#vim.diagnostic.get(0) == 0")
    assert instance.json("lease", "list") == {"leases": [], "waiters": []}


def test_a_subagent_holds_for_itself(
    instance: Instance, claude: RealClaude, model: ScriptedModel, repository: Path
) -> None:
    install(claude, instance)
    helper = tool("Agent", description="help", prompt="the other part", subagent_type="general-purpose")
    model.play(_new(repository / "part.txt"), helper, text("done"), match="^go$", repeat=True)
    model.play(_new(repository / "other.txt"), text("done"), match="^the other part$")
    with Watch(instance) as watch:
        session = claude.headless(model, "go", *EDITS)
        ended = {watch.wait_for("ended")["lease"]["holder"]["id"] for _ in range(2)}
        granted = {
            each["lease"]["resources"][0]: each["lease"]["holder"]["id"]
            for each in watch.seen
            if each["event"] == "granted"
        }
    assert session.result
    assert granted["part.txt"] == session.result["session_id"]
    assert granted["other.txt"].startswith(f"{granted['part.txt']}/")
    assert ended == set(granted.values())


def test_what_an_agent_asks_for_in_its_shell_is_its_own_and_a_person_is_asked_first(
    instance: Instance, claude: RealClaude, model: ScriptedModel, repository: Path
) -> None:
    install(claude, instance)
    instance.json("lease", "acquire", "README.md", "--ttl", "600")
    (repository / "src").mkdir()
    steal = "unset CLAUDE_CODE_SESSION_ID; lsp-orch lease steal README.md --reason 'it is urgent'"
    model.play(
        tool("Bash", command="lsp-orch lease acquire src/a.py --json"),
        _new(repository / "src/a.py"),
        tool("Bash", command=steal),
        text("done"),
    )
    with Watch(instance) as watch:
        session = claude.headless(model, "go", *EDITS, "--allowedTools", "Bash")
        claim = watch.wait_for("claimed")
        ended = watch.wait_for("ended")
        granted = next(each["lease"] for each in watch.seen if each["event"] == "granted")
    assert session.result
    me = session.result["session_id"]
    assert (granted["holder"]["id"], granted["resources"]) == (me, ["src/a.py"])
    assert refusals(model.calls[2]) == [], "its own tools may write it"
    assert (claim["waiter"]["holder"]["id"], claim["reason"]) == (me, "it is urgent")
    assert "unless a holder objects" in refusals(model.calls[3])[0]
    assert (ended["lease"]["holder"]["id"], ended["lease"]["resources"]) == (me, ["src/a.py"])
    (left,) = instance.json("lease", "list")["leases"]
    assert (left["resources"], left["holder"]["kind"]) == (["README.md"], "human")


@pytest.fixture
def unstartable(instance: Instance) -> Instance:
    """An instance whose daemon cannot start."""
    log = instance.home / "log"
    log.parent.mkdir()
    log.write_text("a file where a folder must be", encoding="utf-8")
    return instance


def test_without_a_daemon_an_enforced_session_writes_nothing(
    unstartable: Instance, claude: RealClaude, model: ScriptedModel, repository: Path
) -> None:
    install(claude, unstartable, mode="enforce")
    model.play(_new(repository / "new.txt"), text("done"))
    claude.headless(model, "go", *EDITS)
    (refusal,) = refusals(model.calls[1])
    assert "in mode `enforce` such a call is refused" in refusal
    assert str(unstartable.home / "log") in refusal
    assert not (repository / "new.txt").exists()


def test_without_a_daemon_an_advised_session_is_warned_and_writes(
    unstartable: Instance, claude: RealClaude, model: ScriptedModel, repository: Path
) -> None:
    install(claude, unstartable, mode="advise")
    model.play(_new(repository / "new.txt"), text("done"))
    session = claude.headless(model, "go", "--include-hook-events", *EDITS)
    assert (repository / "new.txt").exists()
    assert "could not check this call, so it went ahead unchecked" in json.dumps(session.events)


def test_a_note_is_in_the_first_request_of_the_next_session(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    instance.json("vault", "add", "--title", "Where it runs", "--body", "The tests need the port 4711.")
    install(claude, instance)
    model.play(text("ok"))
    claude.headless(model, "go")
    assert "The tests need the port 4711." in model.calls[0].text


def test_the_plugin_needs_nothing_but_the_command_on_the_path(
    person: StartPerson, instance: Instance, claude: RealClaude, model: ScriptedModel, readme: Path
) -> None:
    configure(instance, "[leases]\nhook_wait_s = 0.1\n")
    introduce(claude, instance)
    instance.json("vault", "add", "--title", "Where it runs", "--body", "The tests need the port 4711.")
    model.play(tool("Read", file_path=str(readme)), edit_one(readme), text("I wait for it"))
    with Watch(instance) as watch:
        typing(person, watch, readme)
        claude.headless(model, "go", "--plugin-dir", str(PLUGIN), *EDITS)
    assert "The tests need the port 4711." in model.calls[0].text
    assert HELD in refusals(model.calls[2])[0]
    assert readme.read_text(encoding="utf-8") == "hello\n"


def _new(path: Path) -> Turn:
    return tool("Write", file_path=str(path), content="x\n")
