"""Noting, finding, restoring and pruning what files said."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.lease import Holder, Lease, Mode, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import DAY_S, Author, Version, Why
from lsp_orch.services.recovery import Restored
from tests.fixtures.clock import START
from tests.fixtures.leases import agent, lease, person
from tests.fixtures.versions import LARGEST, Bench, content, refused

ANN, BOB = person("ann"), agent("bob")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, Settings(recover_max_bytes=1000))
    yield bench
    bench.store.close()


def find(bench: Bench, name: str, before: float | None = None) -> Version | Refusal:
    path, now = bench.path(name), content(bench.get(name))
    return bench.run(lambda tx: bench.recovery.find(tx, path, before, now))


def restore(bench: Bench, version: Version, by: Holder = ANN, *, force: bool = False) -> object:
    return bench.run(lambda tx: bench.recovery.restore(tx, version, by, force=force))


def hold(bench: Bench, holder: Holder, mode: Mode = Mode.WRITE, state: State = State.HELD) -> Lease:
    """Somebody holds ``a``."""
    scopes = (Scope(Kind.FILE, bench.path("a")),)
    held = replace(lease(holder, mode=mode), scopes=scopes, state=state)
    bench.run(lambda tx: tx.leases.insert(held))
    return held


# --- noting ---


def test_a_version_tells_what_when_by_whom_and_why(bench: Bench) -> None:
    bench.set("a", b"one")
    noted = bench.keep("a", Why.FOREIGN_WRITE, Author(id="x", name="Xavier"))
    assert noted == Version(
        id="version-1",
        path=bench.path("a"),
        content=content(b"one"),
        kept_at=START,
        seen_at=START,
        by=Author(id="x", name="Xavier"),
        why=Why.FOREIGN_WRITE,
    )
    assert bench.all() == [noted]


def test_the_same_again_is_one_version_that_was_seen_later(bench: Bench) -> None:
    first = bench.say("a", b"one")
    bench.clock.advance(10)
    again = bench.keep("a", Why.SAVED)
    assert (again.id, again.kept_at, again.seen_at) == (first.id, START + 1, START + 11)
    bench.clock.advance(-100)  # somebody has set the clock
    assert bench.keep("a").seen_at == START + 11
    assert bench.all() == [again]


def test_what_it_said_once_before_is_a_version_of_its_own(bench: Bench) -> None:
    versions = [bench.say("a", data) for data in (b"one", b"two", b"one", None, b"one")]
    assert bench.all() == versions[::-1]


def test_what_was_dropped_before_it_was_noted_must_be_kept_anew(bench: Bench) -> None:
    """As when it is pruned between the two."""
    bench.set("a", b"one")
    path, one = bench.path("a"), bench.contents.keep(bench.path("a"))
    assert one == content(b"one")
    assert bench.run(lambda tx: bench.recovery.drop(tx, [content(b"one").digest])) is None
    by = Author(id="x", name="x")
    assert bench.run(lambda tx: bench.recovery.note(tx, path, content(b"one"), by, Why.SAVED)) is None
    assert bench.all() == []
    assert bench.read(bench.keep("a")) == b"one"


def test_what_a_version_names_is_never_dropped(bench: Bench) -> None:
    version = bench.say("a", b"one")
    assert bench.run(lambda tx: bench.recovery.drop(tx, [version.content.digest])) is None
    assert bench.read(version) == b"one"


def test_what_cannot_be_dropped_is_a_refusal_and_not_the_stores_end(bench: Bench) -> None:
    where = bench.files.parent / "contents" / "ab"
    (where / ("c" * 62)).mkdir(parents=True)
    refusal = bench.run(lambda tx: bench.recovery.drop(tx, ["ab" + "c" * 62]))
    assert refused(refusal).code is Code.HOME_READ_ONLY


# --- finding ---


def test_without_a_time_it_is_what_the_file_said_last_and_does_not_say_now(bench: Bench) -> None:
    one, two = bench.say("a", b"one"), bench.say("a", b"two")
    assert find(bench, "a") == one
    bench.set("a", b"three")
    assert find(bench, "a") == two
    bench.set("a", None)
    assert find(bench, "a") == two
    bench.keep("a")
    assert find(bench, "a") == two
    bench.say("a", b"three")
    assert find(bench, "a") == two, "that it was gone is nothing to give back"


def test_with_a_time_it_is_what_the_file_said_last_before_it(bench: Bench) -> None:
    none, one, two = (bench.say("a", data) for data in (None, b"one", b"two"))
    assert find(bench, "a", START + 3.5) == two
    assert find(bench, "a", START + 3) == one
    assert find(bench, "a", START + 2) == none


def test_what_is_not_there_is_refused_by_name(bench: Bench) -> None:
    bench.say("a", b"one")
    for refusal, said in (
        (find(bench, "a"), f"nothing else is kept of {bench.path('a')}"),
        (find(bench, "b"), f"nothing else is kept of {bench.path('b')}"),
        (find(bench, "a", START), f"nothing so old is kept of {bench.path('a')}"),
        (bench.run(lambda tx: bench.recovery.by_id(tx, "version-9")), "there is no version version-9"),
    ):
        assert refused(refusal) == Refusal(
            code=Code.VERSION_NOT_FOUND, message=said, hint="`lsp-orch recover list` shows what there is"
        )


def test_a_version_is_found_by_its_id(bench: Bench) -> None:
    one = bench.say("a", b"one")
    assert bench.run(lambda tx: bench.recovery.by_id(tx, one.id)) == one


# --- restoring ---


def test_a_file_says_again_what_it_said_and_what_it_said_until_now_is_kept(bench: Bench) -> None:
    one, two = bench.say("a", b"one"), bench.say("a", b"two")
    bench.clock.advance(1)
    assert restore(bench, one) == Restored(version=one, replaced=two)
    writer = bench.run(lambda tx: tx.reads.writer(one.path))
    assert writer is not None
    assert writer.by == Author(id=ANN.id, name=ANN.name)  # who has read it before is told by whom it changed
    assert bench.get("a") == b"one"
    last = bench.all()[0]
    assert (last.content, last.why, last.by.id) == (one.content, Why.AFTER_WRITE, "ann")
    assert bench.read(two) == b"two"


def test_nothing_is_overwritten_that_is_not_kept(bench: Bench) -> None:
    one = bench.say("a", b"one")
    bench.set("a", b"two")
    assert restore(bench, one) is None
    assert bench.get("a") == b"two"
    bench.keep("a")
    assert isinstance(restore(bench, one), Restored)


def test_a_file_of_which_nothing_was_kept_is_kept_first_too(bench: Bench) -> None:
    """The version is another path's, as when a file was renamed on disk behind our back."""
    one = replace(bench.say("a", b"one"), path=bench.path("b"))
    bench.set("b", b"never seen")
    assert restore(bench, one) is None
    assert bench.get("b") == b"never seen"


