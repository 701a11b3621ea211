"""The calls of ``lsp-orch recover``, and keeping from the event loop: the real desk, the real files."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.adapters.paths import RealPaths
from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.errors import Code, Misuse, Refusal, Unavailable
from lsp_orch.domain.grants import Granted
from lsp_orch.domain.lease import Mode
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import DAY_S, Version, Why
from lsp_orch.endpoints.keeper import Keeper
from lsp_orch.endpoints.rpc.recovery import RecoveryMethods
from lsp_orch.services.leases import Leases
from lsp_orch.store.base import Tx
from tests.fixtures.clock import SerialIds
from tests.fixtures.leases import agent, person
from tests.fixtures.leases import ask as lease_ask
from tests.fixtures.versions import BOB, Bench, content, refused

ANN = person("ann")


class Table(Bench):
    """A bench with a desk, and somebody at the command line."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.desk = Desk(self.store, lambda _: None)
        self.keeper = Keeper(self.desk, self.contents, self.recovery)
        self.methods = RecoveryMethods(
            self.desk, self.recovery, self.contents, self.keeper, RealPaths()
        ).methods()

    async def call(self, method: str, **params: Any) -> Any:
        where = {"workspace": str(self.files), "cwd": str(self.files)}
        answer = self.methods[f"recover.{method}"]({**where, **params})
        assert not isinstance(answer, dict | Refusal)
        return await answer

    async def says(self, name: str, data: bytes | None) -> Version:
        self.clock.advance(1)
        self.set(name, data)
        kept = await self.keeper.keep(self.path(name), BOB, Why.AFTER_WRITE)
        assert isinstance(kept, Version)
        return kept


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[Table]:
    table = Table(tmp_path)
    yield table
    await table.desk.close()
    table.store.close()


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks on the wall show another time than UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


async def test_the_list_has_the_newest_first_and_all_there_is_to_know(table: Table) -> None:
    await table.says("a", None)
    one = await table.says("a", b"one")
    assert await table.call("list") == {
        "versions": [
            {
                "id": "version-2",
                "path": "a",
                "absent": False,
                "digest": one.content.digest,
                "size": 3,
                "kept_at": "2027-01-15T08:00:02.000Z",
                "seen_at": "2027-01-15T08:00:02.000Z",
                "by": {"id": "bob", "name": "Bob"},
                "why": "after-write",
            },
            {
                "id": "version-1",
                "path": "a",
                "absent": True,
                "digest": None,
                "size": 0,
                "kept_at": "2027-01-15T08:00:01.000Z",
                "seen_at": "2027-01-15T08:00:01.000Z",
                "by": {"id": "bob", "name": "Bob"},
                "why": "after-write",
            },
        ]
    }


async def test_the_list_is_of_a_file_a_folder_a_workspace_or_everything(table: Table) -> None:
    (table.files / "sub").mkdir()
    for name in ("a", "sub/b", "sub/c", "a"):
        await table.says(name, name.encode() + b"%f" % table.clock.now())

    async def paths(**params: Any) -> list[str]:
        return [each["path"] for each in (await table.call("list", **params))["versions"]]

    assert await paths() == ["a", "sub/c", "sub/b", "a"]
    assert await paths(limit=1) == ["a"]
    assert await paths(path="a") == ["a", "a"]
    assert await paths(path="sub") == ["sub/c", "sub/b"]
    assert await paths(path="b", cwd=str(table.files / "sub")) == ["sub/b"]
    assert await paths(path="nothing") == []
    assert await paths(before="2027-01-15T08:00:02Z") == ["a"]
    assert await paths(workspace="/elsewhere") == []
    assert await paths(workspace="") == [table.path(name) for name in ("a", "sub/c", "sub/b", "a")]


async def test_a_content_is_shown_byte_for_byte_and_as_text_where_it_is_text(table: Table) -> None:
    binary, text = b"\xff\0\r\n", "zwölf\r\n".encode()
    for data in (binary, text, b"now"):
        await table.says("a", data)
    shown = await table.call("show", path="a")
    assert (shown["version"]["id"], shown["text"]) == ("version-2", text.decode())
    assert base64.b64decode(shown["content"]) == text
    shown = await table.call("show", id="version-1")
    assert shown["text"] is None
    assert base64.b64decode(shown["content"]) == binary
    assert (await table.call("show", path="a", before="2027-01-15T08:00:02Z"))["version"]["id"] == "version-1"


async def test_what_was_absent_is_shown_as_nothing(table: Table) -> None:
    await table.says("a", None)
    shown = await table.call("show", id="version-1")
    assert (shown["version"]["absent"], shown["content"], shown["text"]) == (True, "", "")


