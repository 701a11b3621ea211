"""Corners of the reaper that random histories seldom meet."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import ClaimMade, LeaseChanged, ReapingFrozen, ReapingResumed
from lsp_orch.domain.grants import Granted, Queued
from lsp_orch.domain.lease import Lease, Party, Step
from lsp_orch.domain.session import REMEMBERED_S, State
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State as TaskState
from lsp_orch.domain.vigil import Vigil, begin, thaw
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.reaper import STARTED, Reaper
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, FakeProcesses, SerialIds, moment
from tests.fixtures.leases import WORKSPACE, agent, ask, file, person
from tests.fixtures.tasks import a_task, claimed

Result = TypeVar("Result")


class Bench:
    """A reaper with a store of its own."""

    def __init__(self) -> None:
        self.clock, self.processes, self.store = FakeClock(), FakeProcesses(), SqliteStore()
        self.settings = Settings()
        self.forgotten: list[str] = []
        self.leases = Leases(self.clock, SerialIds(), lambda _: self.settings)
        forget = [lambda _, name: self.forgotten.append(name)]
        self.sessions = Sessions(self.clock, self.processes, self.leases, self.settings, forget)
        self.claims = Claims(self.clock, lambda _: self.settings, self.leases)
        self.reaper = Reaper(
            self.clock, self.sessions, self.leases, self.claims, self.settings, lambda _: self.settings
        )
        self.vigil: Vigil = begin(moment(self.clock))

    def run(self, work: Callable[[Tx], Result]) -> Result:
        with self.store.transaction() as tx:
            result = work(tx)
        self.events = tx.events
        return result

    def look(self, seconds: float = 5.0) -> None:
        """One tick later."""
        self.clock.advance(seconds)
        self.vigil = self.run(lambda tx: self.reaper.reap(tx, self.vigil)).vigil

    def come(self, name: str, pid: int = 0) -> None:
        if pid:
            self.processes.running[pid] = self.clock.now()
        self.run(lambda tx: self.sessions.seen(tx, name, Party.AGENT, name, WORKSPACE, pid))

    def state(self, name: str) -> State | None:
        found = self.run(lambda tx: tx.sessions.by_id(name))
        return found.state if found else None

    def held(self) -> list[str]:
        return [each.holder.id for each in self.run(lambda tx: tx.leases.live())]


def given(bench: Bench, name: str, on: str) -> Lease:
    """Somebody has it for long, of whose session nothing is known."""
    outcome = bench.run(lambda tx: bench.leases.acquire(tx, ask(agent(name, ""), on, ttl_s=1e6)))
    assert isinstance(outcome, Granted)
    return outcome.lease


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.store.close()


def test_who_is_silent_is_suspect_then_dead_and_loses_what_they_wait_for(bench: Bench) -> None:
    bench.come("bob")
    bench.run(lambda tx: bench.leases.acquire(tx, ask(person("ann"), "a", ttl_s=1e6)))
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob"), "a")))
    for _ in range(4):
        bench.look(25.0)
    assert bench.state("bob") is State.SUSPECT
    for _ in range(8):
        bench.look(25.0)
    assert bench.state("bob") is State.REAPED
    assert bench.run(lambda tx: tx.waiters.waiting()) == []
    assert bench.run(lambda tx: tx.sessions.all()) == []
    assert bench.forgotten == []  # they may come back, and write what they have read


def test_a_sign_of_life_takes_the_suspicion_away(bench: Bench) -> None:
    bench.come("bob")
    for _ in range(4):
        bench.look(25.0)
    bench.come("bob")
    assert bench.state("bob") is State.ALIVE


def test_who_was_reaped_is_refused_until_they_register_and_learns_what_became_of_it(bench: Bench) -> None:
    bench.come("bob", pid=7)
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob/sub", "bob"), "a", "b")))
    bench.processes.running.clear()
    bench.look()
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("cat", ""), "a")))
    bench.come("bob", pid=8)  # a sign of life is not enough
    outcome = bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob"), "b")))
    assert isinstance(outcome, Refusal)
    assert outcome.code is Code.SESSION_REAPED
    lost = bench.run(lambda tx: bench.sessions.lost(tx, "bob"))
    assert [(each.scope, each.holders) for each in lost] == [(file("a"), ("cat",)), (file("b"), ())]
    bench.run(lambda tx: bench.sessions.register(tx, "bob", Party.AGENT, "bob", WORKSPACE, 8))
    assert bench.state("bob") is State.ALIVE
    assert bench.run(lambda tx: bench.sessions.lost(tx, "bob")) == []
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob"), "b")))
    assert bench.held() == ["cat", "bob"]


def test_the_reaped_are_remembered_for_a_day_by_whatever_clock(bench: Bench) -> None:
    bench.come("bob", pid=7)
    bench.processes.running.clear()
    bench.look()
    assert bench.state("bob") is State.REAPED
    bench.clock.jump(400 * 86400.0)
    for _ in range(7):
        bench.look(25.0)
    assert bench.vigil.why == ""  # the freeze is over, and whoever is forgotten would be by now
    assert bench.state("bob") is State.REAPED
    for _ in range(int(REMEMBERED_S // 25)):
        bench.clock.advance(25.0)
        bench.vigil = Vigil(seen=moment(bench.clock), offset=bench.vigil.offset)
    bench.look()
    assert bench.state("bob") is None
    assert bench.forgotten == ["bob"]


def test_a_freeze_keeps_the_leases_of_the_dead_and_grants_what_is_asked(bench: Bench) -> None:
    for number, name in enumerate(("a", "b", "c"), start=1):
        bench.come(name, pid=number)
        bench.run(lambda tx, name=name: bench.leases.acquire(tx, ask(agent(name), name)))  # type: ignore[misc]  # bound to this round
    bench.processes.running.clear()
    bench.look()
    [freeze] = [each for each in bench.events if isinstance(each, ReapingFrozen)]
    assert (freeze.why, freeze.longer) == ("3 sessions died within 30 s", False)
    assert freeze.until == bench.clock.now() + 120
    assert bench.held() == ["a", "b", "c"]
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("new", ""), "d")))
    assert bench.held() == ["a", "b", "c", "new"]
    for _ in range(24):
        bench.look()
    assert ReapingResumed() in bench.events
    assert bench.held() == []  # the dead, and the new one, whose two minutes are over as well


def test_the_ends_of_tasks_workers_are_no_alarm(bench: Bench) -> None:
    for number, name in enumerate(("a", "b", "c"), start=1):
        task = replace(a_task(TaskState.PENDING), id=name)
        bench.run(lambda tx, task=task: tx.tasks.insert(task))  # type: ignore[misc]  # bound to this round
        ready = replace(task, state=TaskState.READY)
        assert bench.run(lambda tx, was=task, now=ready: tx.tasks.update(was, now))  # type: ignore[misc]  # as above
        assert bench.run(lambda tx, name=name: claimed(tx, name, bench.clock.now()))  # type: ignore[misc]  # as above
        bench.come(name, pid=number)
    bench.processes.running.clear()
    bench.look()
    assert [bench.state(name) for name in ("a", "b", "c")] == [State.REAPED] * 3


def test_one_of_the_dead_who_comes_back_in_the_freeze_has_lost_nothing(bench: Bench) -> None:
    for number, name in enumerate(("a", "b", "c"), start=1):
        bench.come(name, pid=number)
        bench.run(lambda tx, name=name: bench.leases.acquire(tx, ask(agent(name), name, ttl_s=1e4)))  # type: ignore[misc]  # as above
    bench.processes.running.clear()
    bench.look()
    bench.come("b", pid=9)
    for _ in range(24):
        bench.look()
    assert bench.held() == ["b"]


def test_a_ticket_of_somebody_who_said_how_long_they_wait_has_that_time_again(bench: Bench) -> None:
    bench.run(lambda tx: bench.leases.acquire(tx, ask(person("ann"), "a", ttl_s=1e6)))
    for name, wait_s in (("bob", 7200.0), ("cat", 0.0)):
        outcome = bench.run(lambda tx, who=name, s=wait_s: bench.leases.acquire(tx, ask(agent(who), "a"), s))  # type: ignore[misc]  # as above
        assert isinstance(outcome, Queued)
    bench.clock.sleep(8 * 3600.0)
    bench.look()
    left = [(each.expires_at or 0) - bench.clock.now() for each in bench.run(lambda tx: tx.waiters.waiting())]
    assert left == [7200.0, bench.settings.leases_ticket_s]


def test_a_daemon_that_begins_with_nothing_has_nobody_to_spare(bench: Bench) -> None:
    vigil = bench.run(bench.reaper.restart)
    assert thaw(vigil, moment(bench.clock)) is None


def test_a_daemon_that_begins_gives_those_who_were_here_a_moment(bench: Bench) -> None:
    bench.come("bob", pid=7)
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob"), "a")))
    bench.processes.running.clear()
    bench.clock.advance(3600.0)
    bench.vigil = bench.run(bench.reaper.restart)
    assert bench.vigil.why == STARTED
    bench.look()
    assert bench.held() == ["bob"]
    bench.look()
    assert bench.held() == []
    assert not [each for each in bench.events if isinstance(each, ReapingResumed)]  # nobody was told of it


def claim(bench: Bench, name: str, on: str) -> None:
    outcome = bench.run(lambda tx: bench.claims.steal(tx, ask(agent(name), on, reason="urgent")))
    assert isinstance(outcome, Queued)
    assert outcome.waiter.claims_at == bench.clock.now() + bench.settings.leases_contest_s


@pytest.mark.parametrize("kind", Party)
def test_who_was_reaped_can_neither_take_nor_be_given(bench: Bench, kind: Party) -> None:
    bench.come("bob", pid=7)
    claimed = ask(replace(agent("bob"), kind=kind), "a")
    lease = given(bench, "cat", "a")
    bench.processes.running.clear()
    bench.look()
    for work in (
        lambda tx: bench.claims.steal(tx, claimed),
        lambda tx: bench.claims.hand_over(tx, lease, claimed.holder),
    ):
        outcome = bench.run(work)
        assert isinstance(outcome, Refusal)
        assert outcome.code is Code.SESSION_REAPED
    assert bench.held() == ["cat"]
    assert bench.run(lambda tx: tx.waiters.waiting()) == []
    bench.run(lambda tx: bench.sessions.register(tx, "bob", Party.AGENT, "bob", WORKSPACE, 8))
    bench.run(lambda tx: bench.claims.hand_over(tx, lease, claimed.holder))
    assert bench.held() == ["bob"]


def test_the_claims_of_the_dead_go_before_their_time_comes(bench: Bench) -> None:
    bench.come("bob", pid=7)
    given(bench, "cat", "a")
    claim(bench, "bob", "a")
    bench.processes.running.clear()
    bench.look(bench.settings.leases_contest_s / 3)
    bench.look(bench.settings.leases_contest_s)
    assert bench.held() == ["cat"]
    assert bench.run(lambda tx: tx.waiters.waiting()) == []


@pytest.mark.parametrize("seconds", [-86400.0, 86400.0])
def test_a_claim_has_its_whole_time_again_when_the_clock_is_set_and_comes_due_once(
    bench: Bench, seconds: float
) -> None:
    given(bench, "cat", "a")
    claim(bench, "bob", "a")
    bench.clock.jump(seconds)
    bench.look()
    [told] = [each for each in bench.events if isinstance(each, ClaimMade)]
    assert told.waiter.claims_at == bench.clock.now() + bench.settings.leases_contest_s
    assert [each.holder.id for each in told.leases] == ["cat"]
    for _ in range(23):
        bench.look()
        assert bench.held() == ["cat"]  # whoever cannot answer just now cannot object
    bench.look()
    assert bench.held() == ["bob"]


def test_a_claim_that_comes_due_by_a_jump_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the histories of the property it is too rare to be found each time."""
    monkeypatch.setattr(Claims, "anew", lambda *_: None)
    with pytest.raises((AssertionError, ValueError)):
        test_a_claim_has_its_whole_time_again_when_the_clock_is_set_and_comes_due_once(bench, 3600.0)


def test_an_agents_lease_without_a_write_is_contested_and_stays_its_own(bench: Bench) -> None:
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob", ""), "a", ttl_s=1e6)))
    bench.run(lambda tx: bench.leases.acquire(tx, ask(person("ann"), "b", ttl_s=1e6)))
    bench.clock.advance(1800.0)
    bench.vigil = begin(moment(bench.clock))
    bench.look(0.0)
    [event] = bench.events
    assert isinstance(event, LeaseChanged)
    assert [(each.holder.id, each.contested) for each in bench.run(lambda tx: tx.leases.live())] == [
        ("bob", True),
        ("ann", False),
    ]
    bench.look()
    assert bench.events == []  # it is said once
    bench.run(lambda tx: bench.leases.step(tx, tx.leases.of_holder("bob"), Step.RENEW))
    assert bench.run(lambda tx: tx.leases.of_holder("bob"))[0].contested  # a sign of life is no progress
    bench.run(lambda tx: bench.leases.acquire(tx, ask(agent("bob", ""), "a", ttl_s=1e6)))
    assert not bench.run(lambda tx: tx.leases.of_holder("bob"))[0].contested
