"""Random histories of people, agents and strangers writing one file; the machine knows who it was."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsp_orch.domain.attribution import GRACE_S, LATE_S, Call, Save
from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.lease import Holder, Lease
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import Author, Content, Version, Why
from lsp_orch.endpoints.witnesses import Witnesses
from lsp_orch.services.foreign import ForeignWrites, Look, Open
from lsp_orch.services.reads import Reads
from lsp_orch.store.base import Tx
from tests.fixtures.leases import agent, lease, person
from tests.fixtures.versions import Bench, content

WORKSPACE, ELSEWHERE = "/ws", "/elsewhere"
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # no disk is waited for
ANN, BOT, OTHER = person("ann"), agent("bot"), agent("other")
AGENTS = st.sampled_from([BOT, OTHER])
WRITES = st.sampled_from([b"one", b"two", b"three", None])
# what comes first: we look at the file, or whoever wrote it says so
LOOKS_FIRST = st.booleans()
COMES_UPON = st.sampled_from([None, Why.READ, Why.GRANTED, Why.BEFORE_WRITE])
MOMENTS = st.sampled_from([0.0, 0.05, 0.4])


class ForeignMachine(RuleBasedStateMachine):
    """At most one holds the file; each of the agents may have a shell at work beside."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="lo-", dir=_MEMORY))
        self.bench = Bench(self.root)
        self.path = self.bench.path("a")
        self.reads = Reads(self.bench.clock)
        self.writes = ForeignWrites(self.bench.recovery, self.reads)
        self.witnesses = Witnesses()
        self.held: Lease | None = None
        self.known: dict[str, bytes | None] = {}  # what each agent knows the file to say
        self.shells: dict[str, float | None] = {}  # since when one is over
        self.elsewhere: set[str] = set()  # those that were started in another checkout
        self.count = 0
        self.keep(ANN, Why.GRANTED)

    def teardown(self) -> None:
        self.bench.store.close()
        shutil.rmtree(self.root)

    # --- who is there ---

    @precondition(lambda self: self.held is None)
    @rule(who=st.sampled_from([ANN, BOT, OTHER]))
    def hold(self, who: Holder) -> None:
        self.count += 1
        granted = replace(lease(who, token=self.count), scopes=(Scope(Kind.FILE, self.path),))
        self.bench.run(lambda tx: tx.leases.insert(granted))
        self.held = granted
        self.keep(who, Why.BEFORE_WRITE)

    @precondition(lambda self: self.held is not None)
    @rule()
    def release(self) -> None:
        """Within a moment of that, what the holder's shell writes passes as written before."""
        self.let_go()
        self.bench.clock.advance(GRACE_S)

    def let_go(self) -> None:
        gone, self.held = self.held, None
        assert gone
        self.bench.run(lambda tx: tx.leases.delete(gone))
        self.witnesses.released(gone, self.now())

    @rule(who=AGENTS)
    def read(self, who: Holder) -> None:
        self.keep(who, Why.READ)
        self.knows(who, self.reads.saw)

    @rule(who=AGENTS, workspace=st.sampled_from([WORKSPACE, ELSEWHERE]))
    def shell_begins(self, who: Holder, workspace: str) -> None:
        self.witnesses.began(
            Call(id=f"shell {who.id}", by=_author(who), workspace=workspace, began=self.now(), open=True)
        )
        self.shells[who.id] = None
        (self.elsewhere.add if workspace == ELSEWHERE else self.elsewhere.discard)(who.id)

    @precondition(lambda self: any(each is None for each in self.shells.values()))
    @rule(data=st.data())
    def shell_ends(self, data: st.DataObject) -> None:
        at_work = sorted(name for name, over in self.shells.items() if over is None)
        name = data.draw(st.sampled_from(at_work))
        self.witnesses.ended(f"shell {name}", self.now())
        self.shells[name] = self.now()

    @rule(seconds=st.sampled_from([0.5, LATE_S + 0.5, 60.0]))
    def pass_time(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)

    # --- who writes ---

    @precondition(lambda self: self.held is not None and self.held.holder is not ANN)
    @rule(data=WRITES, look_first=LOOKS_FIRST, moment=MOMENTS)
    def a_tool_writes(self, data: bytes | None, look_first: bool, moment: float) -> None:  # noqa: FBT001
        assert self.held
        who = self.held.holder
        self.keep(who, Why.BEFORE_WRITE)
        self.witnesses.began(
            Call(
                id="tool",
                by=_author(who),
                workspace=WORKSPACE,
                began=self.now(),
                paths=frozenset({self.path}),
            )
        )
        self.bench.set("a", data)
        found = self.look() if look_first else None
        self.bench.clock.advance(moment)
        self.keep(who, Why.AFTER_WRITE)
        self.knows(who, self.reads.wrote)
        self.witnesses.ended("tool", self.now())
        if not look_first:
            assert self.look() is None, "what was kept after the write was sighted"
        assert self.judged(found) == [], "an agent's own write was told as foreign"
        if found:
            assert self.of(found).by.id == who.id, "an agent's own write is another's"
        self.bench.clock.advance(LATE_S + 0.01)  # the very moment may count either way

    @rule(data=st.sampled_from([b"saved", b"again"]), look_first=LOOKS_FIRST, moment=MOMENTS)
    def ann_saves(self, data: bytes, look_first: bool, moment: float) -> None:  # noqa: FBT001
        before = self.bench.get("a")
        self.bench.set("a", data)
        found = self.look() if look_first else None
        self.bench.clock.advance(moment)
        self.say_saved(data)
        if not look_first:
            found = self.look()
        self.check(found, before, data, author=ANN.id)
        self.bench.clock.advance(LATE_S + 0.01)  # the very moment may count either way

    @rule(data=WRITES, upon=COMES_UPON)
    def a_stranger_writes(self, data: bytes | None, upon: Why | None) -> None:
        """And a hook may come upon it before we look."""
        before = self.bench.get("a")
        self.bench.set("a", data)
        if upon:
            self.keep(OTHER, upon)
        self.check(self.look(), before, data)

    @precondition(lambda self: self.held is not None and self.held.holder is ANN)
    @rule(data=WRITES, look_first=LOOKS_FIRST)
    def a_stranger_writes_and_ann_saves_over_it(self, data: bytes | None, look_first: bool) -> None:  # noqa: FBT001
        before = self.bench.get("a")
        self.bench.set("a", data)
        strange = self.look()
        self.bench.clock.advance(0.3)
        self.bench.set("a", b"over it")
        saved = self.look() if look_first else None
        self.say_saved(b"over it")
        if not look_first:
            saved = self.look()
        self.check(strange, before, data)
        self.check(saved, data, b"over it", author=ANN.id)
        self.bench.clock.advance(LATE_S + 0.01)  # the very moment may count either way

    @rule(who=AGENTS, data=WRITES, look_first=LOOKS_FIRST, let_go=st.booleans())
    def a_shell_writes(self, who: Holder, data: bytes | None, look_first: bool, let_go: bool) -> None:  # noqa: FBT001
        """And lets go of the file as soon as it is done, or not."""
        self.shell_begins(who, WORKSPACE)
        before, heard, held = self.bench.get("a"), self.now(), self.held
        self.bench.set("a", data)
        found = self.look() if look_first else None
        self.witnesses.ended(f"shell {who.id}", self.now())
        self.shells[who.id] = self.now()
        self.bench.clock.advance(0.1)
        if let_go and held and held.holder is who:
            self.let_go()
        self.check(found if look_first else self.look(heard), before, data, held=held)
        self.bench.clock.advance(GRACE_S)

    @rule(data=st.sampled_from([b"one", b"two"]))
    def we_restore(self, data: bytes) -> None:
        """Our own write: noted in the transaction in which it is done."""
        self.keep(ANN, Why.BEFORE_WRITE)
        now = self.bench.get("a")
        self.bench.set("a", data)
        self.bench.contents.keep(self.path)  # so that there is something to restore
        self.bench.set("a", now)

        def work(tx: Tx) -> None:
            self.bench.set("a", data)
            assert self.bench.recovery.note(tx, self.path, content(data), _author(ANN), Why.AFTER_WRITE)

        self.bench.run(work)
        assert self.look() is None, "our own restore was sighted"

    @invariant()
    def what_the_file_says_is_the_newest_version(self) -> None:
        newest = self.bench.run(lambda tx: tx.versions.newest(self.path))
        assert newest
        assert newest.content == content(self.bench.get("a")), "what the file says was not noted"
        assert self.bench.read(newest) == self.bench.get("a"), "not kept"

    # --- what is checked ---

    def check(
        self,
        found: Open | None,
        before: bytes | None,
        after: bytes | None,
        author: str | None = None,
        held: Lease | None = None,
    ) -> None:
        """Judge, and see that exactly what is foreign is told, once, to all whom it concerns.

        ``author`` is None where only those whose shell was at work can be known; ``held`` is who had the
        file when it was written, where they do not have it any more.
        """
        if before == after:
            assert found is None, "told without a change"
            return
        assert found, "a write was missed"
        at = found.sighting.heard
        shells = {name for name, over in self.shells.items() if over is None or at <= over + LATE_S}
        beside = shells - self.elsewhere
        own = author or (next(iter(beside)) if len(beside) == 1 else "")
        held = held or self.held
        holder = held.holder.id if held else None
        if author is None and holder in shells:
            own = holder or ""
        told = self.judged(found)
        assert self.of(found).by.id == own, "not attributed"
        if self.bench.get("a") == after:
            self.check_who_is_named(own)
        readers = {name for name, known in self.known.items() if known != after}
        concerned = readers | ({holder} if holder else set()) - {own}
        if own == holder or not concerned - {own}:
            assert told == [], "a holder's own write was told as foreign"
            return
        assert len(told) == 1, "a foreign write was not told once"
        names = {each.id for each in told[0].holders} | set(told[0].readers)
        assert names == concerned - {own}, "told to others than it concerns"
        assert self.bytes_of(told[0].before) == before, "the bytes of before are not given back"
        assert self.bytes_of(told[0].after) == after, "the bytes of after are not given back"

    def check_who_is_named(self, own: str) -> None:
        """Whoever knows the file as it was may not write it, and is told who wrote it."""
        now = content(self.bench.get("a"))
        for who in (BOT, OTHER):
            stale = self.bench.run(lambda tx, who=who: self.reads.stale(tx, who, self.path, now))  # type: ignore[misc]
            old = who.id in self.known and content(self.known[who.id]) != now
            assert (stale is not None) is old, "written over what was not seen, or held up for nothing"
            if stale and own != who.id:
                assert stale.writer, "nobody is named"
                assert stale.writer.by.id == own, "somebody else is named"

    # --- how it is done ---

    def knows(self, who: Holder, how: Callable[[Tx, Holder, str, Content], None]) -> None:
        """By reading or writing it."""
        says = self.bench.get("a")
        self.known[who.id] = says
        self.bench.run(lambda tx: how(tx, who, self.path, content(says)))

    def look(self, heard: float | None = None) -> Open | None:
        """What the watch does, a moment after it heard."""
        heard = self.now() if heard is None else heard
        self.bench.clock.advance(0.01)
        found = self.bench.contents.keep(self.path)
        assert isinstance(found, Content)
        look = Look(path=self.path, workspace=WORKSPACE, content=found, heard=heard, at=self.now())
        outcome = self.bench.run(lambda tx: self.writes.looked(tx, look, self.witnesses.scene()))
        assert outcome is not False, "kept just now"
        return outcome if isinstance(outcome, Open) else None

    def judged(self, found: Open | None) -> list[ForeignWrite]:
        """What is announced once the time to tell is over."""
        if found is None:
            return []
        self.bench.clock.advance(max(0.0, found.sighting.at + GRACE_S - self.now()))
        with self.bench.store.transaction() as tx:
            self.writes.judge(tx, found, self.witnesses.scene())
        return [each for each in tx.events if isinstance(each, ForeignWrite)]

    def say_saved(self, data: bytes) -> None:
        held = self.held is not None and self.held.holder is ANN
        contents = frozenset({content(data)})
        save = Save(path=self.path, by=_author(ANN), contents=contents, at=self.now(), held=held)
        self.witnesses.saved(save)

    def keep(self, who: Holder, why: Why) -> None:
        """What whoever coordinates does, and finds what strangers have left."""
        self.bench.keep("a", why, _author(who))

    def now(self) -> float:
        return self.bench.clock.now()

    def of(self, found: Open) -> Version:
        version = self.bench.run(lambda tx: tx.versions.by_id(found.sighting.after))
        assert version, "no version of a sighting"
        return version

    def bytes_of(self, version_id: str) -> bytes | None:
        version = self.bench.run(lambda tx: tx.versions.by_id(version_id))
        assert version, "no version"
        return self.bench.read(version)


def _author(who: Holder) -> Author:
    return Author(id=who.id, name=who.name)
