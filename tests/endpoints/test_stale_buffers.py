"""A buffer that shows what is no more: its person is told before they save, and the writer if they do."""

from pathlib import Path

import pytest

from lsp_orch.domain.events import FileWritten
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.lsp.stale import StaleBuffers
from tests.endpoints.house import House, Window
from tests.endpoints.test_lease_commands import codes

TOLD = "Claude Code s1 wrote this file at 08:00:00 UTC, after you opened it: reload before you save."


@pytest.fixture
def path(house: House) -> Path:
    return house.file("a.py", "a = 1\n")


@pytest.fixture
def ann(house: House, path: Path) -> Window:
    ann = house.editor("ann")
    ann.open(path)
    return ann


async def agent_writes(house: House, path: Path, text: str = "a = 2\n") -> None:
    assert (await house.write("s1", path))[0] == 0
    house.file("a.py", text)
    await house.done("s1", path)


def delete(path: Path) -> None:
    path.unlink()


def stale(window: Window, path: Path) -> list[str]:
    return [each["message"] for each in window.diagnostics(path) if each["code"] == "lease-stale-buffer"]


async def an_agents_write_is_shown_until_the_buffer_is_read_anew(
    house: House, ann: Window, path: Path
) -> None:
    await agent_writes(house, path)
    assert codes(ann, path) == ["lease-held", "lease-stale-buffer"]
    told = ann.diagnostics(path)[-1]
    assert (told["message"], told["severity"], told["source"]) == (TOLD, 2, "lsp-orch")
    assert ann.told() == []
    ann.show(path, "a = 2\n")
    assert stale(ann, path) == []


async def an_agent_hears_that_a_person_saved_over_what_it_wrote(
    house: House, ann: Window, path: Path
) -> None:
    await agent_writes(house, path)
    assert house.kept[-1][-1] == "a = 2\n"
    ann.show(path, "a = 3\n")
    house.file("a.py", "a = 3\n")
    ann.save(path)
    await ann.peer.idle()
    assert stale(ann, path) == []
    assert "ann (Vim) has saved a.py over what you did to it at 08:00:00 UTC." in house.inboxes.take("s1")


async def what_was_not_changed_is_not_stale(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "mine\n")
    await house.done("s1", path)  # a call that was refused or failed ends so, too
    assert codes(ann, path) == []


async def a_person_is_not_told_of_their_own_save(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "a = 3\n")
    await house.live()
    house.file("a.py", "a = 3\n# by a formatter\n")
    ann.save(path)
    await house.live()
    assert stale(ann, path) == []


async def test_an_agents_write_is_shown_until_the_buffer_is_read_anew(
    house: House, ann: Window, path: Path
) -> None:
    await an_agents_write_is_shown_until_the_buffer_is_read_anew(house, ann, path)


async def test_what_was_not_changed_is_not_stale(house: House, ann: Window, path: Path) -> None:
    await what_was_not_changed_is_not_stale(house, ann, path)


async def test_a_person_is_not_told_of_their_own_save(house: House, ann: Window, path: Path) -> None:
    await a_person_is_not_told_of_their_own_save(house, ann, path)


async def test_an_overwriting_that_the_agent_does_not_hear_of_is_found(
    house: House, ann: Window, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StaleBuffers, "saved", lambda *_: None)
    with pytest.raises(AssertionError):
        await an_agent_hears_that_a_person_saved_over_what_it_wrote(house, ann, path)


async def test_a_mark_that_stays_is_found(
    house: House, ann: Window, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StaleBuffers, "agreed", lambda *_: None)
    with pytest.raises(AssertionError):
        await an_agents_write_is_shown_until_the_buffer_is_read_anew(house, ann, path)


async def test_a_write_that_nobody_is_told_of_is_found(
    house: House, ann: Window, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hub, "_for_all", lambda *_: None)
    with pytest.raises(AssertionError):
        await an_agents_write_is_shown_until_the_buffer_is_read_anew(house, ann, path)


async def test_an_alarm_about_nothing_is_found(
    house: House, ann: Window, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ann.session.screen.stale, "_seen", {})
    with pytest.raises(AssertionError):
        await what_was_not_changed_is_not_stale(house, ann, path)


