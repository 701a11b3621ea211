"""What an agent has read is looked out for too, and it does not write over what it has not seen."""

import asyncio
from dataclasses import replace

import pytest

from lsp_orch.domain.lease import Holder
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Why
from lsp_orch.endpoints.hooks.verdict import PASS
from tests.fixtures.foreign import ANN, BOT, OTHER, Daemon, overwrite, say


async def test_a_file_that_an_agent_has_read_is_kept_and_watched(daemon: Daemon) -> None:
    path = daemon.file("sub/a")
    await daemon.read_by(path, BOT)
    (kept,) = await daemon.versions(path)
    assert kept.why is Why.READ
    path.unlink()
    (told,) = await daemon.foreign()
    assert (told.holders, told.readers, told.before) == ((), (BOT.id,), kept.id)
    (word,) = daemon.told_to(BOT)
    assert "sub/a, which you have read" in word


async def test_what_was_read_before_the_daemon_began_is_watched_again(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.read_by(path, BOT)
    for each in daemon.running:
        each.cancel()
    await asyncio.to_thread(daemon.lookout.close)
    daemon.lookout = daemon.look_out(Settings())
    daemon.running = [asyncio.create_task(each.run()) for each in (daemon.archive, daemon.lookout)]
    await daemon.settled()
    say(path, b"new")
    (told,) = await daemon.foreign()
    assert told.readers == (BOT.id,)


@pytest.mark.parametrize(
    ("who", "name"), [(None, "somebody outside"), (OTHER, "other")], ids=["nobody known", "a session"]
)
async def test_an_agent_does_not_write_over_what_somebody_else_wrote_after_it_had_read(
    daemon: Daemon, who: Holder | None, name: str
) -> None:
    path = daemon.file("a")
    await daemon.read_by(path, BOT)
    if who:
        daemon.hears("PreToolUse", who, "Bash")
    overwrite(path, b"\x00theirs\xff")
    (told,) = await daemon.foreign()
    assert told.by.name == name
    verdict = await daemon.writes(path, BOT)
    assert verdict.exit == 2
    assert verdict.text.startswith("[lease-stale-read] a is not what you read at ")
    assert f": {name} wrote it at " in verdict.text
    kept = await daemon.versions(path)
    assert (daemon.read(told.before, kept), daemon.read(told.after, kept)) == (b"old", b"\x00theirs\xff")
    await daemon.read_by(path, BOT)
    assert await daemon.writes(path, BOT) == PASS


async def test_it_is_refused_and_told_once_also_where_it_writes_at_once(daemon: Daemon) -> None:
    """Whichever comes first, our look or the agent's."""
    path = daemon.file("a")
    await daemon.read_by(path, BOT)
    await daemon.read_by(path, OTHER)
    overwrite(path, b"theirs")
    verdict = await daemon.writes(path, BOT)
    assert (verdict.exit, verdict.text[:18]) == (2, "[lease-stale-read]")
    (told,) = await daemon.about(path)
    assert daemon.read(told.before, await daemon.versions(path)) == b"old"
    words = [*daemon.told_to(BOT), *daemon.told_to(OTHER)]
    about = [each.partition(", was")[0] for each in words if each.startswith("[foreign-write] a,")]
    assert about == ["[foreign-write] a, which you hold", "[foreign-write] a, which you have read"]


async def test_an_agent_that_waited_for_a_file_reads_anew_what_nobody_known_has_written(
    daemon: Daemon,
) -> None:
    """What it waited for is not what has come."""
    path = daemon.file("a")
    await daemon.read_by(path, BOT)
    lease = await daemon.hold(path, OTHER)
    assert "lease-held" in (await daemon.writes(path, BOT)).text
    overwrite(path, b"old and theirs")
    await daemon.foreign()
    await daemon.desk.do(lambda tx: daemon.leases.release(tx, [lease]))
    event = daemon.event("PreToolUse", BOT, "Edit", path)
    event.tool_input.update(old_string="old", new_string="new")
    verdict = await daemon.tools.before(event, BOT.name)
    assert "[lease-stale-read]" in verdict.text


async def test_who_has_read_what_it_says_now_is_not_told(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.hold(path, ANN)
    overwrite(path, b"theirs")
    await daemon.read_by(path, BOT)
    (told,) = await daemon.foreign()
    assert (told.holders, told.readers) == ((ANN,), ())


async def test_what_a_command_wrote_in_a_workspace_of_its_own_is_told_to_nobody(daemon: Daemon) -> None:
    """It has let go of it before we look."""
    path = daemon.file("a")
    await daemon.read_by(path, OTHER)
    begins = daemon.event("PreToolUse", BOT, "Bash", call="1", mode="enforce")
    begins.tool_input["command"] = "python make.py"
    daemon.lookout.listener.heard(begins, BOT)
    assert await daemon.tools.before(begins, BOT.name) == PASS
    assert [each.scopes for each in await daemon.desk.do(lambda tx: tx.leases.live())] == [
        (Scope(Kind.DIR, str(daemon.root)),)
    ]
    say(path, b"made")
    ends = replace(begins, name="PostToolUse")
    daemon.lookout.listener.heard(ends, BOT)
    await daemon.tools.after(ends, BOT.name)
    assert await daemon.desk.do(lambda tx: tx.leases.live()) == []
    assert await daemon.about(path) == []
    assert (await daemon.versions(path))[0].by.id == BOT.id
    assert "bot wrote it at" in (await daemon.writes(path, OTHER)).text


async def test_a_write_of_ones_own_to_what_only_oneself_has_read_is_told_to_nobody(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.read_by(path, BOT)
    daemon.hears("PreToolUse", BOT, "Bash")
    say(path, b"new")
    assert await daemon.about(path) == []
    assert (await daemon.versions(path))[0].by.id == BOT.id
