"""Writes behind a holder's back, through a real daemon: noticed, attributed, told, and given back."""

import subprocess
import sys
from pathlib import Path

import pytest

from lsp_orch.demo.scripted_model import ScriptedModel, text, tool
from tests.e2e.agents import EDITS, install
from tests.e2e.conftest import StartPerson, edit, typing
from tests.e2e.conftest import event as hook
from tests.e2e.watch import Event, Watch
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

OVERWRITE = "import sys; open(sys.argv[1], 'wb').write(bytes.fromhex(sys.argv[2]))"


def overwrite(path: Path, data: bytes) -> None:
    """A program that asks nobody."""
    subprocess.run([sys.executable, "-c", OVERWRITE, path, data.hex()], check=True)


def kept(instance: Instance, event: Event, which: str) -> bytes:
    done = subprocess.run(
        instance.command("recover", "show", "--id", event[which]),
        cwd=instance.workspace,
        env=instance.env,
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_what_a_program_that_asks_nobody_overwrites_is_told_and_given_back(
    instance: Instance, readme: Path
) -> None:
    says = [readme.read_bytes(), b"\x00\xff\r\n once", b"twice \xe2\x82"]
    with Watch(instance) as watch:
        lease = instance.json("lease", "acquire", "README.md", "--as", "bot")["lease"]
        told = []
        for data in says[1:]:
            overwrite(readme, data)
            told.append(watch.wait_for("foreign-write"))
        instance.json("recover", "restore", "--id", told[0]["before"], "--force")
        assert readme.read_bytes() == says[0]
        overwrite(readme, b"thrice")
        last = watch.wait_for("foreign-write")
    assert kept(instance, last, "after") == b"thrice", "our own restore was told as foreign"
    for event, before, after in zip(told, says[:-1], says[1:], strict=True):
        assert (event["path"], event["by"]) == ("README.md", {"id": None, "name": "somebody outside"})
        assert event["holders"] == [lease["holder"]]
        assert kept(instance, event, "before") == before
        assert kept(instance, event, "after") == after
    listed = instance.json("recover", "list", "README.md")["versions"]
    whys = [each["why"] for each in listed]
    assert whys == ["foreign-write", "after-write", "foreign-write", "foreign-write", "granted"]
    kept_ids = [last["after"], last["before"], told[1]["after"], told[0]["after"], told[0]["before"]]
    assert [each["id"] for each in listed] == kept_ids


def test_an_agent_does_not_write_over_what_a_program_wrote_after_it_had_read(
    instance: Instance, readme: Path
) -> None:
    call = {"session_id": "s1", "tool_input": {"file_path": str(readme), "content": "agent"}}
    with Watch(instance) as watch:
        assert hook(instance, "PostToolUse", tool_name="Read", **call).returncode == 0
        overwrite(readme, b"\x00theirs\xff")
        event = watch.wait_for("foreign-write")
        refused = hook(instance, "PreToolUse", tool_name="Write", **call)
    assert refused.returncode == 2
    assert "[lease-stale-read] README.md is not what you read at" in refused.stderr
    assert "somebody outside wrote it at" in refused.stderr
    assert (event["holders"], event["readers"]) == ([], ["s1"])
    assert kept(instance, event, "before") == b"hello\n"
    assert kept(instance, event, "after") == readme.read_bytes()
    told = hook(instance, "PostToolUse", tool_name="Read", **call)
    assert "[foreign-write] README.md, which you have read, was written at" in told.stdout
    assert hook(instance, "PreToolUse", tool_name="Write", **call).returncode == 0


@pytest.mark.parametrize("resource", ["sub/", "sub/**/*.txt"])
def test_what_is_written_in_a_held_folder_or_pattern_is_told_and_given_back(
    instance: Instance, resource: str
) -> None:
    path = instance.workspace / "sub" / "deep" / "a.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"old")
    with Watch(instance) as watch:
        instance.json("lease", "acquire", resource, "--as", "bot")
        overwrite(path, b"new")
        event = watch.wait_for("foreign-write")
    assert event["path"] == "sub/deep/a.txt"
    assert (kept(instance, event, "before"), kept(instance, event, "after")) == (b"old", b"new")


def test_the_daemon_says_how_the_watch_is_doing(instance: Instance) -> None:
    instance.json("lease", "acquire", "README.md", "sub/new/file.py", "--as", "bot")
    (check,) = [each for each in instance.json("doctor")["checks"] if each["name"] == "file watcher"]
    assert (check["ok"], check["detail"]) == (True, "1 of at most 4096 folders are watched")


@pytest.mark.real
@pytest.mark.parametrize(("status", "end"), [(0, "PostToolUse"), (3, "PostToolUseFailure")])
def test_python_in_an_agents_shell_is_attributed_to_its_session(
    instance: Instance, claude: RealClaude, model: ScriptedModel, readme: Path, status: int, end: str
) -> None:
    """And whether it fails or not, we are told when it is over."""
    install(claude, instance)
    write = f"from pathlib import Path; Path('README.md').write_text('agent'); raise SystemExit({status})"
    command = f'{sys.executable} -c "{write}"'
    model.play(tool("Bash", command=command, description="write"), text("done"))
    with Watch(instance) as watch:
        instance.json("lease", "acquire", "README.md", "--as", "bot")
        session = claude.headless(model, "go", *EDITS, "--allowedTools", "Bash", "--include-hook-events")
        event = watch.wait_for("foreign-write")
    assert session.result
    assert end in {each.get("hook_event") for each in session.events}
    assert event["by"]["id"] == session.result["session_id"]
    assert readme.read_bytes() == b"agent"
    assert kept(instance, event, "before") == b"hello\n"


@pytest.mark.real
def test_a_person_is_warned_until_they_have_read_the_file_anew(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    with Watch(instance) as watch:
        editor = typing(person, watch, readme)
        assert instance.json("recover", "list", "README.md")["versions"]
        overwrite(readme, b"from outside\n")
        event = watch.wait_for("foreign-write")
        assert event["holders"][0]["name"] == "ada (Neovim)"
        assert kept(instance, event, "before") == b"hello\n"
        editor.wait_diagnostic("wrote this file at")
        editor.wait_message(f"lsp-orch recover show --id {event['before']}")
        editor.lua("vim.cmd('edit!')")
        editor.wait_for("#vim.diagnostic.get(0) == 0")


@pytest.mark.real
def test_what_holders_write_themselves_is_told_to_nobody(
    person: StartPerson, instance: Instance, claude: RealClaude, model: ScriptedModel, readme: Path
) -> None:
    """A person types and saves, an agent edits; then a stranger, so that there is an end to wait for."""
    install(claude, instance)
    other = instance.workspace / "other.txt"
    other.write_text("x\n", encoding="utf-8")
    model.play(
        tool("Read", file_path=str(other)),
        tool("Edit", file_path=str(other), old_string="x", new_string="y"),
        tool("Write", file_path=str(instance.workspace / "deep" / "er" / "new.txt"), content="n"),
        text("done"),
    )
    with Watch(instance) as watch:
        editor = person()
        edit(editor, readme)
        for word in ("well, ", "now, "):
            editor.type(word)
            editor.save()
        assert claude.headless(model, "go", *EDITS).status == 0
        instance.json("lease", "acquire", "last.txt", "--as", "bot")
        (instance.workspace / "last.txt").write_text("z", encoding="utf-8")
        event = watch.wait_for("foreign-write")
    assert event["path"] == "last.txt"
    whys = {
        each["why"] for each in instance.json("recover", "list")["versions"] if each["path"] != "last.txt"
    }
    assert "foreign-write" not in whys
