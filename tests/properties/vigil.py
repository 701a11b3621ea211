"""Clocks that are set, machines that sleep, and many deaths at once; and what must hold after each look."""

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import (
    ClaimMade,
    ClaimRefused,
    Event,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    ReapingFrozen,
    ReapingResumed,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Ask
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.domain.lease import State as LeaseState
from lsp_orch.domain.session import State
from lsp_orch.domain.settings import Settings
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.reaper import Reaped, Reaper
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, FakeProcesses, SerialIds
from tests.fixtures.leases import WORKSPACE, agent, ask, file, person

SETTINGS = Settings(leases_contested_s=200.0)
KNOWN = ("p1", "p2", "p3", "p4")  # sessions whose process is known
SILENT = ("q1", "q2")  # and whose is not
SESSIONS = (*KNOWN, *SILENT)
AGENTS = (*SESSIONS, "p1/sub", "cli:x")
TICKS = ((1, 5.0), (2, 5.0), (7, 5.0), (5, 25.0), (13, 25.0))  # how many, and how far apart
JUMP_S = 5.0
FREEZE_S, START_S = 120.0, 10.0
JUMPS = (-86400.0, -3600.0, -6.0, -4.0, 4.0, 6.0, 3600.0, 86400.0 * 400)
SLEEPS = (6.0, 60.0, 8 * 3600.0)

agents = st.sampled_from(AGENTS)
sessions = st.sampled_from(SESSIONS)
names = st.sampled_from(("a", "b", "c"))
Result = TypeVar("Result")


class TimeMachine(RuleBasedStateMachine):
    """Keeps its own account of the time that counts, by holder, and of when reaping must rest."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ids, self.processes = FakeClock(), SerialIds(), FakeProcesses()
        self.store = SqliteStore()
        self.forgotten: list[str] = []
        self.pids: dict[str, int] = {}
        self.numbers = count(1)
        self.lived: dict[str, float] = {}  # of each lease and ticket, since it last got its whole time
        self.claims: dict[str, float] = {}  # of each claim, since its holders were told
        self.claimants: dict[str, str] = {}  # by ticket
        self.idle: dict[str, float] = {}  # of each agent's lease, since its holder last asked to write
        self.contested: set[str] = set()
        self.silence: dict[str, float] = {}
        self.dead: set[str] = set()
        self.reaped: set[str] = set()
        self.deaths: dict[str, float] = {}
        self.ahead = 0.0  # what the wall clock was set since it was last believed
        self.broken = False
        self.frozen_until = 0.0
        self.told: list[Event] = []
        self.looking = False
        self.dirty = False
        self.start_daemon()
        for who in KNOWN:
            self.shows_life(who)

    def start_daemon(self) -> None:
        leases = Leases(self.clock, self.ids, lambda _: SETTINGS)
        forget = [lambda _, name: self.forgotten.append(name)]
        self.sessions = Sessions(self.clock, self.processes, leases, SETTINGS, forget)
        self.leases = leases
        self.claiming = Claims(self.clock, lambda _: SETTINGS, leases)
        self.reaper = Reaper(self.clock, self.sessions, leases, self.claiming, SETTINGS, lambda _: SETTINGS)
        self.vigil = self.run(self.reaper.restart)

    def run(self, work: Callable[[Tx], Result]) -> Result:
        with self.store.transaction() as tx:
            result = work(tx)
        for event in tx.events:
            self.hear(event)
        return result

    @property
    def frozen(self) -> bool:
        return self.clock.steady() < self.frozen_until

    # --- what is heard ---

    def hear(self, event: Event) -> None:
        self.hear_of_claims(event)
        match event:
            case LeaseGranted(lease=lease):
                self.lived[lease.id] = 0.0
                if lease.holder.kind is Party.AGENT:
                    self.idle[lease.id] = 0.0
            case LeaseChanged(lease=lease) if not self.looking:
                self.lived[lease.id] = 0.0
            case WaiterQueued(waiter=waiter):
                self.lived[waiter.id] = 0.0
            case LeaseEnded(lease=lease, why="expired"):
                assert not self.frozen, "something ended in a freeze"
                assert lease.state is not LeaseState.DIRTY, "unsaved work was taken by a clock"
                assert self.lived[lease.id] >= period(lease), "a lease was ended by a jump"
            case WaiterGone(waiter=waiter, why="expired"):
                assert not self.frozen, "something ended in a freeze"
                assert self.lived[waiter.id] >= SETTINGS.leases_ticket_s, "a ticket was ended by a jump"
            case LeaseEnded(why="died") | WaiterGone(why="died") if self.looking:
                assert not self.frozen, "somebody was reaped in a freeze"
            case ReapingFrozen() | ReapingResumed():
                self.told.append(event)
            case _:
                pass

    def hear_of_claims(self, event: Event) -> None:
        match event:
            case ClaimMade(waiter=waiter):
                self.claims[waiter.id] = 0.0
                self.claimants[waiter.id] = waiter.ask.holder.name
            case ClaimRefused(waiter=waiter) | WaiterGone(waiter=waiter):
                self.claims.pop(waiter.id, None)
            case LeaseGranted(ticket=ticket):
                self.claims.pop(ticket, None)
            case LeaseEnded(why="stolen", by=by):
                assert not self.frozen, "something ended in a freeze"
                told = [told for ticket, told in self.claims.items() if self.claimants[ticket] == by]
                assert max(told) >= SETTINGS.leases_contest_s, "taken without time to object"
            case _:
                pass

    # --- who is here ---

    @rule(who=agents, on=names, ttl_s=st.sampled_from((30.0, 120.0, 1000.0)))
    def asks(self, who: str, on: str, ttl_s: float) -> None:
        holder = _holder(who)
        barred = holder.session in self.reaped

        def work(tx: Tx) -> object:
            self.sees(tx, holder.session)
            return self.leases.acquire(tx, ask(holder, on, ttl_s=ttl_s))

        outcome = self.run(work)
        refused = isinstance(outcome, Refusal) and outcome.code is Code.SESSION_REAPED
        assert refused == barred, "a reaped session holds" if barred else "refused for nothing"
        if not refused:
            self.wrote(holder, on)

    @rule(who=agents, on=names)
    def steals(self, who: str, on: str) -> None:
        holder = _holder(who)
        barred = holder.session in self.reaped

        def work(tx: Tx) -> object:
            self.sees(tx, holder.session)
            return self.claiming.steal(tx, ask(holder, on, reason="urgent"))

        outcome = self.run(work)
        code = outcome.code if isinstance(outcome, Refusal) else None
        assert (code is Code.SESSION_REAPED) == barred, "a reaped session claims" if barred else "for nothing"
        if code not in {Code.SESSION_REAPED, Code.LEASE_HELD}:
            self.wrote(holder, on)

    @rule(to=agents)
    def hands_over(self, to: str) -> None:
        """Somebody at a terminal gives to whom they like, also to one who was not heard of for long."""
        holder = _holder(to)
        with self.store.transaction() as tx:
            lease = next((each for each in tx.leases.live() if each.holder.id not in {to, "ann"}), None)
        if lease:
            outcome = self.run(lambda tx: self.claiming.hand_over(tx, lease, holder))
            refused = isinstance(outcome, Refusal) and outcome.code is Code.SESSION_REAPED
            assert refused == (holder.session in self.reaped), "a reaped session holds, or is refused"

    @rule(who=sessions)
    def shows_life(self, who: str) -> None:
        self.run(lambda tx: self.sees(tx, who))

    @rule(who=sessions)
    def registers(self, who: str) -> None:
        def work(tx: Tx) -> None:
            self.reaped.discard(who)
            self.sees(tx, who, self.sessions.register)

        self.run(work)

    @rule(who=agents)
    def releases(self, who: str) -> None:
        self.run(lambda tx: self.leases.release(tx, tx.leases.of_holder(who)))

    @rule()
    def somebody_types(self) -> None:
        def work(tx: Tx) -> None:
            self.sessions.seen(tx, "ann", Party.HUMAN, "ann", WORKSPACE, 0)
            self.leases.acquire(tx, ask(person("ann"), "a", state=LeaseState.DIRTY))

        self.dirty = True
        self.run(work)

    @rule()
    def somebody_saves(self) -> None:
        self.dirty = False
        self.run(lambda tx: self.leases.saved(tx, "ann", file("a")))

    @rule(who=st.sets(st.sampled_from(KNOWN), min_size=1))
    def die(self, who: set[str]) -> None:
        for name in who:
            self.processes.running.pop(self.pids.get(name, 0), None)

    # --- what happens to the time ---

    @rule(ticks=st.sampled_from(TICKS), heard=st.sets(sessions))
    def time_passes(self, ticks: tuple[int, float], heard: set[str]) -> None:
        """A while in which some are heard of at every tick, and others not at all."""
        for _ in range(ticks[0]):
            self.passes(ticks[1])
            for who in sorted(heard):
                self.run(lambda tx, who=who: self.sees(tx, who))  # type: ignore[misc]  # bound to this round
            self.look()

    @rule(seconds=st.sampled_from(JUMPS))
    def somebody_sets_the_clock(self, seconds: float) -> None:
        self.the_clock_is_set(seconds)

    @rule(seconds=st.sampled_from((-2.0, 3.0)), times=st.integers(2, 4))
    def the_clock_is_set_a_little_again_and_again(self, seconds: float, times: int) -> None:
        for _ in range(times):
            self.the_clock_is_set(seconds)
            self.passes(5.0)
            self.look()

    @rule(seconds=st.sampled_from(SLEEPS))
    def the_machine_sleeps(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.broken = True

    @rule(seconds=st.sampled_from((31.0, 500.0)))
    def the_daemon_is_stopped(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.broken = True

    @rule(seconds=st.sampled_from((0.0, 1.0, 10_000.0)))
    def the_daemon_is_killed(self, seconds: float) -> None:
        alarmed = self.told and isinstance(self.told[-1], ReapingFrozen)
        self.clock.advance(seconds)
        self.dirty = False
        self.trust()
        self.start_daemon()
        rest = FREEZE_S if alarmed else START_S
        self.frozen_until = self.clock.steady() + (rest if self.anything() else 0.0)
        if alarmed:
            self.frozen_until = self.clock.steady() + FREEZE_S
        self.deaths.clear()

    # --- promises ---

    def look(self) -> None:
        """One look of the reaper, and the account of it."""
        self.expect()
        expected = [*self.told, *self.news]
        self.looking = True
        reaped: Reaped = self.run(lambda tx: self.reaper.reap(tx, self.vigil))
        self.looking = False
        self.vigil = reaped.vigil
        assert [type(each) for each in self.told] == [type(each) for each in expected], "not told as it is"
        for each in self.told[len(expected) - len(self.news) :]:
            if isinstance(each, ReapingFrozen):
                assert each.until == self.clock.now() + FREEZE_S, "told another end"
        self.check_sessions()
        self.check_ends(reaped.deadline)

    def expect(self) -> None:
        """What this look must find."""
        frozen, self.news = self.told_frozen(), list[Event]()
        if self.broken or abs(self.ahead) > JUMP_S:
            self.trust()
            self.freeze()
        now = self.clock.steady()
        died = {who for who in self.here() - self.dead if self.is_dead(who)}
        self.dead |= died
        self.deaths = {who: at for who, at in self.deaths.items() if now - at < 30} | dict.fromkeys(died, now)
        if len(self.deaths) >= 3:
            self.freeze()
        if frozen and not self.frozen:
            self.news.append(ReapingResumed())
        self.contested |= {name for name, idle in self.idle.items() if idle >= SETTINGS.leases_contested_s}
        if not self.frozen:
            self.reaped |= self.dead
            self.dead.clear()

    def trust(self) -> None:
        """From here on the time counts again."""
        self.lived = dict.fromkeys(self.lived, 0.0)
        self.claims = dict.fromkeys(self.claims, 0.0)
        self.idle = dict.fromkeys(self.idle, 0.0)
        self.silence = dict.fromkeys(self.silence, 0.0)
        self.ahead, self.broken = 0.0, False

    def freeze(self) -> None:
        self.frozen_until = self.clock.steady() + FREEZE_S
        self.deaths.clear()
        self.news.append(ReapingFrozen(until=0, why=""))

    def told_frozen(self) -> bool:
        return bool(self.told) and isinstance(self.told[-1], ReapingFrozen)

    def check_sessions(self) -> None:
        with self.store.transaction() as tx:
            states = {who: found.state for who in SESSIONS if (found := tx.sessions.by_id(who))}
        assert {who for who, state in states.items() if state is State.REAPED} == self.reaped, "the dead"
        dying = {who for who, state in states.items() if state is State.DEAD}
        assert dying == self.dead, "the dying"
        suspect = {
            who
            for who in SILENT
            if who in states and 90 <= self.silence[who] < 300 and states[who] is not State.DEAD
        }
        assert {who for who, state in states.items() if state is State.SUSPECT} == suspect - self.reaped, (
            "the suspect"
        )
        assert not set(SESSIONS) & set(self.forgotten), "what they had read was forgotten who may come back"

    def check_ends(self, deadline: float | None) -> None:
        with self.store.transaction() as tx:
            live, waiting = tx.leases.live(), tx.waiters.waiting()
            expiries = (tx.leases.deadline(), tx.waiters.deadline())
        for lease in live:
            assert lease.contested == (lease.id in self.contested), "contested for another reason"
        if self.frozen:
            assert deadline == self.clock.now() + self.frozen_until - self.clock.steady(), "another end"
            return
        assert deadline == min((each for each in expiries if each is not None), default=None), "overslept"
        for lease in live:
            assert self.lived[lease.id] < period(lease), "a lease outlived its end"
        for waiter in waiting:
            day = 24 * 3600.0
            assert waiter.expires_at is None or waiter.expires_at <= self.clock.now() + day, "immortal"
            assert waiter.claims_at is None or waiter.claims_at > self.clock.now(), (
                "a claim outlived its date"
            )

    @invariant()
    def promises(self) -> None:
        with self.store.transaction() as tx:
            live, waiting = tx.leases.live(), tx.waiters.waiting()
        holding = {each.holder.session for each in live} | {each.ask.holder.session for each in waiting}
        assert not holding & self.reaped, "a reaped session holds"
        for waiter in waiting:
            others: list[Ask | Lease] = [each.ask for each in waiting if each.place < waiter.place]
            assert any(in_the_way(waiter.ask, each) for each in [*others, *live]), "nothing stood before"
        theirs = [each for each in live if each.holder.id == "ann"]
        asked = [each for each in waiting if each.ask.holder.id == "ann"]
        assert not self.dirty or theirs or asked, "an unsaved buffer lost its place"

    def teardown(self) -> None:
        self.store.close()

    # --- steps of the rules ---

    def passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.count(seconds)

    def the_clock_is_set(self, seconds: float) -> None:
        """So little that nobody notices counts as time."""
        self.clock.jump(seconds)
        self.ahead += seconds
        self.count(seconds)

    def count(self, seconds: float) -> None:
        for account in (self.lived, self.claims, self.idle, self.silence):
            for name in account:
                account[name] += seconds

    def sees(self, tx: Tx, session: str, note: Callable[..., object] | None = None) -> None:
        if session not in SESSIONS:
            return
        pid = self.pids.get(session, 0)
        if session in KNOWN and session not in self.reaped and pid not in self.processes.running:
            pid = self.pids[session] = next(self.numbers)
            self.processes.running[pid] = self.clock.now()
        (note or self.sessions.seen)(tx, session, Party.AGENT, session, WORKSPACE, pid)
        if session not in self.reaped:
            self.silence[session] = 0.0
            self.dead.discard(session)

    def wrote(self, holder: Holder, on: str) -> None:
        with self.store.transaction() as tx:
            own = [each.id for each in tx.leases.of_holder(holder.id) if file(on) in each.scopes]
        for name in own:
            self.idle[name] = 0.0
            self.contested.discard(name)
        with self.store.transaction() as tx:
            for waiter in tx.waiters.of_holder(holder.id):
                if file(on) in waiter.ask.scopes:
                    self.lived[waiter.id] = 0.0

    def here(self) -> set[str]:
        with self.store.transaction() as tx:
            return {each.id for each in tx.sessions.all()} & set(SESSIONS)

    def is_dead(self, who: str) -> bool:
        return self.pids[who] not in self.processes.running if who in KNOWN else self.silence[who] >= 300

    def anything(self) -> bool:
        with self.store.transaction() as tx:
            return bool(tx.sessions.all() or tx.leases.live() or tx.waiters.waiting())


def period(lease: Lease) -> float:
    """How long a lease lives after its last sign of life."""
    return {
        LeaseState.HELD: lease.ttl_s,
        LeaseState.DIRTY: float("inf"),
        LeaseState.SAVED: SETTINGS.leases_saved_s,
        LeaseState.VANISHED: SETTINGS.leases_vanished_s,
        LeaseState.STOPPED: SETTINGS.leases_stopped_s,
    }[lease.state]


def in_the_way(wish: Ask, other: Ask | Lease) -> bool:
    return wish.holder.id != other.holder.id and bool(set(wish.scopes) & set(other.scopes))


def _holder(who: str) -> Holder:
    if who.startswith("cli:"):
        return Holder(id=who, kind=Party.AGENT, name=who)
    return agent(who, who.partition("/")[0])
