"""Corners of the queue that random histories found, or might not find again."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.events import FileWritten, LeaseChanged, LeaseEnded, LeaseGranted
from lsp_orch.domain.grants import Granted, Queued
from lsp_orch.domain.lease import FRESH, Mode, State, Step
from lsp_orch.domain.settings import Settings
from lsp_orch.services.leases import Leases
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.leases import agent, ask, file, person

ANN, BOB, CAT = person("ann"), agent("bob"), agent("cat")
Result = TypeVar("Result")


class Bench:
    """Leases in a store of their own."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.leases = Leases(self.clock, SerialIds(), lambda _: Settings())
        self.store = SqliteStore()

    def run(self, work: Callable[[Tx], Result]) -> Result:
        with self.store.transaction() as tx:
            return work(tx)

    def granted(self, *arguments: object, **more: object) -> Granted:
        outcome = self.run(lambda tx: self.leases.acquire(tx, ask(*arguments, **more)))  # type: ignore[arg-type]  # passed on
        assert isinstance(outcome, Granted)
        return outcome

    def queued(self, *arguments: object, **more: object) -> Queued:
        outcome = self.run(lambda tx: self.leases.acquire(tx, ask(*arguments, **more)))  # type: ignore[arg-type]  # passed on
        assert isinstance(outcome, Queued)
        return outcome

    def release(self, holder_id: str) -> list[LeaseGranted]:
        with self.store.transaction() as tx:
            self.leases.release(tx, tx.leases.of_holder(holder_id))
        return [event for event in tx.events if isinstance(event, LeaseGranted)]

    def files(self, holder_id: str) -> set[str]:
        held = self.run(lambda tx: tx.leases.of_holder(holder_id))
        return {scope.key.rpartition("/")[2] for each in held for scope in each.scopes}


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.store.close()


@pytest.mark.parametrize(("names", "ttl_s"), [((), 1.0), (("a",), 0.0)])
def test_an_ask_for_nothing_or_for_no_time_is_misuse(
    bench: Bench, names: tuple[str, ...], ttl_s: float
) -> None:
    with pytest.raises(Misuse) as caught:
        bench.granted(BOB, *names, ttl_s=ttl_s)
    assert caught.value.refusal.code is Code.BAD_REQUEST


def test_one_file_named_twice_is_one_file(bench: Bench) -> None:
    assert bench.granted(BOB, "a", "a").lease.scopes == (file("a"),)


def test_the_same_files_in_another_order_keep_their_place(bench: Bench) -> None:
    bench.granted(BOB, "a")
    first = bench.queued(CAT, "a", "b")
    assert bench.queued(CAT, "b", "a", reason="again", ttl_s=5.0).waiter.place == first.waiter.place
    assert len(bench.run(lambda tx: tx.waiters.waiting())) == 1


def test_a_holder_who_waits_twice_for_one_file_is_granted_both(bench: Bench) -> None:
    bench.granted(BOB, "a", "b")
    tickets = [bench.queued(CAT, "a", "b").waiter.id, bench.queued(CAT, "a").waiter.id]
    assert [event.ticket for event in bench.release("bob")] == tickets
    assert bench.files("cat") == {"a", "b"}


def test_what_comes_with_one_grant_answers_the_holders_other_ticket(bench: Bench) -> None:
    bench.granted(BOB, "a")
    both = bench.queued(CAT, "a", "b", mode=Mode.READ)
    bench.queued(ANN, "a", "b")
    one = bench.queued(CAT, "b", mode=Mode.READ)
    assert [event.ticket for event in bench.release("bob")] == [both.waiter.id, one.waiter.id]


def test_all_or_nothing_holds_also_when_a_part_was_lost_while_waiting(bench: Bench) -> None:
    bench.granted(CAT, "a", ttl_s=10.0)
    bench.granted(BOB, "b")
    bench.queued(CAT, "a", "b", ttl_s=10.0)
    bench.clock.advance(11.0)
    bench.run(bench.leases.reap)
    assert bench.queued(ANN, "a").position == 2
    bench.release("bob")
    assert bench.files("cat") == {"a", "b"}


def test_a_reader_who_writes_keeps_one_lease(bench: Bench) -> None:
    bench.granted(BOB, "a", mode=Mode.READ)
    with bench.store.transaction() as tx:
        bench.leases.acquire(tx, ask(BOB, "a"))
    assert [(event.lease.mode, event.why) for event in tx.events if isinstance(event, LeaseEnded)] == [
        (Mode.READ, "upgraded")
    ]
    assert [each.mode for each in bench.run(lambda tx: tx.leases.of_holder("bob"))] == [Mode.WRITE]


