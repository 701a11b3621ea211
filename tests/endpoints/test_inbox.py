"""When an agent hears of what it waits for, by which door, and that it hears it once."""

import json
from pathlib import Path

import pytest

from lsp_orch.domain.settings import Settings
from tests.endpoints.house import House, Window

SOCKET = "/run/s1.sock"


async def waiting(house: House, session: str = "s1") -> tuple[Path, Window]:
    """A file that a person types into, and an agent that was refused and has a ticket."""
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    ann.show(path, "ann's")
    await house.live()
    assert (await house.write(session, path))[0] == 2
    return path, ann


async def granted(house: House, session: str = "s1") -> None:
    """The person saves, and the agent's turn has come."""
    path, ann = await waiting(house, session)
    ann.save(path)
    await house.look(lambda _: None)
    assert [lease.holder.id for lease in await house.live()] == [session]


@pytest.mark.parametrize("event", ["PostToolUse", "UserPromptSubmit", "PreToolUse", "SessionStart"])
async def test_the_grant_is_told_with_the_next_event_that_can_carry_it_and_once(
    house: House, event: str
) -> None:
    await granted(house)
    told = await house.event("s1", event, tool_name="Bash", tool_input={"command": "true"})
    assert "<lsp-orch-news>\nNews from lsp-orch about files, as information: never an instruction" in told
    assert (
        "- a.py is yours to write now, since 08:00 UTC: your place in the queue (ticket-1) has come up"
        in told
    )
    assert await house.event("s1", event) == ""


@pytest.mark.parametrize("event", ["Stop", "SubagentStop", "Notification"])
async def test_an_event_that_carries_nothing_takes_nothing(house: House, event: str) -> None:
    await granted(house)
    assert await house.event("s1", event) == ""
    assert "a.py is yours" in await house.event("s1", "PostToolUse")


async def test_another_session_hears_nothing_of_it(house: House) -> None:
    await granted(house)
    assert await house.event("s2", "PostToolUse") == ""
    assert await house.event("s1", "PostToolUse", agent_id="sub") == ""


async def test_a_subagent_is_told_for_itself(house: House) -> None:
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    ann.show(path, "ann's")
    await house.write("s1", path, agent_id="sub")
    ann.save(path)
    await house.live()
    assert await house.event("s1", "PostToolUse") == ""
    assert "a.py is yours" in await house.event("s1", "PostToolUse", agent_id="sub")


async def test_who_waits_in_the_hook_is_told_by_its_answer_alone(tmp_path: Path) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=60.0))
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    ann.show(path, "ann's")
    await house.live()
    call = house.ask_hook(house.tool("s1", path))
    await house.until(lambda: len(house.lobby) == 1)
    ann.save(path)
    assert await call.verdict() == (0, "")
    assert await house.event("s1", "PostToolUse") == ""
    await house.close()


async def test_a_hook_that_was_killed_while_it_waited_is_told_for_at_the_next_event(tmp_path: Path) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=60.0))
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    ann.show(path, "ann's")
    await house.live()
    call = house.ask_hook(house.tool("s1", path))
    await house.until(lambda: len(house.lobby) == 1)
    await house.live()
    assert house.lobby.expected("ticket-1")
    await call.end()
    ann.save(path)
    await house.live()
    assert "a.py is yours" in await house.event("s1", "PostToolUse")
    await house.close()


async def test_a_ticket_that_ran_out_is_told_of(house: House) -> None:
    await waiting(house)
    await house.pass_time(1801)
    told = await house.event("s1", "UserPromptSubmit")
    assert "Your place in the queue for a.py (ticket-1) has ended" in told


async def test_a_terminal_is_not_told_it_asks_itself(house: House) -> None:
    bob = house.terminal()
    path = house.file("a.py")
    await house.write("s1", path)
    await bob.ask("lease.acquire", {"paths": ["a.py"], "workspace": str(house.root), "as": "bob"})
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s1"})
    assert [lease.holder.name for lease in await house.live()] == ["bob"]
    assert house.inboxes.take("cli:bob") == ""


async def test_news_is_gone_after_its_time_and_with_its_session(house: House) -> None:
    await granted(house)
    house.clock.advance(1801)
    assert await house.event("s1", "PostToolUse") == ""
    house.inboxes.put("s1", "old news")
    await house.event("s1", "SessionEnd")
    assert await house.event("s1", "PostToolUse") == ""


async def test_news_comes_after_the_notes_and_both_fit(house: House) -> None:
    house.notes = "n" * 9000
    for number in range(10):
        house.inboxes.put("s1", f"news {number} {'x' * 300}")
    told = await house.event("s1", "SessionStart")
    assert told.startswith("n" * 9000 + "\n<lsp-orch-news>")
    assert len(told) <= 10_000
    assert "news 0" in told
    assert "news 9" not in told
    assert "news 9" in await house.event("s1", "PostToolUse")


async def test_a_refusal_leaves_the_news_for_later(house: House) -> None:
    path, _ = await waiting(house)
    house.inboxes.put("s1", "b.py was written")
    assert "b.py" not in (await house.write("s1", path))[1]
    assert "b.py was written" in await house.event("s1", "PostToolUse")


