"""Histories that are known to be good: the rules themselves on a simulated clock; some answers get lost."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.grants import Ask, Granted, Queued, Waiter
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State, Step
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.chaos.deeds import TIES, Deed, Fate, What
from tests.chaos.history import DAEMON, Death, History, Op, Outcome, Seen, Tie, Verb, Waiting
from tests.fixtures.clock import FakeClock, FakeProcesses, SerialIds

WORKSPACE = "/ws"
Result = TypeVar("Result")
SETTINGS = Settings(leases_ttl_s=8.0, leases_ticket_s=60.0, leases_vanished_s=4.0, leases_stopped_s=2.0)


class Model:
    """Does deeds and writes the history down."""

    def __init__(self) -> None:
        self._clock, self._processes = FakeClock(0.0), FakeProcesses()
        self._leases = Leases(self._clock, SerialIds(), lambda _: SETTINGS)
        self._sessions = Sessions(self._clock, self._processes, self._leases)
        self._store = SqliteStore()
        self._lives: Counter[str] = Counter()
        self._busy: dict[str, float] = defaultdict(float)  # until when somebody waits for an answer
        self._known: dict[str, list[Seen]] = {}
        self._ops: list[Op] = []
        self._deaths: list[Death] = []

    def history(self) -> History:
        """All that was done."""
        self._store.close()
        return History(
            ops=tuple(self._ops),
            deaths=tuple(self._deaths),
            ticket_s=SETTINGS.leases_ticket_s,
            vanished_s=SETTINGS.leases_vanished_s,
        )

    def do(self, deed: Deed) -> None:
        """One step; whoever waits for an answer gets it first."""
        self._clock.advance(max(deed.lapse, self._busy[deed.who] - self._clock.now() + 0.002))
        if deed.reaped:
            self._run(self._sessions.reap)
            self._run(self._leases.reap)
        self._DOES[deed.what](self, deed)

    # --- what is done ---

    def _ask(self, deed: Deed) -> None:
        tie = TIES[deed.who]
        files = deed.files if tie is Tie.NOTHING else frozenset([min(deed.files)])
        mode = deed.mode if tie is Tie.NOTHING else Mode.WRITE
        state = State.DIRTY if tie is Tie.CONNECTION else State.HELD
        ttl_s = 500.0 if deed.who == "keeper" else SETTINGS.leases_ttl_s
        ask = Ask(
            holder=self._holder(deed.who),
            workspace=WORKSPACE,
            scopes=tuple(Scope(Kind.FILE, each) for each in sorted(files)),
            mode=mode,
            reason="",
            ttl_s=ttl_s,
            state=state,
        )

        def work(tx: Tx) -> Op:
            self._seen(tx, deed.who)
            return _told(self._leases.acquire(tx, ask))

        lasts_s = float("inf") if tie is Tie.CONNECTION else ttl_s
        self._op(deed, Verb.ASK, work, resources=files, mode=mode, lasts_s=lasts_s)

    def _let_go(self, deed: Deed) -> None:
        holder = self._holder(deed.who)
        files = frozenset([min(deed.files)]) if TIES[deed.who] is Tie.CONNECTION else frozenset[str]()

        def work(tx: Tx) -> Op:
            mine = [
                each for each in tx.leases.of_holder(holder.id) if not files or files & _keys(each.scopes)
            ]
            asked = tx.waiters.of_holder(holder.id)
            self._leases.withdraw(tx, [each for each in asked if not files or files & _keys(each.ask.scopes)])
            self._leases.release(tx, mine)
            return replace(_OK, leases=tuple(map(_shown, mine)))

        self._op(deed, Verb.LET_GO, work, resources=files)

    def _renew(self, deed: Deed) -> None:
        ids = frozenset(each.id for each in self._known.get(self._holder(deed.who).id, [])[-1:])

        def by_id(tx: Tx) -> Op:
            [lease_id] = ids
            if not (lease := tx.leases.by_id(lease_id)):
                return replace(_OK, outcome=Outcome.REFUSED)
            self._leases.step(tx, [lease], Step.RENEW)
            return replace(_OK, leases=(_shown(lease),))

        def sign(tx: Tx) -> Op:
            self._seen(tx, deed.who)
            return _OK

        if TIES[deed.who] is Tie.PROCESS:
            self._op(deed, Verb.RENEW, sign, lasts_s=SETTINGS.leases_ttl_s)
        elif ids and TIES[deed.who] is Tie.NOTHING:
            lasts_s = 500.0 if deed.who == "keeper" else SETTINGS.leases_ttl_s
            self._op(deed, Verb.RENEW, by_id, ids=ids, lasts_s=lasts_s)

    def _fade(self, deed: Deed) -> None:
        def work(tx: Tx) -> Op:
            self._seen(tx, deed.who)
            self._sessions.stopped(tx, self._holder(deed.who).session)
            return _OK

        if TIES[deed.who] is Tie.PROCESS:
            self._op(deed, Verb.FADE, work, lasts_s=SETTINGS.leases_stopped_s)

    def _leave(self, deed: Deed) -> None:
        session = self._holder(deed.who).session

        def work(tx: Tx) -> Op:
            self._sessions.left(tx, session)
            return _OK

        if session:
            self._op(deed, Verb.LET_GO, work, for_good=True)
            self._lives[deed.who] += 1

    def _die(self, deed: Deed) -> None:
        holder = self._holder(deed.who)
        if holder.session:
            self._deaths.append(Death(who=holder.id, at=self._clock.now(), gone=self._clock.now()))
            self._processes.running.pop(self._pid(deed.who), None)
            self._lives[deed.who] += 1
            if holder.kind is Party.HUMAN:
                self._run(lambda tx: self._sessions.vanished(tx, holder.session))

    def _list(self, deed: Deed) -> None:
        def work(tx: Tx) -> Op:
            leases, waiters = tx.leases.live(), tx.waiters.waiting()
            return replace(_OK, leases=tuple(map(_shown, leases)), waiters=tuple(map(_waiting, waiters)))

        self._op(deed, Verb.LIST, work)

    def _restart(self, _: Deed) -> None:
        self._deaths.append(Death(who=DAEMON, at=self._clock.now(), gone=self._clock.now()))
        self._run(self._sessions.restart)
        for each in (who for who, tie in TIES.items() if tie is Tie.CONNECTION):
            self._lives[each] += 1

    _DOES: dict[What, Callable[["Model", Deed], None]] = {  # noqa: RUF012 - never changed
        What.ASK: _ask,
        What.LET_GO: _let_go,
        What.RENEW: _renew,
        What.FADE: _fade,
        What.LEAVE: _leave,
        What.DIE: _die,
        What.LIST: _list,
        What.RESTART: _restart,
    }

    # --- how ---

    def _op(self, deed: Deed, verb: Verb, work: Callable[[Tx], Op], **more: object) -> None:
        now, holder = self._clock.now(), self._holder(deed.who).id
        answer = replace(_OK, outcome=Outcome.UNKNOWN)
        if deed.fate is not Fate.UNHEARD:
            answer = self._run(work)
        if deed.fate is Fate.ANSWERED:
            self._known.setdefault(holder, []).extend(answer.leases if verb is Verb.ASK else ())
            answer = replace(answer, ended=now + deed.back)
        else:
            answer = replace(_OK, outcome=Outcome.UNKNOWN)
        began = max(now - deed.way, self._busy[deed.who] + 0.001)
        self._busy[deed.who] = now + deed.back
        question = {"client": deed.who, "verb": verb, "holder": holder, "began": began, "tie": TIES[deed.who]}
        self._ops.append(replace(answer, **{**question, **more}))  # type: ignore[arg-type]  # as they are named

    def _run(self, work: Callable[[Tx], Result]) -> Result:
        with self._store.transaction() as tx:
            return work(tx)

    def _holder(self, who: str) -> Holder:
        tie = TIES[who]
        name = who if tie is Tie.NOTHING else f"{who}-{self._lives[who]}"
        kind = Party.HUMAN if tie is Tie.CONNECTION else Party.AGENT
        return Holder(id=name, kind=kind, name=name, session="" if tie is Tie.NOTHING else name)

    def _seen(self, tx: Tx, who: str) -> None:
        holder = self._holder(who)
        if holder.session:
            pid = self._pid(who) if holder.kind is Party.AGENT else 0
            self._processes.running.setdefault(pid, 1.0)
            self._sessions.seen(tx, holder.session, holder.kind, holder.name, WORKSPACE, pid)

    def _pid(self, who: str) -> int:
        return 1 + list(TIES).index(who) + 100 * self._lives[who]


_OK = Op(client="", verb=Verb.LIST, holder="", began=0.0, outcome=Outcome.OK)


def _told(outcome: Granted | Queued | Refusal) -> Op:
    match outcome:
        case Granted(lease=lease):
            return replace(_OK, leases=(_shown(lease),))
        case Queued(waiter=waiter):
            return replace(_OK, outcome=Outcome.QUEUED, ticket=waiter.id)
        case Refusal():
            return replace(_OK, outcome=Outcome.REFUSED)


def _keys(scopes: tuple[Scope, ...]) -> frozenset[str]:
    return frozenset(each.key for each in scopes)


def _shown(lease: Lease) -> Seen:
    resources = _keys(lease.scopes)
    return Seen(id=lease.id, token=lease.token, holder=lease.holder.id, resources=resources, mode=lease.mode)


def _waiting(waiter: Waiter) -> Waiting:
    resources = _keys(waiter.ask.scopes)
    return Waiting(id=waiter.id, holder=waiter.ask.holder.id, resources=resources, mode=waiter.ask.mode)
