"""Whoever writes has seen what they write over, in any history of readers, writers and others."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lsp_orch.domain.lease import Holder, Party
from lsp_orch.domain.read import Read, Writer
from lsp_orch.domain.version import ABSENT, DAY_S, Author, Content
from lsp_orch.services import reads as service
from lsp_orch.services.reads import Reads
from lsp_orch.store.reads import ReadTable
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock
from tests.properties.histories import THOROUGH, UNTIL_FOUND

HOLDERS = tuple(
    Holder(id=name, kind=Party.AGENT, name=name.upper(), session=name[0]) for name in ("s", "s/sub", "t")
)
STRANGER = Author(id="", name="somebody outside")
holders = st.sampled_from(HOLDERS)
paths = st.sampled_from(("/ws/a", "/ws/b"))
texts = st.sampled_from(("", "x", "y"))


def content(text: str) -> Content:
    return Content(digest=sha256(text.encode()).hexdigest(), size=len(text)) if text else ABSENT


class ReadMachine(RuleBasedStateMachine):
    """The model: what each file says, what each holder has last seen of it, and who wrote it last when."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.reads = Reads(self.clock)
        self.store = SqliteStore()
        self.says: dict[str, str] = {}
        self.seen: dict[tuple[str, str], tuple[str, float]] = {}
        self.wrote: dict[str, tuple[str, float]] = {}

    @rule(who=holders, path=paths)
    def looks(self, who: Holder, path: str) -> None:
        with self.store.transaction() as tx:
            self.reads.saw(tx, who, path, content(self.says.get(path, "")))
        self.know(who, path)

    @rule(who=holders, path=paths, text=texts)
    def writes(self, who: Holder, path: str, text: str) -> None:
        now = self.says.get(path, "")
        with self.store.transaction() as tx:
            stale = self.reads.stale(tx, who, path, content(now))
        known, read_at = self.seen.get((who.id, path), (now, 0.0))
        assert (stale is None) is (known == now), "written over what was not seen, or held up for nothing"
        if stale:
            by, at = self.wrote.get(path, (who.name, 0.0))
            theirs = by != who.name and at >= read_at
            told = stale.writer and (stale.writer.by.name, stale.writer.at)
            assert told == ((by, at) if theirs else None), "somebody else is named"
            return
        self.says[path] = text
        with self.store.transaction() as tx:
            self.reads.wrote(tx, who, path, content(text))
        self.wrote[path] = (who.name, self.clock.now())
        self.know(who, path)

    @rule(path=paths, text=texts)
    def a_program_that_asks_nobody_writes(self, path: str, text: str) -> None:
        self.says[path] = text

    @rule(path=paths, text=texts, ago=st.sampled_from((0.0, 0.5, 900.0)))
    def a_write_is_seen_later(self, path: str, text: str, ago: float) -> None:
        """Who has told us of a later one wrote last."""
        self.says[path], at = text, self.clock.now() - ago
        with self.store.transaction() as tx:
            self.reads.changed(tx, path, STRANGER, at)
        if path not in self.wrote or self.wrote[path][1] <= at:
            self.wrote[path] = (STRANGER.name, at)

    @rule(session=st.sampled_from("st"))
    def a_session_ends(self, session: str) -> None:
        with self.store.transaction() as tx:
            tx.reads.forget(session)
        self.seen = {key: known for key, known in self.seen.items() if key[0][0] != session}

    @rule(days=st.sampled_from((0.01, 15.0)))
    def time_passes(self, days: float) -> None:
        self.clock.advance(days * DAY_S)
        with self.store.transaction() as tx:
            self.reads.prune(tx)
        known = {path for _, path in self.seen}
        old = self.clock.now() - 14 * DAY_S
        self.wrote = {path: last for path, last in self.wrote.items() if path in known or last[1] >= old}

    @invariant()
    def no_more_is_remembered_than_is_known(self) -> None:
        with self.store.transaction() as tx:
            assert set(tx.reads.paths()) == {path for _, path in self.seen}

    def know(self, who: Holder, path: str) -> None:
        self.seen[who.id, path] = self.says.get(path, ""), self.clock.now()

    def teardown(self) -> None:
        self.store.close()


def test_who_writes_has_seen_what_they_write_over() -> None:
    run_state_machine_as_test(ReadMachine, settings=THOROUGH)


def all_know_the_same(self: ReadTable, _: str, path: str, right: Callable[..., Read | None]) -> Read | None:
    return next((found for each in HOLDERS if (found := right(self, each.id, path))), None)


_OF = ReadTable.of


@pytest.mark.parametrize(
    ("owner", "name", "wrong"),
    [
        (service, "judge", lambda *_: None),
        (Reads, "wrote", lambda *_: None),
        (Reads, "changed", lambda *_: None),
        (Reads, "changed", lambda _, tx, path, by, at: tx.reads.wrote(Writer(path=path, by=by, at=at))),
        (ReadTable, "wrote", lambda *_: None),
        (ReadTable, "forget", lambda *_: None),
        (ReadTable, "of", lambda self, who, path: all_know_the_same(self, who, path, _OF)),
    ],
    ids=[
        *("not judged", "own writes unknown", "foreign writes unknown", "who was seen last wrote last"),
        *("writers unknown", "sessions never end", "all know the same"),
    ],
)
def test_a_seeded_bug_is_found(
    owner: object, name: str, wrong: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, wrong)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(ReadMachine, settings=UNTIL_FOUND)