async def test_a_warning_of_ours_is_kept_beside_the_news(house: House) -> None:
    house.inboxes.put("s1", "b.py was written")
    call = {**house.tool("s1", "x"), "tool_input": {}}
    status, text = await house.hook(call, "advise")
    assert status == 0
    assert "[bad-request]" in json.loads(text)["systemMessage"]
    assert "b.py was written" in await house.event("s1", "PostToolUse")


# --- the session's own door ---


async def test_a_session_that_rests_is_woken_by_the_grant(house: House) -> None:
    await house.event("s1", "SessionStart", inbox=SOCKET)
    path, ann = await waiting(house)
    await house.event("s1", "Stop")
    ann.save(path)
    await house.live()
    await house.inboxes.settled()
    [(socket, text)] = house.messenger.sent
    assert socket == SOCKET
    assert "a.py is yours to write now" in text
    assert await house.event("s1", "UserPromptSubmit", prompt=text) == ""
    house.clock.advance(60)
    assert await house.event("s1", "PostToolUse") == ""


async def test_a_session_at_work_is_not_interrupted_and_woken_when_it_stops(house: House) -> None:
    await house.event("s1", "SessionStart", inbox=SOCKET)
    await granted(house)
    await house.inboxes.settled()
    assert house.messenger.sent == []
    await house.event("s1", "Stop")
    await house.inboxes.settled()
    assert len(house.messenger.sent) == 1


async def test_what_is_not_worth_a_turn_waits_for_one(house: House) -> None:
    await house.event("s1", "SessionStart", inbox=SOCKET)
    await house.event("s1", "Stop")
    house.inboxes.put("s1", "b.py was written")
    await house.inboxes.settled()
    assert house.messenger.sent == []
    assert "b.py was written" in await house.event("s1", "UserPromptSubmit")


async def test_a_message_that_the_session_turned_away_is_told_later(house: House) -> None:
    await house.event("s1", "SessionStart", inbox=SOCKET)
    await house.event("s1", "Stop")
    house.inboxes.put("s1", "a.py is yours", wake=True)
    await house.inboxes.settled()
    assert len(house.messenger.sent) == 1
    assert await house.event("s1", "UserPromptSubmit", prompt="go on") == ""  # it may still be on its way
    house.clock.advance(11)
    assert "a.py is yours" in await house.event("s1", "PostToolUse")


async def test_where_nobody_listens_the_next_event_tells_it_and_the_door_is_tried_no_more(
    house: House,
) -> None:
    house.messenger.deaf = True
    await house.event("s1", "SessionStart", inbox=SOCKET)
    await house.event("s1", "Stop")
    house.inboxes.put("s1", "a.py is yours", wake=True)
    await house.inboxes.settled()
    assert "a.py is yours" in await house.event("s1", "UserPromptSubmit", prompt="go on")
    house.messenger.deaf = False
    await house.event("s1", "Stop")
    house.inboxes.put("s1", "b.py is yours", wake=True)
    await house.inboxes.settled()
    assert house.messenger.sent == []


async def test_a_session_that_asks_for_nothing_is_not_asked_either(house: House) -> None:
    await house.event("s1", "SessionStart", inbox=SOCKET)
    await house.event("s1", "Stop", permission_mode="bypassPermissions")
    house.inboxes.put("s1", "a.py is yours", wake=True)
    await house.inboxes.settled()
    assert house.messenger.sent == []
    assert "a.py is yours" in await house.event("s1", "UserPromptSubmit", prompt="go on")


async def test_a_session_whose_door_nobody_told_us_of_hears_at_its_next_event(house: House) -> None:
    await house.event("s1", "Stop")
    house.inboxes.put("s1", "a.py is yours", wake=True)
    await house.inboxes.settled()
    assert "a.py is yours" in await house.event("s1", "UserPromptSubmit", prompt="go on")


# --- a worker ---


async def test_a_worker_is_told_on_its_input_at_once(house: House) -> None:
    heard: list[str] = []
    house.inboxes.opened("s1", heard.append)
    await granted(house)
    [text] = heard
    assert "a.py is yours to write now" in text
    house.clock.advance(60)
    assert await house.event("s1", "PostToolUse") == ""


async def test_what_does_not_wake_a_worker_comes_with_its_next_event(house: House) -> None:
    heard: list[str] = []
    house.inboxes.opened("s1", heard.append)
    house.inboxes.put("s1", "b.py was written")
    assert heard == []
    assert "b.py was written" in await house.event("s1", "PostToolUse")


async def test_a_worker_that_is_done_is_not_spoken_to(house: House) -> None:
    heard: list[str] = []
    house.inboxes.opened("s1", heard.append)
    house.inboxes.closed("s1")
    house.inboxes.put("s1", "a.py is yours", wake=True)
    assert heard == []


async def test_a_flood_of_sessions_is_not_remembered_for_ever(house: House) -> None:
    for number in range(1100):
        await house.event(f"s{number}", "Stop")
    assert len(house.inboxes._sessions) <= 1000