def test_what_cannot_be_kept_is_not_overwritten(bench: Bench) -> None:
    one = bench.say("a", b"one")
    bench.set("a", b"x" * (LARGEST + 1))
    assert refused(restore(bench, one)).code is Code.CONTENT_NOT_KEPT
    assert bench.get("a") == b"x" * (LARGEST + 1)


def test_what_it_says_already_is_not_written_again(bench: Bench) -> None:
    one = bench.say("a", b"one")
    before = (bench.files / "a").stat().st_ino
    assert restore(bench, one) == Restored(version=one, replaced=one)
    assert (bench.files / "a").stat().st_ino == before
    assert bench.all() == [one]


def test_a_file_that_was_not_there_is_taken_away_and_can_be_had_back(bench: Bench) -> None:
    none, one = bench.say("a", None), bench.say("a", b"one")
    restore(bench, none)
    assert bench.get("a") is None
    bench.clock.advance(1)
    assert find(bench, "a") == one
    restore(bench, one)
    assert bench.get("a") == b"one"


@pytest.mark.parametrize("state", [State.HELD, State.DIRTY])
def test_a_file_that_somebody_else_holds_is_refused(bench: Bench, state: State) -> None:
    one = bench.say("a", b"one")
    bench.say("a", b"two")
    hold(bench, BOB, state=state)
    refusal = refused(restore(bench, one))
    assert refusal.code is Code.LEASE_HELD
    assert "bob" in refusal.message
    assert ("unsaved" in refusal.message) == (state is State.DIRTY)
    assert "--force" in refusal.hint
    assert bench.get("a") == b"two"


def test_a_person_may_force_it_and_an_agent_may_not(bench: Bench) -> None:
    one = bench.say("a", b"one")
    bench.say("a", b"two")
    hold(bench, BOB)
    refusal = refused(restore(bench, one, agent("cat"), force=True))
    assert refusal.code is Code.LEASE_HELD
    assert "only a person" in refusal.hint
    assert bench.get("a") == b"two"
    assert isinstance(restore(bench, one, ANN, force=True), Restored)
    assert bench.get("a") == b"one"