@pytest.mark.usefixtures("far_away")
async def test_a_time_without_a_zone_is_utc(table: Table) -> None:
    await table.says("a", b"one")
    for written, found in (
        ("2027-01-15T08:00:01.001", 1),
        ("2027-01-15T08:00:01", 0),
        ("2027-01-15T10:00:02+02:00", 1),
        ("2027-01-15T10:00:01+02:00", 0),
        ("2027-01-16", 1),
    ):
        assert len((await table.call("list", before=written))["versions"]) == found, written


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("list", {"before": "yesterday"}, "before must be a time"),
        ("list", {"limit": 0}, "limit must be a number from 1"),
        ("list", {"path": "\0"}, "is not a path"),
        ("show", {}, "the parameter path is missing"),
        ("restore", {}, "the parameter path is missing"),
        ("restore", {"id": 3}, "id must be str"),
        ("restore", {"id": "version-1", "force": "yes"}, "force must be bool"),
        ("prune", {"dry_run": 1}, "dry_run must be bool"),
    ],
)
async def test_what_cannot_be_understood_is_misuse(
    table: Table, method: str, params: dict[str, Any], said: str
) -> None:
    await table.says("a", b"one")
    with pytest.raises(Misuse, match=said) as caught:
        await table.call(method, **params)
    assert caught.value.refusal.code is Code.BAD_REQUEST


async def test_what_is_not_kept_is_refused(table: Table) -> None:
    for method in ("show", "restore"):
        for which in (
            {"path": "a"},
            {"path": "."},
            {"id": "version-7"},
            {"path": "a", "before": "2027-01-01"},
        ):
            assert refused(await table.call(method, **which)).code is Code.VERSION_NOT_FOUND


async def test_a_file_is_restored_and_what_it_said_until_now_can_be_had_back(table: Table) -> None:
    await table.says("a", b"one")
    table.set("a", b"somebody's work, seen by nobody")
    restored = await table.call("restore", path="a", user="ann")
    assert table.get("a") == b"one"
    assert restored["changed"]
    assert restored["restored"]["id"] == "version-1"
    assert (restored["replaced"]["why"], restored["replaced"]["by"]["name"]) == ("before-write", "ann")
    await table.call("restore", id=restored["replaced"]["id"])
    assert table.get("a") == b"somebody's work, seen by nobody"
    assert (await table.call("restore", id=restored["replaced"]["id"]))["changed"] is False


async def test_a_held_file_is_refused_before_anything_is_kept(table: Table) -> None:
    await table.says("a", b"one")
    table.set("a", b"two")
    await hold(table, "a")
    for more in ({}, {"session": "s1"}, {"session": "s1", "force": True}):
        assert refused(await table.call("restore", path="a", **more)).code is Code.LEASE_HELD
    assert len(await table.desk.do(lambda tx: list(tx.versions.all()))) == 1
    assert (await table.call("restore", path="a", force=True))["changed"]
    assert table.get("a") == b"one"


async def test_an_agents_own_lease_is_not_in_its_way(table: Table) -> None:
    await table.says("a", b"one")
    await table.says("a", b"two")
    await hold(table, "a", "s1")
    assert (await table.call("restore", path="a", session="s1"))["changed"]


