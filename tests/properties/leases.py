"""People, agents and terminals over a few files, in any order; and what must hold after each step."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import (
    ClaimMade,
    ClaimRefused,
    Event,
    LeaseEnded,
    LeaseGranted,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Ask, Granted, Queued, Waiter
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, FakeProcesses, SerialIds

WORKSPACE = "/ws"
FILES = tuple(Scope(Kind.FILE, f"{WORKSPACE}/{name}") for name in ("a.py", "b.py", "sub/c"))
TOP, PATTERN, FOLDER = (
    Scope(Kind.DIR, WORKSPACE),
    Scope(Kind.GLOB, f"{WORKSPACE}/*.py"),
    Scope(Kind.DIR, f"{WORKSPACE}/sub"),
)
SCOPES = (*FILES, TOP, PATTERN, FOLDER)
# what each holds, in a world of these files and one that nobody asks for
WITHIN = {
    **{each: {each.key} for each in FILES},
    TOP: {*(each.key for each in FILES), "other"},
    PATTERN: {FILES[0].key, FILES[1].key},
    FOLDER: {FILES[2].key, "other"},
}
SESSIONS = ("s1", "s2")
AGENTS = (*SESSIONS, "s1/sub", "cli:x", "cli:y")  # a subagent ends with its session; a terminal has none
SETTINGS = Settings()
LAPSES = (1.0, 6.0, 11.0, 61.0, 121.0, 1801.0)  # around each setting

files = st.sampled_from(FILES)
scopes = st.one_of(files, st.sampled_from(SCOPES))
agents = st.sampled_from(AGENTS)
sessions = st.sampled_from(SESSIONS)
PEOPLE = ("ann", "bob")
people = st.sampled_from(PEOPLE)
places = st.integers(0, 5)
Result = TypeVar("Result")


class LeaseMachine(RuleBasedStateMachine):
    """Each rule is one transaction, as the daemon's writer runs it; its events are all that others learn."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ids, self.processes = FakeClock(), SerialIds(), FakeProcesses()
        self.store = SqliteStore()
        self.start_daemon()
        self.pids: dict[str, int] = {}
        self.editors: dict[str, str] = {}  # who sits at which connection
        self.unsaved: set[tuple[str, Scope]] = set()
        self.queue: dict[str, Waiter] = {}
        self.decided: set[str] = set()
        self.met: list[Waiter] = []
        self.leased: set[str] = set()
        self.reclaimed: tuple[Scope, ...] = ()
        self.jumps = False
        self.claims: dict[str, float] = {}
        self.tokens = [0]
        self.writers: dict[Scope, list[int]] = {scope: [] for scope in SCOPES}
        self.sound = True

    def start_daemon(self) -> None:
        self.leases = Leases(self.clock, self.ids, lambda _: SETTINGS)
        self.claiming = Claims(self.clock, lambda _: SETTINGS, self.leases)
        self.sessions = Sessions(self.clock, self.processes, self.leases)
        with self.store.transaction() as tx:
            self.view = LeaseView(tx.leases.live(), tx.waiters.waiting())

    def run(self, work: Callable[[Tx], Result]) -> Result:
        self.sound = False  # until the promises have been looked at
        met = len(self.met)
        with self.store.transaction() as tx:
            result = work(tx)
        for event in tx.events:
            self.view.on_event(event)
            self.hear(event)
        for waiter in self.met[met:]:
            assert self.has(waiter.ask), "granted in part"
        return result

    def live(self) -> list[Lease]:
        with self.store.transaction() as tx:
            return tx.leases.live()

    def has(self, ask: Ask) -> bool:
        return not self.rest(ask, self.live())

    # --- what is heard ---

    def hear(self, event: Event) -> None:
        match event:
            case WaiterQueued(waiter=waiter):
                assert waiter.id not in self.queue.keys() | self.decided, "a ticket came back"
                assert all(each.place < waiter.place for each in self.queue.values()), "not behind the others"
                self.queue[waiter.id] = waiter
            case WaiterGone(waiter=waiter):
                del self.queue[waiter.id]
                self.claims.pop(waiter.id, None)
                self.decided.add(waiter.id)
            case ClaimMade(waiter=waiter):
                self.queue[waiter.id] = waiter
                self.claims[waiter.id] = self.clock.now()
            case ClaimRefused(waiter=waiter):
                self.queue[waiter.id] = waiter
                del self.claims[waiter.id]
            case LeaseEnded(lease=lease, why="stolen" | "handed-over" as why, by=by):
                self.jumps = True
                self.hear_taken(lease, why, by)
            case LeaseEnded(lease=lease, why="reclaimed"):
                assert lease.state is State.VANISHED, "taken from somebody who is here"
                self.reclaimed = lease.scopes
            case LeaseGranted(lease=lease, ticket=ticket):
                self.hear_grant(lease, self.queue.pop(ticket) if ticket else None)
            case _:
                pass

    def hear_taken(self, lease: Lease, why: str, by: str) -> None:
        if why == "handed-over" or by in PEOPLE:
            self.unsaved -= {(lease.holder.id, scope) for scope in lease.scopes}
            return
        due = {
            ticket
            for ticket, made in self.claims.items()
            if made + SETTINGS.leases_contest_s <= self.clock.now()
        }
        assert lease.state is not State.DIRTY, "a program took unsaved work"
        assert any(self.queue[each].ask.holder.name == by for each in due), "taken without time to object"

    def hear_grant(self, lease: Lease, waiter: Waiter | None) -> None:
        if waiter:
            self.claims.pop(waiter.id, None)
            self.decided.add(waiter.id)
            self.met.append(waiter)
        if waiter and lease.id in self.leased:
            return  # what was waited for had come by another way
        self.leased.add(lease.id)
        # who comes back for what their editor had was there before everybody who waits for it
        place = waiter.place if waiter else float("-inf" if lease.scopes == self.reclaimed else "inf")
        if self.jumps:
            place = float("-inf")
        self.reclaimed, self.jumps = (), False
        for each in self.queue.values():
            first = each.place < place and each.ask.holder.id != lease.holder.id
            assert not (first and collide(each.ask, lease, lease.scopes)), "somebody was overtaken"
        assert lease.token > max(self.tokens), "a token was used twice"
        self.tokens.append(lease.token)
        for scope in SCOPES if lease.mode is Mode.WRITE else ():
            if meet(lease.scopes, [scope]):
                self.writers[scope].append(lease.token)

    # --- agents ---

    @rule(
        who=agents,
        wanted=st.lists(scopes, min_size=1, max_size=3, unique=True),
        mode=st.sampled_from(Mode),
        ttl_s=st.sampled_from((30.0, 120.0)),
    )
    def asks(self, who: str, wanted: list[Scope], mode: Mode, ttl_s: float) -> None:
        self.ask(_ask(_agent(who), wanted, mode, ttl_s=ttl_s))

    @rule(who=agents, scope=scopes)
    def writes(self, who: str, scope: Scope) -> None:
        self.ask(_ask(_agent(who), [scope], Mode.WRITE))

    @rule(who=sessions)
    def stops(self, who: str) -> None:
        def work(tx: Tx) -> None:
            self.seen(tx, who)
            self.sessions.stopped(tx, who)

        self.run(work)

    @rule(who=sessions)
    def ends(self, who: str) -> None:
        self.run(lambda tx: self.sessions.left(tx, who))
        self.assert_gone(who)

    @precondition(lambda self: self.pids)
    @rule(who=sessions)
    def dies(self, who: str) -> None:
        self.processes.running.pop(self.pids.pop(who, 0), None)
        self.run(self.sessions.reap)
        if who not in self.pids:
            self.assert_gone(who)

    @rule(who=agents, wanted=st.lists(scopes, min_size=1, max_size=2, unique=True))
    def steals(self, who: str, wanted: list[Scope]) -> None:
        ask = _ask(_agent(who), wanted, Mode.WRITE)

        def work(tx: Tx) -> Granted | Queued | Refusal:
            self.seen(tx, ask.holder.session)
            return self.claiming.steal(tx, ask)

        outcome = self.run(work)
        if isinstance(outcome, Queued) and outcome.conflicts:
            assert outcome.waiter.id in self.claims, "claimed and not told"

    @rule(who=people, scope=files)
    def insists(self, who: str, scope: Scope) -> None:
        holder = self.person(who)
        self.jumps = True  # also where nobody holds it, and others were next
        outcome = self.run(lambda tx: self.claiming.steal(tx, _ask(holder, [scope], Mode.WRITE)))
        self.jumps = False
        assert isinstance(outcome, Granted), "a person always may"
        assert self.has(_ask(holder, [scope], Mode.WRITE)), "granted in part"

    @precondition(lambda self: self.live())
    @rule(number=places, to=agents)
    def hands_over(self, number: int, to: str) -> None:
        live = self.live()
        lease = live[number % len(live)]

        def work(tx: Tx) -> Lease:
            self.seen(tx, _agent(to).session)
            return self.claiming.hand_over(tx, lease, _agent(to))

        if lease.holder.id != to:
            self.run(work)
            assert not self.rest(_ask(_agent(to), lease.scopes, lease.mode), self.live()), "handed to nobody"

    @rule(who=agents)
    def downgrades(self, who: str) -> None:
        def work(tx: Tx) -> None:
            for lease in tx.leases.of_holder(who):
                self.leases.downgrade(tx, lease)

        self.run(work)

    @rule(who=agents)
    def releases(self, who: str) -> None:
        self.run(lambda tx: self.leases.release(tx, tx.leases.of_holder(who)))

    @precondition(lambda self: self.queue)
    @rule(number=places)
    def withdraws(self, number: int) -> None:
        waiters = [each for each in self.queue.values() if each.ask.holder.kind is Party.AGENT]
        if waiters:
            self.run(lambda tx: self.leases.withdraw(tx, [waiters[number % len(waiters)]]))

    # --- people ---

    @rule(who=people, scope=files)
    def types(self, who: str, scope: Scope) -> None:
        holder = self.person(who)
        self.unsaved.add((holder.id, scope))
        self.ask(_ask(holder, [scope], Mode.WRITE, State.DIRTY))

    @rule(who=people, scope=files)
    def requests(self, who: str, scope: Scope) -> None:
        self.ask(_ask(self.person(who), [scope], Mode.WRITE))

    @rule(who=people, scope=files)
    def saves(self, who: str, scope: Scope) -> None:
        holder = self.person(who)
        self.unsaved.discard((holder.id, scope))
        self.run(lambda tx: self.leases.saved(tx, holder.id, scope))

    @rule(who=people, clean=st.booleans())
    def leaves(self, who: str, clean: bool) -> None:  # noqa: FBT001 - hypothesis names it
        if editor := self.editors.pop(who, None):
            self.unsaved = {each for each in self.unsaved if each[0] != editor}
            end = self.sessions.left if clean else self.sessions.vanished
            self.run(lambda tx: end(tx, editor))
            if clean:
                self.assert_gone(editor)

    # --- the world ---

    @rule(seconds=st.sampled_from(LAPSES))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.run(self.sessions.reap)
        self.run(self.claiming.enforce)
        deadline = self.run(self.leases.reap)
        with self.store.transaction() as tx:
            expiries = [each.expires_at for each in tx.leases.live()]
            expiries += [each.expires_at for each in tx.waiters.waiting()]
            expiries += [each.claims_at for each in tx.waiters.waiting()]
        ends = [each for each in expiries if each is not None]
        assert all(each > self.clock.now() for each in ends), "something outlived its end"
        assert deadline == min(ends, default=None), "the reaper would sleep too long"

    @rule()
    def the_daemon_restarts(self) -> None:
        self.start_daemon()
        self.editors.clear()
        self.unsaved.clear()
        self.run(self.sessions.restart)

    # --- promises ---

    @invariant()
    def promises(self) -> None:
        with self.store.transaction() as tx:
            live, waiting = tx.leases.live(), tx.waiters.waiting()
            self.check_tokens(tx)
        for index, lease in enumerate(live):
            for other in live[index + 1 :]:
                assert lease.holder.id == other.holder.id or not collide(lease, other, other.scopes), (
                    "two holders"
                )
        for waiter in waiting:
            assert any(self.in_the_way(waiter.ask, waiter.place, live)), "nothing stood before a waiter"
        assert [each.id for each in waiting] == list(self.queue), "a waiter was forgotten"
        self.check_unsaved(live, waiting)
        assert self.view.leases() == live, "the view saw other leases"
        for scope in SCOPES:
            _, seen = self.view.on(scope)
            assert [each.id for each in seen] == [
                each.id for each in waiting if meet(each.ask.scopes, [scope])
            ], "the view saw another queue"
        self.sound = True

    def check_tokens(self, tx: Tx) -> None:
        for scope, (*old, newest) in ((key, tokens) for key, tokens in self.writers.items() if tokens):
            assert self.leases.check(tx, scope, newest) is None, "the newest token did not pass"
            assert all(self.leases.check(tx, scope, each) for each in old), "a superseded token passed"

    def check_unsaved(self, live: Sequence[Lease], waiting: Sequence[Waiter]) -> None:
        for holder, scope in self.unsaved:
            theirs = [each for each in live if each.holder.id == holder and scope in each.scopes]
            asked = [each for each in waiting if each.ask.holder.id == holder and scope in each.ask.scopes]
            assert theirs or asked, "an unsaved buffer lost its place"
            assert all(each.expires_at is None for each in theirs or asked), (
                "an unsaved buffer has a time limit"
            )

    def teardown(self) -> None:
        try:
            if self.sound:
                self.drain()
        finally:
            self.store.close()

    def drain(self) -> None:
        """Everybody lets go, the oldest first; then everybody must have had their turn."""
        self.unsaved.clear()
        waiting, left = set(self.queue), len(self.live()) + len(self.queue)
        while (live := self.live()) and left:
            left -= 1
            self.run(lambda tx: self.leases.release(tx, tx.leases.of_holder(live[0].holder.id)))
            self.promises()
        assert waiting <= {each.id for each in self.met}, "somebody was never granted"

    # --- steps of the rules ---

    def ask(self, ask: Ask) -> None:
        ticket = next((each for each in self.queue.values() if _same(each.ask, ask)), None)

        def work(tx: Tx) -> Granted | Queued | Refusal:
            self.seen(tx, ask.holder.session)
            return self.leases.acquire(tx, ask)

        closes = self.closes_a_circle(ask)
        theirs = ask.state is State.DIRTY and any(
            each.state is State.VANISHED and each.scopes == ask.scopes for each in self.live()
        )
        before = set(self.claims)
        outcome = self.run(work)
        if isinstance(outcome, Refusal):
            assert outcome.code is Code.LEASE_DEADLOCK, "refused for another reason"
            assert closes, "refused without a circle"
            assert not ticket, "refused what was queued"
            return
        assert ticket or ask.state is State.DIRTY or not closes, "a circle of waiters closed"
        own = [scope for each in self.live() if each.holder.id == ask.holder.id for scope in each.scopes]
        asked = [scope for scope in own if meet([scope], ask.scopes)]
        open_claims = [self.queue[each].ask for each in self.claims if each in before]
        assert not any(meet(each.scopes, asked) for each in open_claims if each.holder.id != ask.holder.id), (
            "an objection was not heard"
        )
        assert not (theirs and isinstance(outcome, Queued)), "a returning person waited"
        if isinstance(outcome, Granted):
            assert self.has(ask), "granted in part"
            assert outcome.lease in self.live(), "granted what is not"
            assert outcome.lease.mode is Mode.WRITE or ask.mode is Mode.READ, "granted too little"
        else:
            assert outcome.waiter == self.stored(outcome.waiter.id), "the ticket is not the one stored"
            assert not ticket or (ticket.id, ticket.place) == (outcome.waiter.id, outcome.waiter.place), (
                "place lost"
            )
            leases, waiters = self.in_the_way(ask, outcome.waiter.place, self.live())
            assert {each.id for each in outcome.conflicts} == {each.id for each in leases}, (
                "others are in the way"
            )
            assert outcome.position == len(waiters) + 1, "another position"

    def closes_a_circle(self, ask: Ask) -> bool:
        """Whether a holder in the way waits, over whatever detours, for something that whoever asks holds."""
        live = self.live()
        holders: set[str] = set()
        seen: set[str] = set()
        asks = [(ask, float("inf"))]
        while asks:
            leases, waiters = self.in_the_way(*asks.pop(), live)
            holders |= {each.holder.id for each in leases}
            waiters += [each for each in self.queue.values() if each.ask.holder.id in holders]
            asks += [(each.ask, float(each.place)) for each in waiters if each.id not in seen]
            seen |= {each.id for each in waiters}
        return ask.holder.id in holders

    def stored(self, ticket: str) -> Waiter | None:
        with self.store.transaction() as tx:
            return tx.waiters.by_id(ticket)

    def person(self, who: str) -> Holder:
        if who not in self.editors:
            editor = self.editors[who] = self.ids.new("editor")
            self.run(lambda tx: self.sessions.seen(tx, editor, Party.HUMAN, who, WORKSPACE, 0))
        editor = self.editors[who]
        return Holder(id=editor, kind=Party.HUMAN, name=who, session=editor)

    def seen(self, tx: Tx, session: str) -> None:
        if session in SESSIONS:
            if session not in self.pids:
                self.pids[session] = 1 + max(self.processes.running, default=0)
                self.processes.running[self.pids[session]] = self.clock.now()
            self.sessions.seen(tx, session, Party.AGENT, session, WORKSPACE, self.pids[session])

    def assert_gone(self, session: str) -> None:
        with self.store.transaction() as tx:
            holders = [each.holder for each in tx.leases.live()] + [
                each.ask.holder for each in tx.waiters.waiting()
            ]
            known = tx.sessions.all()
        assert session not in {each.session for each in holders}, "a session left something behind"
        assert session not in {each.id for each in known}, "a session is still here"

    def rest(self, ask: Ask, live: Sequence[Lease]) -> set[Scope]:
        enough = set(Mode) if ask.mode is Mode.READ else {Mode.WRITE}
        own = [each for each in live if each.holder.id == ask.holder.id and each.mode in enough]
        given = [WITHIN[scope] for each in own for scope in each.scopes]
        return {scope for scope in ask.scopes if not any(WITHIN[scope] <= each for each in given)}

    def in_the_way(self, ask: Ask, place: float, live: Sequence[Lease]) -> tuple[list[Lease], list[Waiter]]:
        """The rules once more, by sets."""
        rest = self.rest(ask, live)
        leases = [each for each in live if each.holder.id != ask.holder.id and collide(ask, each, rest)]
        waiters = [
            each
            for each in self.queue.values()
            if each.place < place and each.ask.holder.id != ask.holder.id and collide(ask, each.ask, rest)
        ]
        return leases, waiters


def collide(one: Ask | Lease, other: Ask | Lease, where: Sequence[Scope] | set[Scope]) -> bool:
    """Whether two that are not of one holder could disturb each other there."""
    return Mode.WRITE in (one.mode, other.mode) and meet(one.scopes, other.scopes, where)


def meet(*scopes: Iterable[Scope]) -> bool:
    """Whether any file is in all of them."""
    return bool(set.intersection(*({path for each in some for path in WITHIN[each]} for some in scopes)))


def _agent(who: str) -> Holder:
    session = "" if who.startswith("cli:") else who.partition("/")[0]
    return Holder(id=who, kind=Party.AGENT, name=who, session=session)


def _ask(
    holder: Holder, scopes: Sequence[Scope], mode: Mode, state: State = State.HELD, ttl_s: float = 120.0
) -> Ask:
    return Ask(
        holder=holder,
        workspace=WORKSPACE,
        scopes=tuple(scopes),
        mode=mode,
        reason="",
        ttl_s=ttl_s,
        state=state,
    )


def _same(one: Ask, other: Ask) -> bool:
    return (one.holder.id, set(one.scopes), one.mode) == (other.holder.id, set(other.scopes), other.mode)
