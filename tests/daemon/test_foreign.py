"""What the lookout notices of a stranger's writes, and how it is doing."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.adapters.folders import WatchedFolders
from lsp_orch.domain.errors import Unavailable
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author
from lsp_orch.endpoints import alarm
from lsp_orch.services.ports import Touch, Watching
from tests.fixtures.foreign import BOT, OTHER, Daemon, overwrite, say


async def test_each_overwrite_is_told_once_with_the_bytes_of_before(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.hold(path)
    say(path, b"once")
    await daemon.foreign(1)
    daemon.file("tmp", b"twice").rename(path)
    first, second = await daemon.foreign(2)
    kept = await daemon.versions(path)
    assert [daemon.read(each.before, kept) for each in (first, second)] == [b"old", b"once"]
    assert [daemon.read(each.after, kept) for each in (first, second)] == [b"once", b"twice"]
    assert first.by == Author(id="", name="somebody outside")
    assert (first.workspace, first.holders, first.readers) == (str(daemon.root), (BOT,), ())
    assert len(await daemon.about(path)) == 2


async def test_the_only_shell_at_work_is_named_and_the_holder_is_left_word_once(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.hold(path)
    daemon.hears("PreToolUse", OTHER, "Bash")
    say(path, b"new")
    (told,) = await daemon.foreign()
    daemon.hears("PostToolUse", OTHER, "Bash")
    assert told.by.id == OTHER.id
    (word,) = daemon.told_to(BOT)
    assert word.startswith("[foreign-write] a, which you hold, was written at ")
    assert f"by other, without holding it. {alarm.mend(told)}" in word
    assert alarm.mend(told) == f"What it said before is kept: `lsp-orch recover show --id {told.before}`."
    assert f"What it says now is version {told.after}. Read the file again" in word
    assert daemon.told_to(OTHER) == []


async def test_a_command_that_holds_cannot_be_left_word(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.hold(path, command := replace(BOT, session=""))
    say(path, b"new")
    (told,) = await daemon.foreign()
    assert told.holders == (command,)
    assert daemon.words == []


async def test_a_file_too_large_to_keep_is_told_of_all_the_same(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, Settings(recover_max_file_bytes=10))
    path = daemon.file("a")
    await daemon.hold(path)
    say(path, b"more than ten bytes")
    (told,) = await daemon.foreign()
    assert told.before
    assert told.after == ""
    await daemon.close()


async def test_a_file_that_a_program_leaves_open_is_told_of(daemon: Daemon) -> None:
    path = daemon.file("a")
    await daemon.hold(path)
    with path.open("ab", buffering=0) as log:
        log.write(b" and new")
        (told,) = await daemon.foreign()
    assert daemon.read(told.after, await daemon.versions(path)) == b"old and new"


@pytest.mark.parametrize("above", ["sub", "sub/deep"])
async def test_a_folder_renamed_under_a_lease_takes_the_file_away(daemon: Daemon, above: str) -> None:
    path = daemon.file("sub/deep/a")
    await daemon.hold(path)
    (daemon.root / above).rename(daemon.root / "elsewhere")
    (told,) = await daemon.foreign()
    kept = await daemon.versions(path)
    assert daemon.read(told.before, kept) == b"old"
    assert kept[0].content.absent


async def test_a_new_file_in_a_folder_that_was_not_there_is_told_of(daemon: Daemon) -> None:
    path = daemon.root / "new" / "er" / "a"
    await daemon.hold(path)
    daemon.file("new/er/a", b"by a stranger")
    (told,) = await daemon.foreign()
    assert daemon.read(told.after, await daemon.versions(path)) == b"by a stranger"


# --- trees, and how it is doing ---


@pytest.mark.parametrize(("kind", "key"), [(Kind.DIR, "tree"), (Kind.GLOB, "tree/**/*.py")])
async def test_what_a_stranger_writes_in_a_held_folder_or_pattern_is_told_and_given_back(
    daemon: Daemon, kind: Kind, key: str
) -> None:
    path, beside = daemon.file("tree/in/a.py"), daemon.file("beside/a.py")
    await daemon.hold_all(Scope(kind, str(daemon.root / key)), replace(BOT, session=""))
    for each in (beside, daemon.file("tree/in/a.txt") if kind is Kind.GLOB else beside):
        overwrite(each, b"nobody's")
    overwrite(path, b"too")
    new = daemon.file("tree/in/new/b.py", b"by a stranger")
    told = {each.path: each for each in await daemon.foreign(2)}
    assert set(told) == {str(path), str(new)}
    kept = await daemon.versions(path)
    assert [daemon.read(each, kept) for each in (told[str(path)].before, told[str(path)].after)] == [
        b"old",
        b"too",
    ]
    assert daemon.read(told[str(new)].after, await daemon.versions(new)) == b"by a stranger"
    assert {each.path for each in (await daemon.about(path)) + (await daemon.about(new))} == set(told)


async def test_the_doctor_is_told_what_is_watched_and_what_is_not(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert daemon.lookout.check("") == "0 of at most 4096 folders are watched"
    await daemon.hold(daemon.file("sub/a"))
    assert daemon.lookout.check("") == "2 of at most 4096 folders are watched"
    state = Watching(alive=True, folders=4096, most=4096, dropped=3)
    monkeypatch.setattr(WatchedFolders, "watching", lambda _: state)
    assert "3 more were needed and are not: raise `leases.watch_folders`" in daemon.lookout.check("")
    monkeypatch.setattr(
        WatchedFolders, "watching", lambda _: Watching(alive=False, folders=0, most=9, dropped=0)
    )
    with pytest.raises(Unavailable, match="writes to held files are not noticed"):
        daemon.lookout.check("")


async def test_one_look_that_fails_does_not_end_the_watch(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = daemon.file("a")
    await daemon.hold(path)
    with monkeypatch.context() as patch:
        patch.setattr(daemon.lookout._watch.writes, "looked", lambda *_, **__: 1 / 0)
        daemon.lookout._watch.touched(str(path), Touch.DONE)
        async with asyncio.timeout(10):
            while "ZeroDivisionError" not in caplog.text:
                await daemon.desk.do(lambda _: None)
    say(path, b"new")
    assert len(await daemon.foreign()) == 1
