"""Nobody writes over what they have not seen."""

from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.settings import Settings
from tests.endpoints.house import House

EDIT = {"old_string": "one", "new_string": "1"}


def edit(path: Path, **fields: Any) -> dict[str, Any]:
    return {"tool_input": {"file_path": str(path), **EDIT, **fields}}


async def write(house: House, session: str, path: Path, text: str) -> None:
    """An agent writes a file as a whole, with everything that is told of it."""
    assert (await house.write(session, path, tool_name="Write"))[0] == 0
    house.file(path.name, text)
    await house.done(session, path, tool_name="Write")
    await house.hook({"hook_event_name": "SessionEnd", "session_id": session})


async def test_a_write_on_what_another_has_changed_is_refused_with_who_and_when(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    house.clock.advance(300)
    await write(house, "s2", path, "one\ntwo\n")
    status, text = await house.write("s1", path, **edit(path))
    assert status == 2
    assert text.startswith("[lease-stale-read] a.py is not what you read at 08:00 UTC any more")
    assert "Claude Code s2 wrote it at 08:05 UTC" in text
    assert "read it again" in text


async def test_it_is_kept_for_the_agent_and_passes_once_it_has_read_it_again(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    await write(house, "s2", path, "one\ntwo\n")
    assert (await house.write("s1", path, **edit(path)))[0] == 2
    assert [each.holder.id for each in await house.live()] == ["s1"]
    await house.read("s1", path)
    assert await house.write("s1", path, **edit(path)) == (0, "")


async def test_what_a_program_wrote_that_asks_nobody_is_not_overwritten_either(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    path.write_text("theirs\n", encoding="utf-8")
    status, text = await house.write("s1", path, tool_name="Write")
    assert status == 2
    assert "a program that asks nobody has written it since" in text


async def test_a_file_that_is_gone_is_not_what_was_read(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    path.unlink()
    assert (await house.write("s1", path, tool_name="Write"))[0] == 2


async def test_ones_own_writes_are_known(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    for text in ("two\n", "three\n"):
        assert (await house.write("s1", path))[0] == 0
        path.write_text(text, encoding="utf-8")
        await house.done("s1", path)
    assert (await house.run("s1", "sed -i s/t/T/ a.py"))[0] == 0
    path.write_text("Three\n", encoding="utf-8")
    await house.done("s1", "", tool_name="Bash", tool_input={"command": "sed -i s/t/T/ a.py"})
    assert await house.write("s1", path) == (0, "")


async def test_a_failed_command_may_have_written(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    command = "echo two > a.py; false"
    assert (await house.run("s1", command))[0] == 0
    path.write_text("two\n", encoding="utf-8")
    failed = {
        "hook_event_name": "PostToolUseFailure",
        "tool_name": "Bash",
        "tool_input": {"command": command},
    }
    assert (await house.hook(house.tool("s1", "", **failed)))[0] == 0
    assert await house.write("s1", path) == (0, "")


async def test_who_has_read_nothing_is_not_held_up(house: House) -> None:
    path = house.file("a.py", "one\n")
    await write(house, "s2", path, "two\n")
    assert await house.write("s1", path) == (0, "")


async def test_the_same_content_again_is_no_change(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    await write(house, "s2", path, "one\n")
    assert await house.write("s1", path, **edit(path)) == (0, "")


async def test_a_subagent_has_read_what_it_has_read_itself(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path, agent_id="sub")
    path.write_text("two\n", encoding="utf-8")
    assert (await house.write("s1", path, agent_id="sub"))[0] == 2
    await house.hook({"hook_event_name": "Stop", "session_id": "s1"})
    await house.pass_time(6)
    assert await house.write("s1", path) == (0, "")


async def test_a_shell_command_is_held_to_the_same(house: House) -> None:
    path = house.file("a.py", "one\n")
    await house.read("s1", path)
    await write(house, "s2", path, "two\n")
    status, text = await house.run("s1", "echo three > a.py")
    assert status == 2
    assert "lease-stale-read" in text


async def test_a_session_that_ends_knows_nothing_any_more(house: House) -> None:
    await house.read("s1", house.file("a.py", "one\n"))
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s1"})
    assert await house.look(lambda tx: tx.reads.paths()) == []


@pytest.mark.parametrize(
    ("saved", "fields", "passes"),
    [
        ("one, and ann\n", {}, True),
        ("ann only\n", {}, False),
        ("one, and one of ann's\n", {}, False),
        ("one, and one of ann's\n", {"replace_all": True}, True),
    ],
    ids=["it still fits", "it is gone", "it is not clear which", "all are meant"],
)
@pytest.mark.parametrize("wait_s", [0.0, 60.0], ids=["refused, then asked again", "waited in the hook"])
async def test_an_edit_that_has_waited_is_applied_where_its_text_still_stands(
    tmp_path: Path,
    saved: str,
    fields: dict[str, Any],
    wait_s: float,
    *,
    passes: bool,
) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=wait_s))
    path, ann = house.file("a.py", "one\n"), house.editor()
    await house.read("s1", path)
    house.clock.advance(60)
    ann.open(path)
    ann.show(path, saved)
    await house.live()
    call = house.ask_hook(house.tool("s1", path, **edit(path, **fields)))
    await house.until(lambda: len(house.lobby) == 1)
    if not wait_s:
        assert (await call.verdict())[0] == 2
    house.clock.advance(60)
    path.write_text(saved, encoding="utf-8")
    ann.save(path)
    if not wait_s:
        await house.until(lambda: len(house.lobby) == 0)
        call = house.ask_hook(house.tool("s1", path, **edit(path, **fields)))
    status, text = await call.verdict()
    assert status == (0 if passes else 2)
    assert "ann (Vim) wrote it at 08:02 UTC" in text
    assert ("additionalContext" in text) is passes
    await house.close()


async def test_a_whole_write_that_has_waited_must_read_again(house: House) -> None:
    path, ann = house.file("a.py", "one\n"), house.editor()
    await house.read("s1", path)
    ann.open(path)
    ann.show(path, "ann's\n")
    assert (await house.write("s1", path, tool_name="Write"))[0] == 2
    path.write_text("ann's\n", encoding="utf-8")
    ann.save(path)
    status, text = await house.write("s1", path, tool_name="Write")
    assert status == 2
    assert "lease-stale-read" in text
