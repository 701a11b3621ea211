"""Two real Neovims on one file, with the client folder that we ship, through the real pipe."""

from pathlib import Path

import pytest

from tests.e2e.conftest import StartPerson, configure, edit, event
from tests.e2e.watch import Watch
from tests.fixtures.daemon import Instance
from tests.fixtures.neovim import Neovim

pytestmark = pytest.mark.real

ASK = "lsp-orch: Ask for this file (held by ada (Neovim))"
NOT_STALE = (
    "#vim.tbl_filter(function(each) return each.code == 'lease-stale-buffer' end, vim.diagnostic.get(0)) == 0"
)
TAKE = "lsp-orch: Take this file from ada (Neovim)"


def two_on_it(person: StartPerson, readme: Path) -> tuple[Neovim, Neovim]:
    """Two with one file: the first has begun to change it, and the second has seen it."""
    first, second = person(), person()
    edit(first, readme)
    edit(second, readme)
    first.type("well, ")
    second.wait_diagnostic("ada (Neovim) has unsaved changes in this file since")
    return first, second


def test_the_second_sees_who_types_asks_and_is_told_when_the_first_has_saved(
    person: StartPerson, readme: Path
) -> None:
    first, second = two_on_it(person, readme)
    assert second.actions() == [ASK, TAKE, "lsp-orch: Tell me when this file is free or changes hands"]
    second.act(ASK)
    first.wait_diagnostic("ada (Neovim) waits for this file")
    assert second.messages() == []
    first.save()
    second.wait_message("README.md is yours now")
    second.wait_diagnostic("ada (Neovim) wrote this file at")
    first.wait_diagnostic("ada (Neovim) is working on this file")
    assert readme.read_text(encoding="utf-8") == "well, hello\n"


def test_a_killed_editor_keeps_its_file_for_a_moment_and_then_loses_it(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    configure(instance, "[leases]\nvanished_s = 0.2\n")
    with Watch(instance) as watch:
        first, second = two_on_it(person, readme)
        second.act(ASK)
        watch.wait_for("queued")
        first.kill()
        second.wait_message("README.md is yours now")
        watch.wait_for("granted")
        assert watch.story() == ["granted", "queued", "changed vanished", "ended expired", "granted"]


def test_a_closed_editor_lets_go_at_once(person: StartPerson, instance: Instance, readme: Path) -> None:
    configure(instance, "[leases]\nvanished_s = 3600\n")
    with Watch(instance) as watch:
        first, second = two_on_it(person, readme)
        second.act(ASK)
        watch.wait_for("queued")
        first.quit()
        second.wait_message("README.md is yours now")
        watch.wait_for("granted")
        assert watch.story() == ["granted", "queued", "ended closed", "granted"]


def test_after_the_daemons_death_an_edit_attaches_anew_and_agents_have_what_they_had(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    editor = person()
    edit(editor, readme)
    agent = {"session_id": "s1", "tool_name": "Edit", "tool_input": {"file_path": str(readme)}}
    assert event(instance, "PreToolUse", **agent).returncode == 0
    editor.wait_diagnostic("Claude Code s1 is working on this file")
    before = instance.json("lease", "list")["leases"]
    instance.kill()
    editor.wait_for("#vim.lsp.get_clients() == 0")
    edit(editor, readme)
    editor.wait_diagnostic("Claude Code s1 is working on this file")
    after = instance.json("lease", "list")["leases"]
    assert [(each["id"], each["state"]) for each in after] == [(each["id"], "held") for each in before]


def test_who_takes_a_file_is_asked_why_and_its_holder_is_told(person: StartPerson, readme: Path) -> None:
    first, second = two_on_it(person, readme)
    second.lua("vim.ui.input = function(opts, done) driver.prompt = opts.prompt; done('hotfix') end")
    second.act(TAKE)
    first.wait_message("README.md - ada (Neovim) has taken it: hotfix.")
    first.wait_diagnostic("ada (Neovim) is working on this file")
    assert second.lua("return driver.prompt") == "Take this file from ada (Neovim), because: "


def test_an_agents_write_is_shown_before_the_person_saves_over_it_and_nothing_is_lost(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    editor = person()
    edit(editor, readme)
    editor.lua("vim.o.autoread = false")
    agent = {"session_id": "s1", "tool_name": "Edit", "tool_input": {"file_path": str(readme)}}
    assert event(instance, "PreToolUse", **agent).returncode == 0
    readme.write_text("the agent's\n", encoding="utf-8")
    assert event(instance, "PostToolUse", **agent).returncode == 0
    editor.wait_diagnostic("Claude Code s1 wrote this file at")
    assert event(instance, "Stop", session_id="s1").returncode == 0
    editor.type("well, ")
    editor.lua("vim.cmd('silent write!')")
    editor.wait_message("and your buffer does not have that: saving overwrites it")
    editor.wait_for(NOT_STALE)
    assert readme.read_text(encoding="utf-8") == "well, hello\n"
    told = event(instance, "UserPromptSubmit", session_id="s1", prompt="go on")
    assert "ada (Neovim) has saved README.md over what you did to it" in told.stdout
    kept = instance.json("recover", "list", str(readme))["versions"]
    contents = [instance.cli("recover", "show", "--id", each["id"]).stdout for each in kept]
    assert "the agent's\n" in contents


def test_a_buffer_that_is_read_anew_is_stale_no_more(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    editor = person()
    edit(editor, readme)
    agent = {"session_id": "s1", "tool_name": "Bash", "tool_input": {"command": f"echo x > {readme}"}}
    assert event(instance, "PreToolUse", **agent).returncode == 0
    readme.write_text("x\n", encoding="utf-8")
    assert event(instance, "PostToolUse", **agent).returncode == 0
    editor.wait_diagnostic("reload before you save")
    editor.lua("vim.cmd('silent edit!')")
    editor.wait_for(NOT_STALE)
    assert editor.text() == "x\n"
