"""A parked task keeps what it holds and its place in the queue, however long it waits."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from lsp_orch.domain.grants import Granted, Queued
from lsp_orch.domain.lease import Party
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State
from lsp_orch.services.leases import Leases
from lsp_orch.services.parking import Parked, Parking
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, FakeProcesses, SerialIds
from tests.fixtures.leases import agent, ask, person
from tests.fixtures.tasks import a_task, claimed

PID = 4711


class Yard:
    """One worker that holds a.py, waits for b.py, which a person has, and is parked; its process is gone."""

    def __init__(self, ttl_s: float, ticket_s: float) -> None:
        settings = Settings(leases_ttl_s=ttl_s, leases_ticket_s=ticket_s)
        self.clock, self.processes, self.store = FakeClock(), FakeProcesses(), SqliteStore()
        self.leases = Leases(self.clock, SerialIds(), lambda _: settings)
        self.sessions = Sessions(self.clock, self.processes, self.leases)
        self.parking = Parking(self.clock, self.leases, lambda _: settings)
        self.processes.running[PID] = 1.0
        with self.store.transaction() as tx:
            self._park(tx, ttl_s)
        del self.processes.running[PID]

    def _park(self, tx: Tx, ttl_s: float) -> None:
        self.sessions.seen(tx, "run", Party.AGENT, "a task", "/ws", PID)
        assert isinstance(self.leases.acquire(tx, ask(agent("run"), "a.py", ttl_s=ttl_s)), Granted)
        self.leases.acquire(tx, ask(person("ann"), "b.py", ttl_s=1e9))
        queued = self.leases.acquire(tx, ask(agent("run"), "b.py", ttl_s=ttl_s))
        assert isinstance(queued, Queued)
        pending = a_task(State.PENDING)
        tx.tasks.insert(pending)
        assert tx.tasks.update(pending, replace(pending, state=State.READY))
        task = claimed(tx, "run")
        assert task
        parked = replace(task, state=State.PARKED, engaged=False, ticket=queued.waiter.id)
        assert tx.tasks.update(task, parked)
        self.sessions.rested(tx, "run")

    def renew(self) -> Parked:
        with self.store.transaction() as tx:
            return self.parking.renew(tx)

    def reap(self) -> None:
        with self.store.transaction() as tx:
            self.sessions.reap(tx)
            self.leases.reap(tx)

    def held(self) -> set[str]:
        with self.store.transaction() as tx:
            return {scope.key for lease in tx.leases.of_session("run") for scope in lease.scopes}

    def waiting(self) -> int:
        with self.store.transaction() as tx:
            return len(tx.waiters.of_session("run"))


def waits_long(ttl_s: float, ticket_s: float, late: list[float]) -> None:
    """Wake when the parking asks for it, up to half of that again too late; the reaper never sleeps."""
    yard = Yard(ttl_s, ticket_s)
    for share in late:
        parked = yard.renew()
        assert parked.renew_at is not None
        assert len(parked.tickets) == 1
        pause = (parked.renew_at - yard.clock.now()) * (1 + share)
        for _ in range(4):
            yard.clock.advance(pause / 4)
            yard.reap()
        assert yard.held() == {"/ws/a.py"}, "a lease was lost"
        assert yard.waiting() == 1, "its place in the queue was lost"
    with yard.store.transaction() as tx:
        yard.leases.release(tx, tx.leases.of_session("ann"))
    yard.renew()
    yard.reap()
    assert yard.held() == {"/ws/a.py", "/ws/b.py"}, "the grant was lost"
    yard.store.close()


anything = given(
    ttl_s=st.floats(1.0, 1e5), ticket_s=st.floats(1.0, 1e5), late=st.lists(st.floats(0.0, 0.5), max_size=20)
)


UNTIL_FOUND = examples(
    max_examples=200, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)


@anything
@examples(max_examples=100, deadline=None)
def test_what_it_holds_and_waits_for_outlives_any_wait(
    ttl_s: float, ticket_s: float, late: list[float]
) -> None:
    waits_long(ttl_s, ticket_s, late)


def test_a_cancelled_one_is_not_kept_and_its_place_must_be_tidied() -> None:
    yard = Yard(120.0, 1800.0)
    with yard.store.transaction() as tx:
        [task] = tx.tasks.parked()
        assert tx.tasks.update(task, replace(task, state=State.CANCELLED, engaged=True))
    assert yard.renew() == Parked()
    yard.clock.advance(1801)
    yard.reap()
    assert (yard.held(), yard.waiting()) == (set(), 0)


def rested_not(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sessions, "rested", lambda *_: None)


def late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("lsp_orch.services.parking._SHARE", 0.9)


def no_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Leases, "step", lambda *_: None)


def no_ticket(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("lsp_orch.store.leases.WaiterTable.update", lambda *_: None)


@pytest.mark.parametrize(
    ("seed", "told"),
    [
        (rested_not, "was lost"),
        (late, "was lost"),
        (no_lease, "a lease was lost"),
        (no_ticket, "its place in the queue was lost"),
    ],
)
def test_a_seeded_bug_is_found(
    seed: Callable[[pytest.MonkeyPatch], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        UNTIL_FOUND(anything(waits_long))()
