"""Two real Neovims on one file, with the client folder that we ship, through the real pipe."""

from pathlib import Path

import pytest

from tests.e2e.conftest import StartPerson, configure, edit, event
from tests.e2e.watch import Watch
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

ASK = "lsp-orch: Ask for this file (held by ada (Neovim))"


@pytest.fixture
def readme(repository: Path) -> Path:
    return repository / "README.md"


def test_the_second_sees_who_types_asks_and_is_told_when_the_first_has_saved(
    person: StartPerson, readme: Path
) -> None:
    first, second = person(), person()
    edit(first, readme)
    edit(second, readme)
    first.type("well, ")
    second.wait_diagnostic("ada (Neovim) has unsaved changes in this file since")
    assert second.actions() == [ASK]
    second.act(ASK)
    first.wait_diagnostic("ada (Neovim) waits for this file")
    assert second.messages() == []
    first.save()
    second.wait_message("README.md is yours now")
    second.wait_for("#vim.diagnostic.get(0) == 0")
    first.wait_diagnostic("ada (Neovim) is working on this file")
    assert readme.read_text(encoding="utf-8") == "well, hello\n"


def test_a_killed_editor_keeps_its_file_for_a_moment_and_then_loses_it(
    person: StartPerson, instance: Instance, readme: Path
) -> None:
    configure(instance, "[leases]\nvanished_s = 0.2\n")
    with Watch(instance) as watch:
        first, second = person(), person()
        edit(first, readme)
        edit(second, readme)
        first.type("well, ")
        second.wait_diagnostic("unsaved changes")
        second.act(ASK)
        watch.wait_for("queued")
        first.kill()
        second.wait_message("README.md is yours now")
        watch.wait_for("granted")
        assert watch.story() == ["granted", "queued", "changed vanished", "ended expired", "granted"]


def test_a_closed_editor_lets_go_at_once(person: StartPerson, instance: Instance, readme: Path) -> None:
    configure(instance, "[leases]\nvanished_s = 3600\n")
    with Watch(instance) as watch:
        first, second = person(), person()
        edit(first, readme)
        edit(second, readme)
        first.type("well, ")
        second.wait_diagnostic("unsaved changes")
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
    assert instance.json("lease", "list")["leases"] == before
    assert [each["state"] for each in before] == ["held"]
