"""What an agent is told before it writes, and what becomes of its leases afterwards."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.lease import State
from lsp_orch.domain.settings import Mode, Settings
from lsp_orch.domain.version import Why
from tests.endpoints.house import House, Window
from tests.fixtures.clock import START


async def held_by_ann(house: House) -> tuple[Path, Window]:
    """A file that a person has begun to change."""
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    ann.show(path, "ann's")
    await house.live()
    return path, ann


def keys(house: House) -> list[str]:
    return [scope.key for lease in house.view.leases() for scope in lease.scopes]


async def test_a_free_file_is_leased_to_the_agent(house: House) -> None:
    path = house.file("a.py")
    assert await house.write("s1", path) == (0, "")
    [lease] = await house.live()
    assert (lease.holder.id, lease.holder.name, lease.reason) == ("s1", "Claude Code s1", "Edit")
    assert keys(house) == [str(path)]
    assert lease.workspace == str(house.root)


async def test_the_holder_may_write_again(house: House) -> None:
    path = house.file("a.py")
    assert await house.write("s1", path) == await house.write("s1", path) == (0, "")
    assert len(await house.live()) == 1


@pytest.mark.parametrize("mode", ["enforce", "advise"])
async def test_a_refusal_says_who_since_when_the_place_and_what_to_do(house: House, mode: str) -> None:
    path, _ = await held_by_ann(house)
    status, text = await house.hook(house.tool("s1", path), mode)
    [waiter] = await house.look(lambda tx: tx.waiters.waiting())
    assert status == 2
    assert text.startswith("[lease-held] a.py is not yours to write now: a person, ann (Vim),")
    assert "has unsaved changes in it since 08:00 UTC" in text
    assert f"number 1 in the queue (ticket {waiter.id}, valid 30 min)" in text
    assert "Do something else meanwhile and then repeat this very call" in text
    assert "Nothing was written" in text


async def test_the_second_in_the_queue_is_told_so(house: House) -> None:
    path = house.file("a.py")
    await house.write("s1", path)
    await house.write("s2", path)
    status, text = await house.write("s3", path)
    assert status == 2
    assert "Claude Code s1 is working on it since 08:00 UTC" in text
    assert "number 2 in the queue" in text


async def test_who_is_in_the_way_without_progress_is_said_to_be(house: House) -> None:
    path = house.file("a.py")
    await house.write("s1", path)
    house.clock.advance(2820)
    (held,) = await house.live()
    await house.look(lambda tx: tx.leases.update(replace(held, contested=True, progress_at=START + 600)))
    _, text = await house.write("s2", path)
    assert "Claude Code s1 is working on it since 08:00 UTC, without progress since 08:10 UTC." in text


async def test_a_refused_agent_keeps_its_place(house: House) -> None:
    path = house.file("a.py")
    await house.write("s1", path)
    _, first = await house.write("s2", path)
    await house.write("s3", path)
    house.clock.advance(60)
    _, again = await house.write("s2", path)
    assert first == again


async def test_the_grant_is_pushed_to_the_waiting_hook_after_the_save(tmp_path: Path) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=60.0))
    path, ann = await held_by_ann(house)
    call = house.ask_hook(house.tool("s1", path))
    await house.until(lambda: len(house.lobby) == 1)
    assert not call.closed
    ann.save(path)
    assert await call.verdict() == (0, "")
    assert [lease.holder.id for lease in await house.live()] == ["s1"]
    assert len(house.lobby) == 0
    await house.close()


@pytest.mark.parametrize(
    ("tool", "named"),
    [("Write", "file_path"), ("MultiEdit", "file_path"), ("NotebookEdit", "notebook_path")],
)
async def test_every_tool_that_writes_asks(house: House, tool: str, named: str) -> None:
    path = house.file("a.ipynb")
    assert (await house.write("s1", "", tool_name=tool, tool_input={named: str(path)}))[0] == 0
    assert keys(house) == [str(path)]


async def test_a_tool_that_only_reads_takes_nothing(house: House) -> None:
    path, _ = await held_by_ann(house)
    assert await house.write("s1", path, tool_name="Read") == (0, "")
    assert len(await house.live()) == 1


async def test_a_path_outside_every_workspace_is_nobodys_to_guard(house: House, tmp_path: Path) -> None:
    assert await house.write("s1", tmp_path / "elsewhere.py") == (0, "")
    assert await house.live() == []


async def test_a_folder_that_is_no_checkout_is_guarded_where_the_agent_works(
    house: House,
) -> None:
    inside = house.root.parent / "plain" / "a.py"
    assert await house.write("s1", inside, cwd=str(inside.parent)) == (0, "")
    assert (await house.write("s2", inside, cwd=str(inside.parent)))[0] == 2


async def test_two_links_to_a_file_are_one_file(house: House, tmp_path: Path) -> None:
    path = house.file("a.py")
    (house.root / "link.py").symlink_to(path)
    (tmp_path / "door").symlink_to(house.root)
    await house.write("s1", house.root / "link.py")
    assert keys(house) == [str(path)]
    assert (await house.write("s2", tmp_path / "door" / "a.py"))[0] == 2
    assert (await house.write("s2", "./sub/../a.py"))[0] == 2


async def test_a_file_that_is_yet_to_be_made_is_guarded(house: House) -> None:
    new = house.root / "new" / "b.py"
    assert (await house.write("s1", new))[0] == 0
    assert (await house.write("s2", new))[0] == 2


async def test_a_subagent_holds_for_itself_and_ends_with_its_session(house: House) -> None:
    path = house.file("a.py")
    await house.write("s1", path, agent_id="sub")
    assert [lease.holder.id for lease in await house.live()] == ["s1/sub"]
    assert (await house.write("s1", path))[0] == 2
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s1"})
    assert await house.live() == []
    assert await house.look(lambda tx: tx.waiters.waiting()) == []


async def test_a_subagent_that_stops_leaves_its_sessions_leases_alone(house: House) -> None:
    await house.write("s1", house.file("a.py"))
    await house.write("s1", house.file("b.py"), agent_id="sub")
    await house.hook({"hook_event_name": "SubagentStop", "session_id": "s1", "agent_id": "sub"})
    assert [lease.state for lease in await house.live()] == [State.HELD, State.STOPPED]


async def test_a_subagent_without_a_name_stops_nobody_else(house: House) -> None:
    path, _ = await held_by_ann(house)
    await house.write("s1", house.file("b.py"))
    await house.write("s1", path)
    await house.hook({"hook_event_name": "SubagentStop", "session_id": "s1"})
    assert State.STOPPED not in {lease.state for lease in await house.live()}
    assert len(await house.look(lambda tx: tx.waiters.waiting())) == 1


async def test_an_agent_that_stops_keeps_its_files_a_moment(house: House) -> None:
    await house.write("s1", house.file("a.py"))
    await house.hook({"hook_event_name": "Stop", "session_id": "s1"})
    await house.pass_time(4)
    assert len(await house.live()) == 1
    await house.pass_time(2)
    assert await house.live() == []


async def test_any_event_is_a_sign_of_life(house: House) -> None:
    await house.write("s1", house.file("a.py"))
    for _ in range(3):
        await house.pass_time(100)
        await house.hook({"hook_event_name": "NeverHeardOf", "session_id": "s1"})
    assert len(await house.live()) == 1
    await house.pass_time(121)
    assert await house.live() == []


async def test_a_session_whose_process_is_gone_is_reaped(house: House) -> None:
    house.processes.running[7] = house.clock.now()
    await house.hook(house.tool("s1", house.file("a.py")), pid=7)
    await house.look(house.sessions.reap)
    assert len(await house.live()) == 1
    house.processes.running[7] = house.clock.now() + 1  # the number belongs to somebody else now
    await house.look(house.sessions.reap)
    assert await house.live() == []


async def test_who_was_taken_for_dead_is_told_once_and_goes_on(house: House) -> None:
    path = house.file("a.py")
    house.processes.running[7] = house.clock.now()
    await house.hook(house.tool("s1", path), pid=7)
    house.processes.running.clear()
    await house.look(house.sessions.reap)
    await house.write("s2", path)
    house.processes.running[8] = house.clock.now()
    after = {**house.tool("s1", path), "hook_event_name": "PostToolUse"}
    assert await house.hook(after, pid=8) == (0, "")  # it is here, and does not know what it has lost
    other = house.tool("s1", house.file("b.py"))
    status, text = await house.hook(other, pid=8)
    assert status == 2
    assert text == (
        "[session-reaped] You were taken for dead at 08:00 UTC, and what you held has ended. "
        "a.py is held by Claude Code s2 now. Files may have changed: read them again. "
        "You are registered again now: repeat the call. Nothing was written."
    )
    assert [lease.holder.id for lease in await house.live()] == ["s2"]
    assert await house.hook(other, pid=8) == (0, "")
    assert [lease.holder.id for lease in await house.live()] == ["s2", "s1"]


async def taken_for_dead(house: House, session: str, path: Path) -> None:
    """A session that holds a file, whose process ends."""
    house.processes.running[7] = house.clock.now()
    await house.hook(house.tool(session, path), pid=7)
    house.processes.running.clear()
    await house.look(house.sessions.reap)
    house.processes.running[8] = house.clock.now()


async def test_a_command_of_a_session_that_was_taken_for_dead_is_refused_once_like_a_write(
    house: House,
) -> None:
    await taken_for_dead(house, "s1", house.file("a.py"))
    status, text = await house.run("s1", "echo x > b.py")
    assert status == 2
    assert text.startswith("[session-reaped] You were taken for dead")
    assert await house.live() == []
    assert await house.run("s1", "echo x > b.py") == (0, "")
    assert [lease.holder.id for lease in await house.live()] == ["s1"]


@pytest.mark.parametrize("first", ["PreToolUse", "UserPromptSubmit"])
async def test_who_comes_back_does_not_write_over_what_others_wrote_meanwhile(
    house: House, first: str
) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    await taken_for_dead(house, "s1", path)
    await house.write("s2", path)
    house.file("a.py", "two\n")
    await house.done("s2", path)
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s2"})
    told = await house.hook({**house.tool("s1", path), "hook_event_name": first}, pid=8)
    assert ("[session-reaped]" in told[1]) == (first == "PreToolUse")
    status, text = await house.hook(house.tool("s1", path), pid=8)
    assert status == 2
    assert text.startswith("[lease-stale-read] a.py is not what you read")
    assert "Claude Code s2 wrote it" in text
    await house.read("s1", path)
    assert await house.hook(house.tool("s1", path), pid=8) == (0, "")


@pytest.mark.parametrize("event", ["SessionStart", "UserPromptSubmit"])
async def test_a_session_that_begins_anew_is_registered_silently(house: House, event: str) -> None:
    path = house.file("a.py")
    house.processes.running[7] = house.clock.now()
    await house.hook(house.tool("s1", path), pid=7)
    house.processes.running.clear()
    await house.look(house.sessions.reap)
    house.processes.running[8] = house.clock.now()
    begin = {"hook_event_name": event, "session_id": "s1", "cwd": str(house.root)}
    assert await house.hook(begin, pid=8) == (0, "")
    assert await house.hook(house.tool("s1", path), pid=8) == (0, "")


async def test_a_session_that_lost_much_is_told_the_first_of_it(house: House) -> None:
    house.processes.running[7] = house.clock.now()
    for number in range(7):
        await house.hook(house.tool("s1", house.file(f"{number}.py")), pid=7)
    house.processes.running.clear()
    await house.look(house.sessions.reap)
    _, text = await house.write("s1", "0.py")
    assert "0.py is held by nobody now; 1.py is" in text
    assert "; and 2 more. Files" in text


async def test_a_waiting_hook_of_a_session_that_is_reaped_does_not_get_the_file(tmp_path: Path) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=60.0))
    path, ann = await held_by_ann(house)
    house.processes.running[7] = house.clock.now()
    call = house.ask_hook(house.tool("s1", path), pid=7)
    await house.until(lambda: len(house.lobby) == 1)
    house.processes.running.clear()
    await house.look(house.sessions.reap)
    status, _ = await call.verdict()
    assert status == 2
    ann.save(path)
    assert "s1" not in {lease.holder.id for lease in await house.live()}
    await house.close()


async def test_a_new_session_is_given_its_notes(house: House) -> None:
    start = {"hook_event_name": "SessionStart", "session_id": "s1", "cwd": str(house.root)}
    assert await house.hook(start) == (0, "")
    house.notes = "Use tabs, café."
    status, text = await house.hook(start)
    assert status == 0
    assert json.loads(text) == {
        "hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "Use tabs, café."}
    }


WRITES = {"hook_event_name": "PreToolUse", "session_id": "s1", "tool_name": "Edit"}
BAD: dict[str, Any] = {
    "not JSON": b"\xff{",
    "nested without end": b"[" * 100_000,
    "no object": [1],
    "no event": {"session_id": "s1"},
    "no session": {"hook_event_name": "Stop"},
    "an empty session": {"hook_event_name": "SessionEnd", "session_id": ""},
    "a session that is no identifier": {"hook_event_name": "SessionEnd", "session_id": "\ud800"},
    "a session that is a number": {"hook_event_name": "Stop", "session_id": 7},
    "a folder that is a list": {**WRITES, "cwd": []},
    "input that is a string": {**WRITES, "tool_input": "a.py"},
    "a tool that does not say where it writes": {**WRITES, "tool_input": {}},
    "a path that is a number": {**WRITES, "tool_input": {"file_path": 7}},
    "a path with a NUL": {**WRITES, "tool_input": {"file_path": "a\0b"}},
    "a path with half a character": {**WRITES, "tool_input": {"file_path": "\ud800"}},
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD)
async def test_what_cannot_be_understood_is_refused_in_enforce_and_warned_of_in_advise(
    house: House, document: Any
) -> None:
    bob = house.terminal()
    await bob.ask("lease.acquire", {"paths": ["x"], "workspace": str(house.root), "as": "bob"})
    status, text = await house.hook(document, "enforce")
    assert status == 2
    assert text.startswith("[bad-request] ")
    status, text = await house.hook(document, "advise")
    assert status == 0
    assert json.loads(text)["systemMessage"].startswith("lsp-orch: [bad-request] ")
    assert len(await house.live()) == 1  # whatever was meant, nobody else's lease


async def test_a_hook_that_names_no_mode_has_the_one_of_the_settings(house: House) -> None:
    assert (await house.hook(b"{", ""))[0] == 0
    house.settings = Settings(mode=Mode.ENFORCE)
    assert (await house.hook(b"{", ""))[0] == 2
    assert (await house.hook(b"{", "advise"))[0] == 0


async def test_our_own_failure_refuses_a_write_and_never_a_stop(house: House) -> None:
    path = house.file("a.py")
    [pages] = house.store._db.execute("PRAGMA page_count").fetchone()
    house.store._db.execute(f"PRAGMA max_page_count = {pages}")
    many = [house.tool(f"s{number}-{'x' * 300}", path) for number in range(200)]
    answers = [await house.hook(each, "enforce") for each in many]
    status, text = answers[-1]
    assert status == 2
    assert text.startswith("[disk-full] ")
    stop = {"hook_event_name": "Stop", "session_id": many[-1]["session_id"]}
    status, text = await house.hook(stop, "enforce")
    assert status == 0
    assert "[disk-full]" in json.loads(text)["systemMessage"]


async def test_a_bug_of_ours_is_answered_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.leases, "acquire", stumble)
    call = house.tool("s1", house.file("a.py"))
    assert (await house.hook(call, "enforce"))[0] == 2
    status, text = await house.hook(call, "advise")
    assert status == 0
    assert "[internal]" in json.loads(text)["systemMessage"]


async def test_the_hook_says_the_mode_and_the_setting_where_it_does_not(house: House) -> None:
    assert (await house.hook(b"?", "enforce"))[0] == 2
    assert (await house.hook(b"?"))[0] == 0  # the house's setting
    assert (await house.hook(b"?", "nonsense"))[0] == 0


async def test_what_a_file_says_is_kept_before_it_is_written_and_after(house: House) -> None:
    path = house.file("a.py", "old")
    assert await house.write("s1", path) == (0, "")
    path.write_text("new")
    await house.hook({**house.tool("s1", path), "hook_event_name": "PostToolUse"})
    kept = [(name, why, text) for name, _, why, text in house.kept]
    assert kept == [("a.py", Why.BEFORE_WRITE, "old"), ("a.py", Why.AFTER_WRITE, "new")]


async def test_nothing_is_kept_of_a_write_that_is_refused(house: House) -> None:
    path, _ = await held_by_ann(house)
    assert (await house.write("s1", path))[0] == 2
    assert house.kept == []