async def test_an_alarm_about_ones_own_save_is_found(
    house: House, ann: Window, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = ann.session.screen.written
    monkeypatch.setattr(
        ann.session.screen, "written", lambda scope, _, at: written(scope, Author(id="", name="x"), at)
    )
    with pytest.raises(AssertionError):
        await a_person_is_not_told_of_their_own_save(house, ann, path)


@pytest.mark.parametrize("way", ["reopened", "saved", "closed"])
async def test_the_mark_ends_when_the_person_has_dealt_with_it(
    house: House, ann: Window, path: Path, way: str
) -> None:
    await agent_writes(house, path)
    await house.event("s1", "SessionEnd")
    if way == "saved":
        house.file("a.py", "a = 1\n")
        ann.save(path)
    else:
        ann.close(path)
    if way == "reopened":
        ann.open(path)
    assert ann.diagnostics(path) == []
    assert stale(ann, path) == []


async def test_typing_into_a_stale_buffer_does_not_end_the_mark_and_a_save_is_warned_of_again(
    house: House, ann: Window, path: Path
) -> None:
    await agent_writes(house, path)
    await house.event("s1", "SessionEnd")
    ann.show(path, "a = 1\nb = 1\n")
    await house.live()
    assert stale(ann, path) == [TOLD]
    ann.will_save(path)
    [told] = ann.told()
    assert told == (
        "lsp-orch: Claude Code s1 wrote a.py at 08:00:00 UTC, and your buffer does not have that: "
        "saving overwrites it. `lsp-orch recover list a.py` shows what is kept."
    )


async def test_a_save_of_what_is_not_stale_is_warned_of_by_nobody(
    house: House, ann: Window, path: Path
) -> None:
    ann.show(path, "mine\n")
    ann.will_save(path)
    await house.live()
    assert ann.told() == []


async def test_who_has_unsaved_work_is_told_by_a_message_as_well(
    house: House, ann: Window, path: Path
) -> None:
    ann.show(path, "mine\n")
    await house.live()
    house.file("a.py", "theirs\n")
    scope, somebody = Scope(Kind.FILE, str(path)), Author(id="", name="somebody")
    house.hub.on_event(FileWritten(scope=scope, by=somebody, at=house.clock.now()))
    assert len(stale(ann, path)) == 1
    [told] = ann.told()
    assert told.startswith("lsp-orch: somebody wrote a.py at 08:00:00 UTC")


async def test_an_agent_hears_that_a_person_saved_over_what_it_wrote(
    house: House, ann: Window, path: Path
) -> None:
    await an_agent_hears_that_a_person_saved_over_what_it_wrote(house, ann, path)
    assert house.inboxes.take("s1") == ""  # once


async def test_it_is_the_same_when_the_changes_are_read_after_the_file_was_written(
    house: House, ann: Window, path: Path
) -> None:
    """As Neovim sends them: with the word before the save, while the file is being written."""
    await agent_writes(house, path)
    house.file("a.py", "a = 3\n")
    ann.show(path, "a = 3\n")
    ann.will_save(path)
    [told] = ann.told()
    assert "saving overwrites it" in told
    ann.save(path)
    await ann.peer.idle()
    assert stale(ann, path) == []
    assert "ann (Vim) has saved a.py over what you did to it" in house.inboxes.take("s1")


async def test_what_another_program_made_of_it_meanwhile_and_was_read_anew_is_nobodys_save(
    house: House, ann: Window, path: Path
) -> None:
    await agent_writes(house, path)
    house.file("a.py", "a = 4\n")
    ann.show(path, "a = 4\n")
    ann.show(path, "a = 4\nb = 1\n")
    house.file("a.py", "a = 4\nb = 1\n")
    ann.save(path)
    await ann.peer.idle()
    assert house.inboxes.take("s1") == ""


async def test_a_save_after_reading_anew_overwrites_nobody(house: House, ann: Window, path: Path) -> None:
    await agent_writes(house, path)
    ann.show(path, "a = 2\n")
    ann.show(path, "a = 2\nb = 1\n")
    house.file("a.py", "a = 2\nb = 1\n")
    ann.save(path)
    await ann.peer.idle()
    assert house.inboxes.take("s1") == ""


async def test_another_persons_save_is_shown_and_they_are_no_agent_to_tell(
    house: House, ann: Window, path: Path
) -> None:
    bob = house.editor("bob")
    bob.open(path)
    bob.show(path, "bob's\n")
    house.file("a.py", "bob's\n")
    bob.save(path)
    await house.live()
    assert [each.partition(" wrote ")[0] for each in stale(ann, path)] == ["bob (Vim)"]
    assert stale(bob, path) == []
    house.file("a.py", "a = 1\n")
    ann.save(path)
    await ann.peer.idle()
    assert house.inboxes.take(bob.session.holder_id) == ""


async def test_a_deleted_file_is_said_to_be_deleted(house: House, ann: Window, path: Path) -> None:
    assert (await house.run("s1", f"rm {path}", tool_use_id="t1"))[0] == 0
    delete(path)
    told = {"tool_name": "Bash", "tool_input": {"command": f"rm {path}"}, "tool_use_id": "t1"}
    await house.done("s1", "", **told)
    [message] = stale(ann, path)
    assert message == (
        "Claude Code s1 deleted this file at 08:00:00 UTC, after you opened it: saving makes it again."
    )


async def test_two_buffers_of_one_file_are_stale_until_both_are_read_anew(
    house: House, ann: Window, path: Path
) -> None:
    link = house.root / "link.py"
    link.symlink_to(path)
    ann.open(link)
    await agent_writes(house, path)
    ann.show(link, "a = 2\n")
    assert stale(ann, path) == stale(ann, link) == [TOLD]
    ann.show(path, "a = 2\n")
    assert stale(ann, path) == stale(ann, link) == []


async def test_an_editor_that_does_not_show_the_file_hears_nothing(house: House, path: Path) -> None:
    bob = house.editor("bob")
    before = len(bob.peer.messages)
    await agent_writes(house, path)
    assert len(bob.peer.messages) == before


async def test_the_server_asks_for_word_before_a_save_where_the_editor_can_give_it(house: House) -> None:
    can = {"textDocument": {"synchronization": {"willSave": True, "willSaveWaitUntil": True}}}
    sync = house.editor(capabilities=can).peer.messages[0]["result"]["capabilities"]["textDocumentSync"]
    assert (sync["willSave"], sync["willSaveWaitUntil"], bool(sync["save"])) == (True, False, True)
