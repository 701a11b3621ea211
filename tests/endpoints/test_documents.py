"""People at their editors: what a keystroke takes, what a save gives, and what each of them sees."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.domain.events import LeaseChanged, LeaseGranted
from lsp_orch.domain.lease import State
from lsp_orch.store.base import Tx
from tests.endpoints.house import House, Window, uri
from tests.fixtures.clock import START


@pytest.fixture
def path(house: House) -> Path:
    return house.file("a.py", "a = 1\n")


@pytest.fixture
def ann(house: House, path: Path) -> Window:
    """Somebody who looks at the file."""
    ann = house.editor("ann")
    ann.open(path)
    return ann


@pytest.fixture
def bob(house: House, path: Path) -> Window:
    """Somebody else who does."""
    bob = house.editor("bob", clientInfo=None)
    bob.open(path)
    return bob


async def holders(house: House) -> list[tuple[str, State]]:
    return [(lease.holder.name, lease.state) for lease in await house.live()]


def messages(window: Window, path: Path) -> list[str]:
    return [each["message"] for each in window.diagnostics(path)]


# --- what is held ---


@pytest.mark.usefixtures("ann")
async def test_a_look_holds_nothing(house: House) -> None:
    assert await holders(house) == []


async def test_the_first_keystroke_takes_the_file_and_the_next_cost_nothing(
    house: House, ann: Window, path: Path
) -> None:
    for text in ("x", "xy", "xyz"):
        ann.show(path, text)
    assert await holders(house) == [("ann (Vim)", State.DIRTY)]
    assert [type(event) for event in house.events] == [LeaseGranted]


async def test_an_unsaved_buffer_is_never_taken_by_a_clock(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    await house.pass_time(1_000_000)
    assert await holders(house) == [("ann (Vim)", State.DIRTY)]


async def test_a_saved_file_is_kept_a_minute(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    ann.save(path)
    assert await holders(house) == [("ann (Vim)", State.SAVED)]
    ann.show(path, "xy")
    assert await holders(house) == [("ann (Vim)", State.DIRTY)]
    ann.save(path)
    await house.pass_time(61)
    assert await holders(house) == []


async def test_what_the_editor_reads_anew_after_an_agents_write_is_not_the_persons_change(
    house: House, ann: Window, path: Path
) -> None:
    await house.write("s1", path)
    house.file("a.py", "the agent's\n")
    ann.show(path, "the agent's\n")
    assert await holders(house) == [("Claude Code s1", State.HELD)]
    assert await house.look(lambda tx: tx.waiters.waiting()) == []


async def test_an_undo_back_to_what_was_saved_is_like_a_save(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    assert (await house.write("s1", path))[0] == 2
    ann.show(path, "a = 1\n")
    assert await holders(house) == [("Claude Code s1", State.HELD)]


async def test_a_closed_file_is_let_go(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    ann.close(path)
    assert await holders(house) == []
    ann.show(path, "xy")  # an editor's slip
    assert await holders(house) == []


async def test_an_editor_that_says_goodbye_lets_go_at_once(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    await ann.ask("shutdown")
    ann.notify("exit")
    ann.leave(clean=True)
    assert await holders(house) == []
    assert await house.look(lambda tx: tx.sessions.all()) == []


async def test_an_editor_that_vanishes_is_waited_for(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    ann.leave(clean=False)
    assert await holders(house) == [("ann (Vim)", State.VANISHED)]
    await house.pass_time(11)
    assert await holders(house) == []


async def test_a_file_that_was_asked_for_is_lost_like_any_other_when_the_editor_vanishes(
    house: House, ann: Window, path: Path
) -> None:
    await ann.command({"command": "lspOrch.lease.request", "arguments": [uri(path)]})
    ann.leave(clean=False)
    await house.pass_time(11)
    assert await holders(house) == []


async def test_an_editor_that_comes_and_goes_without_a_word_leaves_no_trace(house: House) -> None:
    house.editor().leave(clean=False)
    assert await house.look(lambda tx: tx.sessions.all()) == []


async def test_a_failed_keystroke_is_tried_again_with_the_next(
    house: House, ann: Window, path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(house.leases, "acquire", lambda *_: 1 / 0)
        ann.show(path, "x")
        assert await holders(house) == []
    assert "a buffer's lease could not be kept" in caplog.text
    ann.show(path, "xy")
    assert await holders(house) == [("ann (Vim)", State.DIRTY)]


# --- which file ---


@pytest.mark.parametrize(
    "address",
    ["file:///elsewhere/settings.json", "untitled:Untitled-1", "file:relative", "file://[", "git:/ws/a.py"],
)
async def test_what_lies_in_no_workspace_is_nobodys_business(house: House, address: str) -> None:
    ann = house.editor()
    ann.open(address)
    ann.show(address, "x")
    ann.save(address)
    assert await ann.actions(address) == []
    ann.close(address)
    assert await holders(house) == []


async def test_a_file_of_another_checkout_counts(house: House, tmp_path: Path) -> None:
    (tmp_path / "other" / ".git").mkdir(parents=True)
    path = tmp_path / "other" / "b.py"
    ann = house.editor()
    ann.open(path)
    ann.show(path, "x")
    assert [lease.workspace for lease in await house.live()] == [str(tmp_path / "other")]


async def test_two_links_to_a_file_are_one_file(house: House, ann: Window, bob: Window, path: Path) -> None:
    link = house.root / "link.py"
    link.symlink_to(path)
    bob.open(link)
    ann.show(path, "x")
    await house.live()
    assert len(bob.diagnostics(path)) == len(bob.diagnostics(link)) == 1
    bob.close(path)
    bob.show(link, "y")
    assert len(await house.live()) == 1
    assert len(await house.look(lambda tx: tx.waiters.waiting())) == 1


async def test_one_of_two_links_closed_keeps_the_file(house: House, ann: Window, path: Path) -> None:
    link = house.root / "link.py"
    link.symlink_to(path)
    ann.open(link)
    ann.show(path, "x")
    ann.close(link)
    assert await holders(house) == [("ann (Vim)", State.DIRTY)]


async def test_a_name_that_is_not_utf8_is_one_file_for_everybody(house: House) -> None:
    address = f"{house.root.as_uri()}/caf%E9.py"
    ann = house.editor()
    ann.open(address)
    ann.show(address, "x")
    [lease] = await house.live()
    assert lease.scopes[0].key == rf"{house.root}/caf\xe9.py"
    answer = await house.terminal().ask(
        "lease.acquire", {"paths": ["caf\udce9.py"], "workspace": str(house.root), "as": "bob"}
    )
    assert answer["result"]["granted"] is False


# --- what is seen ---


async def test_the_other_editor_is_told_who_is_at_work_until_they_are_done(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    assert messages(bob, path) == []
    ann.show(path, "x")
    await house.live()
    assert messages(bob, path) == ["ann (Vim) has unsaved changes in this file since 08:00 UTC."]
    assert messages(ann, path) == []
    ann.save(path)
    await house.live()
    assert messages(bob, path) == ["ann (Vim) is working on this file since 08:00 UTC."]
    await house.pass_time(61)
    assert messages(bob, path) == []


async def test_who_opens_a_held_file_is_told_at_once(house: House, ann: Window, path: Path) -> None:
    ann.show(path, "x")
    await house.live()
    bob = house.editor("bob")
    bob.open(path)
    [told] = bob.diagnostics(path)
    assert (told["code"], told["source"], told["severity"]) == ("lease-held", "lsp-orch", 3)
    assert told["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}


async def test_who_types_into_a_held_file_is_warned_and_told_when_it_is_theirs(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    ann.show(path, "x")
    bob.show(path, "y")
    await house.live()
    [told] = bob.diagnostics(path)
    assert told["severity"] == 2
    assert told["message"].endswith("It will be yours when they have finished.")
    assert messages(ann, path) == [
        "bob (an editor) waits for this file: it is theirs as soon as you save or release it."
    ]
    ann.save(path)
    assert await holders(house) == [("bob (an editor)", State.DIRTY)]
    assert bob.told() == ["lsp-orch: a.py is yours now."]
    assert ann.told() == ["lsp-orch: bob (an editor) waits for a.py. A code action lets you hand it over."]
    assert messages(bob, path) == []
    assert len(messages(ann, path)) == 1


async def test_an_agent_that_waits_is_shown_to_the_person_who_holds(
    house: House, ann: Window, path: Path
) -> None:
    ann.show(path, "x")
    await house.write("s1", path)
    assert messages(ann, path) == [
        "Claude Code s1 waits for this file: it is theirs as soon as you save or release it."
    ]
    ann.save(path)
    await house.live()
    assert messages(ann, path) == ["Claude Code s1 is working on this file since 08:00 UTC (Edit)."]


async def test_a_lease_without_progress_is_shown_as_that_until_there_is_some(
    house: House, ann: Window, path: Path
) -> None:
    await house.write("s1", path)

    def contest(tx: Tx) -> None:
        for lease in tx.leases.live():
            tx.leases.update(contested := replace(lease, contested=True, progress_at=START + 600))
            tx.announce(LeaseChanged(lease=contested))

    await house.look(contest)
    since = "Claude Code s1 is working on this file since 08:00 UTC (Edit)"
    assert messages(ann, path) == [f"{since}, without progress since 08:10 UTC."]
    await house.write("s1", path)
    assert messages(ann, path) == [f"{since}."]


async def test_a_renewal_shows_nothing_new(house: House, ann: Window, path: Path) -> None:
    await house.write("s1", path)
    before = len(ann.peer.messages)
    await house.hook({"hook_event_name": "PostToolUse", "session_id": "s1"})
    assert len(ann.peer.messages) == before


async def test_an_editor_is_told_only_of_files_it_shows(house: House, ann: Window) -> None:
    before = len(ann.peer.messages)
    await house.write("s1", house.file("b.py"))
    assert len(ann.peer.messages) == before


async def test_a_closed_file_shows_nothing_any_more(house: House, ann: Window, path: Path) -> None:
    await house.write("s1", path)
    assert len(ann.diagnostics(path)) == 1
    ann.close(path)
    assert ann.diagnostics(path) == []


async def test_an_editor_that_opted_in_is_pushed_the_leases(house: House, path: Path) -> None:
    ann = house.editor("ann", capabilities={"experimental": {"lspOrch": {}}})
    await house.write("s1", path)
    pushed = await ann.peer.request("lspOrch/leases")
    assert [each["resources"] for each in pushed["params"]["leases"]] == [["a.py"]]
    house.clock.advance(60)
    await house.hook({"hook_event_name": "PostToolUse", "session_id": "s1"})
    [lease] = (await ann.ask("lspOrch/leases", {}))["result"]["leases"]
    assert lease["expires_at"] == "2027-01-15T08:03:00.000Z"  # two minutes from the last sign of life


# --- what is offered ---


async def test_nothing_is_offered_for_a_free_file(ann: Window, path: Path) -> None:
    assert await ann.actions(path) == []


async def test_a_person_asks_for_a_held_file_and_stops_waiting(house: House, ann: Window, path: Path) -> None:
    await house.write("s1", path)
    offer, *_ = await ann.actions(path)
    assert offer["title"] == "lsp-orch: Ask for this file (held by Claude Code s1)"
    answer = await ann.command(offer["command"])
    assert (answer["granted"], answer["ticket"]["position"]) == (False, 1)
    offer, *_ = await ann.actions(path)
    assert offer["title"] == "lsp-orch: Stop waiting for this file"
    assert await ann.command(offer["command"]) == {"released": True}
    assert await house.look(lambda tx: tx.waiters.waiting()) == []


async def test_a_person_is_told_when_what_they_asked_for_is_theirs(
    house: House, ann: Window, path: Path
) -> None:
    await house.write("s1", path)
    offer, *_ = await ann.actions(path)
    await ann.command(offer["command"])
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s1"})
    assert await holders(house) == [("ann (Vim)", State.HELD)]
    assert ann.told() == ["lsp-orch: a.py is yours now."]


async def test_a_person_releases_an_unsaved_file_and_the_next_keystroke_asks_again(
    house: House, ann: Window, path: Path
) -> None:
    ann.show(path, "x")
    await house.live()
    [offer] = await ann.actions(path)
    assert offer["title"] == "lsp-orch: Release this file"
    await ann.command(offer["command"])
    assert await holders(house) == []
    ann.show(path, "xy")
    assert await holders(house) == [("ann (Vim)", State.DIRTY)]


async def test_a_command_for_no_file_of_ours_is_answered(house: House) -> None:
    ann = house.editor()
    arguments = ["file:///elsewhere.py"]
    released = await ann.command({"command": "lspOrch.lease.release", "arguments": arguments})
    assert released == {"released": False}
    asked = {"command": "lspOrch.lease.request", "arguments": arguments}
    refused = (await ann.ask("workspace/executeCommand", asked))["error"]
    assert refused["data"]["code"] == "path-outside"


async def test_a_person_whose_editor_comes_back_with_unsaved_work_has_the_file_again_at_once(
    house: House, path: Path, ann: Window
) -> None:
    ann.show(path, "b = 2\n")
    status, _ = await house.write("s1", path)
    assert status == 2
    ann.role.lost(clean=False)
    back = house.editor("ann")
    back.open(path, "b = 2\n")
    [lease] = await house.live()
    assert (lease.state, lease.holder.id) == (State.DIRTY, back.session.holder_id)
    assert len(await house.look(lambda tx: tx.waiters.waiting())) == 1


async def test_what_a_vanished_editor_had_is_not_given_to_who_only_looks(
    house: House, path: Path, ann: Window
) -> None:
    ann.show(path, "b = 2\n")
    ann.role.lost(clean=False)
    house.editor("ann").open(path)
    [lease] = await house.live()
    assert (lease.state, lease.holder.id) == (State.VANISHED, ann.session.holder_id)


@pytest.mark.parametrize("text", ["a = 1", "a = 1\r\n", "a = 1\n"])
async def test_a_file_that_is_shown_as_it_is_stays_free(house: House, path: Path, text: str) -> None:
    house.editor("ann").open(path, text)
    assert await house.live() == []


async def test_a_file_that_is_not_utf8_stays_free_when_it_is_opened(house: House) -> None:
    path = house.root / "latin.txt"
    path.write_bytes(b"caf\xe9\n")
    house.editor("ann").open(path, "caf\u00e9\n")
    assert await house.live() == []


async def test_a_new_file_is_taken_when_it_opens_with_text(house: House) -> None:
    house.editor("ann").open(house.root / "empty.py", "")
    assert await house.live() == []
    house.editor("ann").open(house.root / "skeleton.py", "# licence\n")
    [lease] = await house.live()
    assert lease.scopes[0].key.endswith("skeleton.py")
