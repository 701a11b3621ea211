"""The archive: tidy from the first moment, never giving up, and each store with contents of its own."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.adapters.places import Places
from lsp_orch.daemon import recovery as module
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.world import World
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.events import LeaseGranted
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Version, Why
from lsp_orch.endpoints.keeper import Keeper
from lsp_orch.endpoints.rpc.role import Answer
from lsp_orch.services.reads import Reads
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START, FakeClock, SerialIds
from tests.fixtures.leases import agent, lease
from tests.fixtures.methods import answered
from tests.fixtures.versions import BOB, content


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    store = SqliteStore()
    desk = Desk(store, lambda _: None)
    yield desk
    await desk.close()
    store.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    places = Places(
        instance="default", config=tmp_path, data=tmp_path, log=tmp_path, state=tmp_path / "state"
    )
    return World(clock=FakeClock(), ids=SerialIds(), places=places)


async def until_pruned(archive: Archive, monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    """Let it run until it has pruned so often."""
    monkeypatch.setattr(module, "_EVERY_S", 0.0)
    done, prune = asyncio.Event(), Keeper.prune

    async def counted(keeper: Keeper) -> None:
        nonlocal times
        await prune(keeper)
        times -= 1
        if not times:
            done.set()

    monkeypatch.setattr(Keeper, "prune", counted)
    running = asyncio.create_task(archive.run())
    async with asyncio.timeout(10):
        await done.wait()
    running.cancel()


async def test_what_a_crash_has_left_is_gone_once_it_runs(
    world: World, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(world, Settings(), desk, Reads(world.clock))
    file = tmp_path / "a"
    file.write_bytes(b"noted")
    kept = await archive.keeper.keep(str(file), BOB, Why.GRANTED)
    assert isinstance(kept, Version)
    folder = tmp_path / "state" / "default-contents"
    orphan = content(b"kept, but never noted")
    _leave(folder / orphan.digest[:2] / orphan.digest[2:])
    _leave(folder / ".half.part")
    await until_pruned(archive, monkeypatch)
    left = [each.name for each in folder.rglob("*") if each.is_file()]
    assert left == [kept.content.digest[2:]]


async def test_one_failure_does_not_end_it(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [Unavailable(Code.HOME_READ_ONLY, "seeded"), ZeroDivisionError("a bug")]

    def sweep(_: StoredContents) -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(StoredContents, "sweep", sweep)
    await until_pruned(Archive(world, Settings(), desk, Reads(world.clock)), monkeypatch, times=2)
    assert caplog.text.count("was not pruned") == 2
    assert "seeded" in caplog.text


@pytest.mark.parametrize(("who", "says", "kept"), [("bot", b"old", 1), ("bot", None, 0), ("hook", b"old", 0)])
async def test_a_commands_lease_is_answered_once_what_the_file_says_is_kept(
    world: World, desk: Desk, tmp_path: Path, who: str, says: bytes | None, kept: int
) -> None:
    """A hook keeps it itself, just before the tool writes."""
    world = World(places=world.places)  # what is half-written now is not old
    archive, file = Archive(world, Settings(), desk, Reads(world.clock)), tmp_path / "a"
    if says is not None:
        file.write_bytes(says)
    bot = agent("bot", session="s1") if who == "hook" else replace(agent("bot"), session="")
    held = replace(lease(bot), scopes=(Scope(Kind.FILE, str(file)),))

    async def acquire(_: dict[str, Any]) -> Answer:
        archive.on_event(LeaseGranted(lease=held))
        return {"granted": True}

    running = asyncio.create_task(archive.run())
    assert await answered(archive.kept_first(acquire)) == {"granted": True}
    versions = await desk.do(lambda tx: tx.versions.of_path(str(file)))
    assert [each.why for each in versions] == [Why.GRANTED] * kept
    running.cancel()


@pytest.mark.parametrize(
    ("kind", "key", "kept"), [(Kind.DIR, "src", ["a.py", "b.txt"]), (Kind.GLOB, "**/*.py", ["a.py"])]
)
async def test_of_a_folder_or_pattern_all_that_git_does_not_ignore_is_kept(
    world: World, desk: Desk, repository: Path, kind: Kind, key: str, kept: list[str]
) -> None:
    world = World(places=world.places)
    archive, folder = Archive(world, Settings(), desk, Reads(world.clock)), repository / "src"
    folder.mkdir()
    for name in ("a.py", "b.txt", "c.py"):
        (folder / name).write_text(name, encoding="utf-8")
    (repository / ".gitignore").write_text("c.py\n", encoding="utf-8")
    bot = replace(agent("bot"), session="")
    held = replace(lease(bot), scopes=(Scope(kind, str(repository / key)),))

    async def acquire(_: dict[str, Any]) -> Answer:
        archive.on_event(LeaseGranted(lease=held))
        return {"granted": True}

    running = asyncio.create_task(archive.run())
    await answered(archive.kept_first(acquire))
    versions = await desk.do(lambda tx: tx.versions.below(str(folder)))
    assert sorted(Path(each.path).name for each in versions) == kept
    running.cancel()


async def test_whoever_asks_for_more_than_can_be_kept_soon_is_answered_all_the_same(
    world: World, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    archive, file = Archive(world, Settings(), desk, Reads(world.clock)), tmp_path / "a"
    file.write_bytes(b"old")
    held = replace(lease(replace(agent("bot"), session="")), scopes=(Scope(Kind.FILE, str(file)),))

    async def acquire(_: dict[str, Any]) -> Answer:
        archive.on_event(LeaseGranted(lease=held))
        return {"granted": True}

    # and nobody runs the archive
    assert await answered(archive.kept_first(acquire)) == {"granted": True}


async def test_each_store_has_contents_of_its_own(
    world: World, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of them names, another would drop."""
    file = tmp_path / "a"
    file.write_bytes(b"x")
    for store in ("", "sqlite:////one.db", "sqlite:////two.db"):
        await Archive(world, Settings(store=store), desk, Reads(world.clock)).keeper.keep(
            str(file), BOB, Why.GRANTED
        )
    folders = sorted(each.name for each in (tmp_path / "state").iterdir())
    assert len(folders) == 3
    assert "default-contents" in folders
    assert not any("one" in each or "two" in each for each in folders), "a store's name may hold a password"
    await until_pruned(Archive(world, Settings(), desk, Reads(world.clock)), monkeypatch)


def _leave(file: Path) -> None:
    """As something that was written long ago."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"left")
    os.utime(file, (START - 1e8, START - 1e8))
