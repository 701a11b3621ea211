"""The archive: tidy from the first moment, never giving up, and each store with contents of its own."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.adapters.places import Places
from lsp_orch.daemon import recovery as module
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.world import World
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Version, Why
from lsp_orch.endpoints.keeper import Keeper
from lsp_orch.services.reads import Reads
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START, FakeClock, SerialIds
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