def test_ones_own_lease_and_others_reading_are_not_in_the_way(bench: Bench) -> None:
    one = bench.say("a", b"one")
    bench.say("a", b"two")
    hold(bench, BOB, Mode.READ)
    assert isinstance(restore(bench, one), Restored)
    bench.run(lambda tx: tx.leases.delete(tx.leases.live()[0]))
    bench.say("a", b"two")
    hold(bench, ANN)
    assert isinstance(restore(bench, one), Restored)


def test_a_file_that_cannot_be_written_is_a_refusal_and_not_the_stores_end(bench: Bench) -> None:
    """Unavailable would undo whatever shares the commit."""
    one, now = bench.say("a", b"one"), bench.say("a", b"two")
    (bench.files.parent / "contents" / one.content.digest[:2] / one.content.digest[2:]).write_bytes(b"\0")
    assert refused(restore(bench, one)).code is Code.STORE_CORRUPT
    assert bench.get("a") == b"two"
    assert bench.all() == [now, one]


# --- pruning ---


def test_what_is_too_old_goes_with_its_content(bench: Bench) -> None:
    versions = [bench.say("a", b"%d" % number) for number in range(5)]
    bench.clock.advance(14 * DAY_S)
    assert bench.prune() == [each.id for each in versions[:2]]
    assert bench.all() == versions[:1:-1]
    assert sorted(bench.contents.stored(1e18)) == sorted(each.content.digest for each in versions[2:])


def test_what_would_go_is_told_and_nothing_is_taken(bench: Bench) -> None:
    versions = [bench.say("a", b"%d" % number) for number in range(5)]
    bench.clock.advance(14 * DAY_S)
    told = bench.recovery.prunable(bench.all())
    assert told.versions == tuple(versions[:2])
    assert told.contents == tuple(each.content for each in versions[:2])
    assert bench.all() == versions[::-1]
    assert len(bench.contents.stored(1e18)) == 5


def test_what_is_noted_while_it_is_pruned_is_not_touched_by_it(bench: Bench) -> None:
    """One of them says what is about to go."""
    for number in range(5):
        bench.say("a", b"%d" % number)
    bench.clock.advance(14 * DAY_S)
    pruned = bench.recovery.prunable(bench.all())
    late = [bench.say("a", b"late"), bench.say("a", b"0"), bench.say("b", b"1")]
    bench.run(lambda tx: bench.recovery.forget(tx, pruned.versions))
    assert bench.run(lambda tx: bench.recovery.drop(tx, [each.digest for each in pruned.contents])) is None
    assert [bench.read(each) for each in late] == [b"late", b"0", b"1"]


def test_a_content_stays_as_long_as_some_version_has_it(bench: Bench) -> None:
    bench.say("b", b"0")
    versions = [bench.say("a", b"%d" % number) for number in range(5)]
    bench.clock.advance(14 * DAY_S)
    assert bench.recovery.prunable(bench.all()).contents == (versions[1].content,)
    assert bench.prune() == [each.id for each in versions[:2]]
    assert bench.read(versions[0]) == b"0"


def test_of_too_much_goes_what_was_seen_least_lately(bench: Bench) -> None:
    versions = [bench.say("a", b"%d" % number * 300) for number in range(5)]
    assert bench.prune() == [each.id for each in versions[:2]]
    assert sum(each.content.size for each in bench.all()) <= 1000


def test_only_what_no_version_had_for_so_long_is_unclaimed(bench: Bench) -> None:
    bench.set("a", b"never noted")
    bench.contents.keep(bench.path("a"))
    bench.clock.advance(1e9)  # and the files' own times are now's
    noted = bench.say("a", b"noted")
    bench.clock.advance(14 * DAY_S + 1e9)
    unclaimed = bench.recovery.unclaimed()
    assert sorted(unclaimed) == sorted([content(b"never noted").digest, noted.content.digest])
    bench.run(lambda tx: bench.recovery.drop(tx, unclaimed))
    assert bench.contents.stored(1e18) == [noted.content.digest]


def test_what_was_kept_lately_is_left_alone_though_no_version_names_it(bench: Bench) -> None:
    bench.set("a", b"of a store that was moved away")
    bench.contents.keep(bench.path("a"))
    bench.clock.advance((bench.files / "a").stat().st_mtime - START + 13 * DAY_S)
    assert bench.recovery.unclaimed() == []
