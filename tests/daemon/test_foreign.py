"""The lookout, on real files with the system's own events: what it notices, and when it keeps quiet."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.folders import WatchedFolders
from lsp_orch.adapters.places import Places
from lsp_orch.adapters.shell.bash import BashWrites
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.foreign import Known, Lookout
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.world import World
from lsp_orch.domain.errors import Unavailable
from lsp_orch.domain.events import Event, ForeignWrite
from lsp_orch.domain.grants import Ask, Granted
from lsp_orch.domain.lease import Holder, Lease, Mode
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Version, Why
from lsp_orch.endpoints import alarm
from lsp_orch.endpoints.hooks.event import HookEvent, holder
from lsp_orch.endpoints.hooks.intent import Intents
from lsp_orch.endpoints.hooks.tool_use import ToolUse
from lsp_orch.endpoints.hooks.verdict import PASS, Verdict
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.rpc.role import Answer
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Touch, Watching
from lsp_orch.services.reads import Reads
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.leases import agent, person
from tests.fixtures.methods import answered

BOT, OTHER, ANN = agent("bot"), agent("other"), person("ann")
GRACE_S = 0.5


class Daemon:
    """A lookout with the archive and the leases that it is for."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        root = root.resolve()
        self.root = root / "checkout"
        (self.root / ".git").mkdir(parents=True)
        places = Places(instance="default", config=root, data=root, log=root / "log", state=root / "state")
        self.world = World(places=places)
        self.store = SqliteStore()
        self.told: list[Event] = []
        self.news = asyncio.Event()
        self.desk = Desk(self.store, self.publish)
        settings = settings or Settings()
        self.leases = Leases(self.world.clock, self.world.ids, lambda _: settings)
        self.reads = Reads(self.world.clock)
        self.archive = Archive(self.world, settings, self.desk, self.reads)
        self.words: list[tuple[str, str]] = []  # for whom, and what
        self.lookout = self.look_out(settings)
        self.tools = ToolUse(
            desk=self.desk,
            lobby=Lobby(self.desk, self.leases, []),
            leases=self.leases,
            reads=self.reads,
            intents=Intents(self.world.paths, BashWrites(), lambda _: settings),
            paths=self.world.paths,
            settings=lambda _: settings,
            keep=self.archive.keeper.keep,
        )
        self.running = [asyncio.create_task(each.run()) for each in (self.archive, self.lookout)]

    def look_out(self, settings: Settings) -> Lookout:
        """As when a daemon begins, with what agents have read before."""
        with self.store.transaction() as tx:
            known = Known(leases=tx.leases.live(), reads=tx.reads.paths())
        tell = lambda who, text: self.words.append((who, text))  # noqa: E731 - as short as a test wants it
        lookout = Lookout(self.world, settings, self.desk, self.archive, self.reads, known, tell)
        lookout._watch.grace_s = GRACE_S
        return lookout

    def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            self.archive.on_event(event)
            self.lookout.on_event(event)
            self.told.append(event)
        self.news.set()

    async def close(self) -> None:
        for each in self.running:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
        await asyncio.to_thread(self.lookout.close)
        await self.desk.close()
        self.store.close()

    def file(self, name: str, data: bytes = b"old") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    async def hold(self, path: Path, who: Holder = BOT) -> Lease:
        """As a hook does: the lease, and what the file says is kept."""
        ask = Ask(
            holder=who,
            workspace=str(self.root),
            scopes=(Scope(Kind.FILE, str(path)),),
            mode=Mode.WRITE,
            reason="",
            ttl_s=60.0,
        )
        outcome = await self.desk.do(lambda tx: self.leases.acquire(tx, ask))
        assert isinstance(outcome, Granted)
        await self.keep(path, who, Why.BEFORE_WRITE)
        await self.settled()
        return outcome.lease

    async def hold_all(self, scope: Scope, who: Holder) -> None:
        """As the command line does."""
        ask = Ask(
            holder=who, workspace=str(self.root), scopes=(scope,), mode=Mode.WRITE, reason="", ttl_s=60.0
        )

        async def acquire(_: dict[str, Any]) -> Answer:
            outcome = await self.desk.do(lambda tx: self.leases.acquire(tx, ask))
            return {"granted": isinstance(outcome, Granted)}

        assert await answered(self.archive.kept_first(acquire)) == {"granted": True}
        await self.settled()

    async def read_by(self, path: Path, who: Holder) -> None:
        """As a hook does when an agent has read a file."""
        assert await self.tools.after(self.event("PostToolUse", who, "Read", path), who.name) == PASS
        await self.settled()

    async def writes(self, path: Path, who: Holder, **more: Any) -> Verdict:
        """As a hook does when an agent is about to write one."""
        return await self.tools.before(self.event("PreToolUse", who, "Write", path, **more), who.name)

    def told_to(self, who: Holder) -> list[str]:
        return [text for each, text in self.words if each == who.id]

    async def keep(self, path: Path, who: Holder, why: Why) -> None:
        await self.archive.keeper.keep(str(path), Author(id=who.id, name=who.name), why)

    async def settled(self) -> None:
        """All folders are watched that are to be."""
        folders = self.lookout._folders
        assert isinstance(folders, WatchedFolders)
        await asyncio.to_thread(folders.settle)

    def hears(self, name: str, who: Holder, tool: str, path: Path | None = None, call: str = "1") -> None:
        """A hook event of a session."""
        event = self.event(name, who, tool, path, call=call)
        self.lookout.listener.heard(event, holder(event, who.name))

    def event(self, name: str, who: Holder, tool: str, path: Path | None = None, **more: Any) -> HookEvent:
        tool_input: dict[str, Any] = {"file_path": str(path)} if path else {"command": "make"}
        return HookEvent(
            name=name, session=who.id, cwd=str(self.root), tool=tool, tool_input=tool_input, **more
        )

    async def foreign(self, count: int = 1) -> list[ForeignWrite]:
        """Wait until so many were told."""
        async with asyncio.timeout(10):
            while len(found := self.foreign_so_far()) < count:
                self.news.clear()
                await self.news.wait()
        return found

    def foreign_so_far(self) -> list[ForeignWrite]:
        return [each for each in self.told if isinstance(each, ForeignWrite)]

    async def quiet(self, name: str = "last") -> None:
        """Wait until all that has happened so far must have been told: what is sighted later is told."""
        last = self.file(name)
        await self.hold(last, OTHER)
        await self.strange(last, b"heard after all that was touched so far")
        watch = self.lookout._watch
        async with asyncio.timeout(10):
            while watch._busy or watch._wanted:
                await self.desk.do(lambda _: None)
        await self.strange(last, b"sighted after all that was heard so far")

    async def strange(self, path: Path, data: bytes) -> None:
        """A stranger's write, until it is told."""
        before = len(self.foreign_so_far())
        say(path, data)
        async with asyncio.timeout(10):
            while not any(each.path == str(path) for each in self.foreign_so_far()[before:]):
                self.news.clear()
                await self.news.wait()

    async def about(self, path: Path) -> list[ForeignWrite]:
        """All that is told of a file once it is quiet."""
        await self.quiet()
        return [each for each in self.foreign_so_far() if each.path == str(path)]

    async def versions(self, path: Path) -> list[Version]:
        return await self.desk.do(lambda tx: tx.versions.of_path(str(path)))

    def read(self, version_id: str, versions: Sequence[Version]) -> bytes:
        (found,) = [each for each in versions if each.id == version_id]
        return b"" if found.content.absent else self.archive.contents.read(found.content.digest)


def say(path: Path, data: bytes) -> None:
    """Let a file say this, as anybody may."""
    path.write_bytes(data)


def overwrite(path: Path, data: bytes) -> None:
    """The same, from another process."""
    script = "import sys; open(sys.argv[1], 'wb').write(bytes.fromhex(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", script, path, data.hex()], check=True)


def says(path: Path) -> bytes:
    return path.read_bytes()


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    await daemon.close()


# --- what is noticed ---


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


# --- what was read ---


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


# --- what is not foreign, whichever comes first ---

Write = Callable[[Daemon, Path], Awaitable[None]]


async def tool_then_word(daemon: Daemon, path: Path) -> None:
    daemon.hears("PreToolUse", BOT, "Edit", path)
    say(path, b"new")
    await _sighted(daemon, path)
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
    await _sighted(daemon, path)
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
        await _sighted(daemon, path)

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


async def _sighted(daemon: Daemon, path: Path) -> None:
    """Wait until we have looked at what a file says now."""
    content = daemon.archive.contents.look(str(path))
    async with asyncio.timeout(10):
        while (await daemon.versions(path))[0].content != content:
            await daemon.desk.do(lambda _: None)
