"""What is not foreign is told to nobody, whichever comes first: the write or the word of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lsp_orch.domain.lease import Holder
from lsp_orch.domain.version import Version, Why
from tests.fixtures.foreign import ANN, BOT, Daemon, say, says, sighted

Write = Callable[[Daemon, Path], Awaitable[None]]


async def tool_then_word(daemon: Daemon, path: Path) -> None:
    daemon.hears("PreToolUse", BOT, "Edit", path)
    say(path, b"new")
    await sighted(daemon, path)
    daemon.hears("PostToolUse", BOT, "Edit", path)
    await daemon.keep(path, BOT, Why.AFTER_WRITE)


async def tool_and_word_at_once(daemon: Daemon, path: Path) -> None:
    daemon.hears("PreToolUse", BOT, "Edit", path)
    say(path, b"new")
    daemon.hears("PostToolUse", BOT, "Edit", path)
    await daemon.keep(path, BOT, Why.AFTER_WRITE)


async def tool_and_a_formatter_after_it(daemon: Daemon, path: Path) -> None:
    await tool_and_word_at_once(daemon, path)
    say(path, b"new, formatted")


async def shell(daemon: Daemon, path: Path) -> None:
    daemon.hears("PreToolUse", BOT, "Bash")
    say(path, b"new")
    daemon.hears("PostToolUse", BOT, "Bash")


async def save_then_word(daemon: Daemon, path: Path) -> None:
    say(path, b"saved")
    await sighted(daemon, path)
    daemon.lookout.saved(str(path), "saved", ANN, held=True)


async def word_then_save(daemon: Daemon, path: Path) -> None:
    daemon.lookout.saved(str(path), "saved", ANN, held=True)
    say(path, b"saved")


async def save_with_other_line_ends(daemon: Daemon, path: Path) -> None:
    say(path, b"saved\r\nso\r\n")
    daemon.lookout.saved(str(path), "saved\nso\n", ANN, held=True)


async def two_saves_at_once(daemon: Daemon, path: Path) -> None:
    for text in ("one", "two"):
        say(path, text.encode())
        daemon.lookout.saved(str(path), text, ANN, held=True)


async def our_restore(daemon: Daemon, path: Path) -> None:
    (kept, *_) = await daemon.versions(path)
    await daemon.keep(path, BOT, Why.AFTER_WRITE)
    other = daemon.file("other", b"what it said once")
    content = daemon.archive.contents.keep(str(other))
    version = Version(**{each: getattr(kept, each) for each in kept.__slots__} | {"content": content})
    await daemon.archive.keeper.restore(version, BOT, force=False)
    assert says(path) == b"what it said once"


async def nothing_new(_: Daemon, path: Path) -> None:
    say(path, says(path))
    os.utime(path)


OWN: dict[str, tuple[Write, Holder]] = {
    "a tool, seen before it has told": (tool_then_word, BOT),
    "a tool, seen after": (tool_and_word_at_once, BOT),
    "a formatter of its client's": (tool_and_a_formatter_after_it, BOT),
    "a shell": (shell, BOT),
    "a save, seen before it is told": (save_then_word, ANN),
    "a save, seen after": (word_then_save, ANN),
    "a save in another form": (save_with_other_line_ends, ANN),
    "two saves": (two_saves_at_once, ANN),
    "our own restore": (our_restore, BOT),
    "the same once more": (nothing_new, BOT),
}


@pytest.mark.parametrize(("write", "who"), OWN.values(), ids=OWN)
async def test_what_a_holder_writes_is_told_to_nobody(daemon: Daemon, write: Write, who: Holder) -> None:
    path = daemon.file("a")
    await daemon.hold(path, who)
    await write(daemon, path)
    assert await daemon.about(path) == []
    async with asyncio.timeout(10):
        while any(each.why is Why.FOREIGN_WRITE for each in await daemon.versions(path)):
            await daemon.desk.do(lambda _: None)
    (newest, *_) = await daemon.versions(path)
    assert daemon.read(newest.id, [newest]) == says(path)
    assert newest.by.id == who.id


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["stranger first", "person first"])
async def test_a_persons_save_does_not_hide_a_strangers_write(daemon: Daemon, order: tuple[int, int]) -> None:
    path = daemon.file("a")
    await daemon.hold(path, ANN)

    async def stranger() -> None:
        say(path, b"strange")
        await sighted(daemon, path)

    async def save() -> None:
        await save_then_word(daemon, path)

    for index in order:
        await (stranger, save)[index]()
    (told,) = await daemon.foreign()
    assert daemon.read(told.after, await daemon.versions(path)) == b"strange"
    assert len(await daemon.about(path)) == 1


async def test_nothing_is_told_of_what_nobody_holds_or_has_read_any_more(daemon: Daemon) -> None:
    path, other = daemon.file("a"), daemon.file("b")
    lease = await daemon.hold(path)
    await daemon.read_by(other, BOT)
    await daemon.desk.do(lambda tx: daemon.leases.release(tx, [lease]))
    await daemon.desk.do(lambda tx: daemon.reads.forget(tx, BOT.session))
    say(path, b"new")
    other.write_bytes(b"new")
    assert [*await daemon.about(path), *await daemon.about(other)] == []
    assert [each.content.size for each in await daemon.versions(path)] == [3]