def test_an_answer_names_the_lease_that_allows_what_was_asked(bench: Bench) -> None:
    bench.granted(BOB, "a", "b", mode=Mode.READ)
    bench.granted(BOB, "a")
    assert bench.granted(BOB, "a").lease.mode is Mode.WRITE


def test_typing_into_a_file_that_was_asked_for_makes_it_unsaved(bench: Bench) -> None:
    bench.granted(ANN, "a")
    lease = bench.granted(ANN, "a", state=State.DIRTY).lease
    assert (lease.state, lease.expires_at) == (State.DIRTY, None)


def test_typing_while_waiting_keeps_the_place_and_waits_without_end(bench: Bench) -> None:
    bench.granted(BOB, "a")
    first = bench.queued(ANN, "a")
    bench.queued(CAT, "a")
    typed = bench.queued(ANN, "a", state=State.DIRTY)
    assert (typed.waiter.id, typed.position, typed.waiter.expires_at) == (first.waiter.id, 1, None)
    assert bench.queued(ANN, "a").waiter.ask.state is State.DIRTY  # asking once more saves nothing
    [event] = bench.release("bob")
    assert (event.ticket, event.lease.state) == (first.waiter.id, State.DIRTY)


def test_a_save_gives_the_file_to_who_waits(bench: Bench) -> None:
    bench.granted(ANN, "a", state=State.DIRTY)
    ticket = bench.queued(BOB, "a").waiter.id
    with bench.store.transaction() as tx:
        bench.leases.saved(tx, "ann", file("a"))
    assert [event.ticket for event in tx.events if isinstance(event, LeaseGranted)] == [ticket]
    assert bench.files("ann") == set()


def test_a_save_that_nobody_waits_for_keeps_the_file_a_while(bench: Bench) -> None:
    bench.granted(ANN, "a", state=State.DIRTY)
    with bench.store.transaction() as tx:
        bench.leases.saved(tx, "ann", file("a"))
    written, event = tx.events
    assert isinstance(written, FileWritten)
    assert (written.scope, written.by.id) == (file("a"), "ann")
    assert isinstance(event, LeaseChanged)
    assert event.lease.state is State.SAVED
    assert event.lease.expires_at == bench.clock.now() + Settings().leases_saved_s


def test_a_place_lasts_as_long_as_somebody_waits_in_it(bench: Bench) -> None:
    bench.granted(BOB, "a")
    patient = bench.run(lambda tx: bench.leases.acquire(tx, ask(CAT, "a"), wait_s=7200.0))
    assert isinstance(patient, Queued)
    assert patient.waiter.expires_at == bench.clock.now() + 7200.0


def test_a_superseded_token_is_told_what_to_do(bench: Bench) -> None:
    old = bench.granted(BOB, "a").lease.token
    bench.release("bob")
    assert bench.run(lambda tx: bench.leases.check(tx, file("a"), old)) is None  # nobody has had it since
    bench.granted(CAT, "a")
    refusal = bench.run(lambda tx: bench.leases.check(tx, file("a"), old))
    assert refusal
    assert refusal.code is Code.LEASE_FENCED
    assert "read the file again" in refusal.hint


def test_a_sign_of_life_that_adds_next_to_nothing_writes_nothing(bench: Bench) -> None:
    lease = bench.granted(CAT, "a.py").lease
    assert lease.expires_at

    def renewed(after_s: float) -> list[float | None]:
        bench.clock.advance(after_s)
        with bench.store.transaction() as tx:
            bench.leases.renew(tx, CAT.session)
        return [event.lease.expires_at for event in tx.events if isinstance(event, LeaseChanged)]

    assert renewed(lease.ttl_s * FRESH / 2) == []
    assert renewed(lease.ttl_s * FRESH) == [lease.expires_at + lease.ttl_s * FRESH * 1.5]


def test_an_agent_that_goes_on_after_its_turn_keeps_what_it_has_at_once(bench: Bench) -> None:
    bench.granted(CAT, "a.py")
    with bench.store.transaction() as tx:
        bench.leases.step(tx, tx.leases.of_session(CAT.session), Step.STOP)
        bench.leases.renew(tx, CAT.session)
        assert [each.state for each in tx.leases.of_session(CAT.session)] == [State.HELD]