async def test_a_file_that_is_granted_while_it_is_kept_is_refused_after_all(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = await table.says("a", b"one"), await table.says("a", b"two")
    keep, loop = table.contents.keep, asyncio.get_running_loop()

    def slowly(path: str) -> Any:
        asyncio.run_coroutine_threadsafe(hold(table, "a"), loop).result()
        return keep(path)

    monkeypatch.setattr(table.contents, "keep", slowly)
    assert refused(await table.keeper.restore(one, ANN, force=False)).code is Code.LEASE_HELD
    assert table.get("a") == b"two"


async def test_what_is_written_between_keeping_and_restoring_is_kept_too(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await table.says("a", b"one")
    table.set("a", b"two")
    keep, late = table.contents.keep, [b"four", b"three"]

    def overtaken(path: str) -> Any:
        found = keep(path)
        if late:
            table.set("a", late.pop())
        return found

    monkeypatch.setattr(table.contents, "keep", overtaken)
    await table.keeper.restore(one, ANN, force=False)
    assert table.get("a") == b"one"
    kept = await table.desk.do(lambda tx: list(tx.versions.all()))
    assert [table.read(each) for each in kept] == [b"one", b"four", b"three", b"two", b"one"]


async def test_a_file_that_never_stands_still_is_refused_and_not_overwritten(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await table.says("a", b"one")
    keep = table.contents.keep

    def overtaken(path: str) -> Any:
        found = keep(path)
        table.set("a", (table.get("a") or b"") + b".")
        return found

    monkeypatch.setattr(table.contents, "keep", overtaken)
    refusal = refused(await table.keeper.restore(one, ANN, force=False))
    assert refusal.code is Code.CONTENT_NOT_KEPT
    assert "changes all the time" in refusal.message
    assert table.get("a") == b"one" + b"." * 10


async def test_a_content_that_is_dropped_before_it_is_noted_is_kept_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.set("a", b"one")
    keep, unlucky = table.contents.keep, [True]

    def overtaken(path: str) -> Any:
        found = keep(path)
        if unlucky:
            unlucky.pop()
            table.contents.drop([content(b"one").digest])  # somebody prunes just now
        return found

    monkeypatch.setattr(table.contents, "keep", overtaken)
    kept = await table.keeper.keep(table.path("a"), BOB, Why.GRANTED)
    assert isinstance(kept, Version)
    assert table.read(kept) == b"one"


async def test_what_cannot_be_kept_is_a_refusal(table: Table) -> None:
    assert refused(await table.keeper.keep(str(table.files), BOB, Why.GRANTED)).code is Code.CONTENT_NOT_KEPT


async def test_a_file_that_cannot_be_restored_undoes_nothing_of_what_shares_the_commit(table: Table) -> None:
    one, _ = await table.says("a", b"one"), await table.says("a", b"two")
    damaged = table.files.parent / "contents" / one.content.digest[:2] / one.content.digest[2:]
    damaged.write_bytes(b"\0")
    restoring = asyncio.ensure_future(
        table.desk.do(lambda tx: table.recovery.restore(tx, one, ANN, force=False))
    )
    granting = asyncio.ensure_future(hold(table, "b"))
    assert refused(await restoring).code is Code.STORE_CORRUPT
    await granting
    assert len(await table.desk.do(lambda tx: tx.leases.live())) == 1


async def test_pruning_tells_what_goes_and_a_dry_run_what_would(table: Table) -> None:
    for number in range(5):
        await table.says("a", b"%d" % number * 10)
    table.clock.advance(14 * DAY_S)
    told = {"versions": 2, "contents": 2, "bytes": 20}
    assert await table.call("prune", dry_run=True) == told
    assert len(table.contents.stored(1e18)) == 5
    assert await table.call("prune") == told
    assert len(table.contents.stored(1e18)) == 3
    assert await table.call("prune") == {"versions": 0, "contents": 0, "bytes": 0}


async def test_what_could_not_be_dropped_is_told_and_dropped_later(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise Unavailable(Code.HOME_READ_ONLY, "seeded")

    for number in range(4):
        await table.says("a", b"%d" % number)
    table.clock.advance(1e9)
    with monkeypatch.context() as patch:
        patch.setattr(StoredContents, "drop", broken)
        with pytest.raises(Unavailable, match="seeded"):
            await table.keeper.prune()
    assert table.contents.has(content(b"0").digest)
    await table.keeper.tidy()
    assert not table.contents.has(content(b"0").digest)
    assert len(table.contents.stored(1e18)) == 3


async def test_many_that_keep_and_tidy_at_once_lose_nothing(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some contents are the same, so that one keeps what another has just dropped."""
    table.clock.advance(1e9)  # all that no version names may go
    monkeypatch.setattr(table.contents, "sweep", lambda: None)  # by that clock, all work is abandoned
    for number in range(8):
        table.set(f"f{number}", b"shared" if number % 2 else b"%d" % number)

    async def work(number: int) -> Version | Refusal:
        name = f"f{number % 8}"
        if number % 8 in {2, 4}:
            await table.keeper.tidy()
        return await table.keeper.keep(table.path(name), BOB, Why.SAVED)

    kept = await asyncio.gather(*(work(number) for number in range(160)))
    for each in kept:
        assert isinstance(each, Version)
        assert table.read(each) == table.get(Path(each.path).name)


async def hold(table: Table, name: str, who: str = "bob") -> None:
    """Somebody is granted a file."""
    leases = Leases(table.clock, SerialIds(), lambda _: Settings())
    asked = lease_ask(agent(who), name, mode=Mode.WRITE)
    asked = replace(asked, scopes=(Scope(Kind.FILE, table.path(name)),))

    def work(tx: Tx) -> None:
        assert isinstance(leases.acquire(tx, asked), Granted)

    await table.desk.do(work)
