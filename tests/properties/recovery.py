"""Random histories of files that are written, kept, pruned and restored, beside a plain memory of them."""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import DAY_S, Content, Version
from lsp_orch.services.recovery import Restored
from tests.fixtures.leases import person
from tests.fixtures.versions import Bench, content

MOST = 80  # bytes of all contents; a file has at most ten, so the newest of two files always fit
NEWEST = 3

names = st.sampled_from(["a", "b"])
# few different ones, so that they come back
said = st.one_of(
    st.sampled_from([None, b"", b"one", b"two"]), st.sampled_from([bytes([each]) * 10 for each in range(20)])
)


@dataclass
class Memory:
    """A version as the machine remembers it: the bytes themselves."""

    version: Version
    data: bytes | None


class RecoveryMachine(RuleBasedStateMachine):
    """Some keep what files say as they should, some forget to note it, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="lo-"))
        self.bench = Bench(self.root, Settings(recover_max_bytes=MOST))
        self.memory: list[Memory] = []  # oldest first
        self.unnoted: set[str] = set()

    def teardown(self) -> None:
        self.bench.store.close()
        shutil.rmtree(self.root)

    @rule(name=names, work=st.lists(said, min_size=1, max_size=8))
    def say(self, name: str, work: list[bytes | None]) -> None:
        """Writes under coordination, a minute each: kept before, kept after."""
        for data in work:
            self.keep(name)
            self.bench.clock.advance(60)
            self.bench.set(name, data)
            self.keep(name)

    @rule(name=names)
    def keep(self, name: str) -> None:
        self.remember(self.bench.keep(name), self.bench.get(name))

    @rule(name=names, data=said)
    def write_behind_our_back(self, name: str, data: bytes | None) -> None:
        self.bench.set(name, data)

    @rule(name=names)
    def keep_and_crash(self, name: str) -> None:
        """Kept, but never noted."""
        found = self.bench.contents.keep(self.bench.path(name))
        assert isinstance(found, Content)
        self.unnoted |= {found.digest} - {""}

    @rule(days=st.sampled_from([0.001, 1, 6, 15]))
    def pass_time(self, days: float) -> None:
        self.bench.clock.advance(days * DAY_S)

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        if not self.memory:
            return
        wanted = data.draw(st.sampled_from(self.memory))
        name = Path(wanted.version.path).name
        before = self.bench.get(name)
        outcome = self.bench.run(
            lambda tx: self.bench.recovery.restore(tx, wanted.version, person("ann"), force=False)
        )
        if outcome is None:
            assert self.bench.get(name) == before, "overwritten without being kept"
            assert content(before) != self.last(name), "it was kept already"
            return
        assert isinstance(outcome, Restored)
        assert self.bench.get(name) == wanted.data, "restored something else"
        assert self.bench.read(outcome.replaced) == before, "what it said before is lost"
        newest = self.bench.run(lambda tx: tx.versions.newest(wanted.version.path))
        assert newest
        self.remember(newest, wanted.data)

    @rule()
    def prune(self) -> None:
        now = self.bench.clock.now()
        young = {each.version.id for each in self.memory if each.version.seen_at >= now - 14 * DAY_S}
        newest = self.newest()
        gone = set(self.bench.prune())
        assert not gone & newest, "one of the newest went"
        left = [each for each in self.memory if each.version.id not in gone]
        assert {each.version.id for each in left} <= young | newest, "something too old stayed"
        size, most_lately = (
            self.size(left),
            max(
                (self.last_seen(each) for each in self.memory if each.version.id in gone & young),
                default=None,
            ),
        )
        spare = [
            each for each in left if each.data and each.version.id not in newest and not self.needed(each)
        ]
        assert size <= MOST or not spare, "too much stayed"
        if most_lately is not None:
            survivors = [each for each in left if each.version.id in young]
            assert self.size([each for each in self.memory if each.version.id in young | newest]) > MOST, (
                "there was room"
            )
            assert all(self.last_seen(each) >= most_lately for each in survivors if each in spare), (
                "something that was seen later went first"
            )
        self.memory = left

    @invariant()
    def every_version_is_readable_byte_for_byte(self) -> None:
        stored = self.bench.all()
        assert [each.version for each in reversed(self.memory)] == stored
        assert [each.data for each in reversed(self.memory)] == [self.bench.read(each) for each in stored]

    @invariant()
    def nothing_is_stored_that_no_version_names(self) -> None:
        named = {each.version.content.digest for each in self.memory} - {""}
        stored = self.bench.contents.stored(1e18)
        assert named <= set(stored) <= named | self.unnoted
        assert len(stored) == len(set(stored))

    def remember(self, version: Version, data: bytes | None) -> None:
        known = next((each for each in self.memory if each.version.id == version.id), None)
        if known:
            assert known.data == data, "a version says something else than when it was noted"
            known.version = version
        else:
            self.memory.append(Memory(version, data))

    def last(self, name: str) -> Content | None:
        path = self.bench.path(name)
        return next((each.version.content for each in self.memory[::-1] if each.version.path == path), None)

    def newest(self) -> set[str]:
        """What stays whatever else is said: of each path the three newest that have bytes, and all since."""
        seen: Counter[str] = Counter()
        found = set()
        for each in reversed(self.memory):
            if seen[each.version.path] < NEWEST:
                found.add(each.version.id)
            seen[each.version.path] += each.data is not None
        return found

    def last_seen(self, one: Memory) -> float:
        return max(each.version.seen_at for each in self.memory if each.data == one.data)

    def needed(self, one: Memory) -> bool:
        """Whether one of the newest says the same."""
        newest = self.newest()
        return any(each.data == one.data for each in self.memory if each.version.id in newest)

    def size(self, versions: list[Memory]) -> int:
        return sum(map(len, {each.data for each in versions if each.data}))
