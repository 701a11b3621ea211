"""Leases: who asks, who waits, who is next."""

from collections.abc import Iterable
from dataclasses import replace

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.events import (
    ClaimRefused,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import (
    Ask,
    Granted,
    Queued,
    Waiter,
    about,
    again,
    giving,
    missing,
    refuse_deadlock,
)
from lsp_orch.domain.lease import STEPS, Holder, Lease, Mode, State, Step, advance, expiry
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.session import State as SessionState
from lsp_orch.domain.session import refuse_reaped
from lsp_orch.domain.version import Author
from lsp_orch.services import cycles
from lsp_orch.services.ports import Clock, Ids, SettingsOf
from lsp_orch.services.reads import written
from lsp_orch.store.base import Tx


class Leases:
    """Every change of a lease or of the queue; each method is one step inside the caller's transaction."""

    def __init__(self, clock: Clock, ids: Ids, settings: SettingsOf) -> None:
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def acquire(self, tx: Tx, ask: Ask, wait_s: float = 0.0) -> Granted | Queued | Refusal:
        """Grant all that is asked at once, or keep a place in the queue for it.

        Refused as lease-deadlock when those in the way already wait for the holder. What a person has typed
        is never refused: it ends with a save. Refused as session-reaped until a session that was taken for
        dead has registered anew.

        Asking again renews what the holder has, and keeps the place of what it waits for. A place is kept for
        as long as the setting says, or for ``wait_s`` seconds where somebody waits longer.

        Raises:
            Misuse: nothing is asked for, or for a time that is not positive.
        """
        if not ask.scopes or ask.ttl_s <= 0:
            raise Misuse(Code.BAD_REQUEST, "a lease needs at least one path and a ttl greater than 0")
        if refusal := self.barred(tx, ask.holder):
            return refusal
        ask = about(ask, tuple(sorted(set(ask.scopes))))
        live = tx.leases.touching(ask.scopes)
        if back := self._reclaim(tx, ask, live):
            return Granted(lease=back)
        self._renew(tx, ask, live)
        mine = next((each for each in tx.waiters.of_holder(ask.holder.id) if again(ask, each.ask)), None)
        if mine and mine.ask.state is State.DIRTY:
            ask = replace(ask, state=State.DIRTY)
        conflicts, before = cycles.obstacles(tx, ask, live, mine)
        if conflicts or before:
            if not mine and ask.state is State.HELD and (names := cycles.circle(tx, ask, conflicts, before)):
                return refuse_deadlock(ask, names)
            waiter = self._wait(tx, ask, mine, wait_s)
            return Queued(waiter=waiter, position=len(before) + 1, conflicts=conflicts)
        if mine:
            tx.waiters.delete(mine)
        return Granted(lease=self._grant(tx, ask, live, mine.id if mine else ""))

    def barred(self, tx: Tx, holder: Holder) -> Refusal | None:
        """Whether the holder may get nothing at all: its session was taken for dead."""
        session = tx.sessions.by_id(holder.session) if holder.session else None
        return refuse_reaped(session) if session and session.state is SessionState.REAPED else None

    def release(self, tx: Tx, leases: Iterable[Lease], why: str = "released") -> None:
        """End leases and grant what becomes free to whoever is next."""
        ended = list(leases)
        for lease in ended:
            tx.leases.delete(lease)
            tx.announce(LeaseEnded(lease=lease, why=why))
        self._promote(tx, [scope for lease in ended for scope in lease.scopes])

    def withdraw(self, tx: Tx, waiters: Iterable[Waiter], why: str = "withdrawn") -> None:
        """Take waiters out of the queue; those behind them may now be next."""
        gone = list(waiters)
        for waiter in gone:
            tx.waiters.delete(waiter)
            tx.announce(WaiterGone(waiter=waiter, why=why))
        self._promote(tx, [scope for waiter in gone for scope in waiter.ask.scopes])

    def leave(self, tx: Tx, session: str, why: str) -> None:
        """End all that a session and its subagents hold or wait for."""
        self.withdraw(tx, tx.waiters.of_session(session), why)
        self.release(tx, tx.leases.of_session(session), why)

    def take(
        self, tx: Tx, ask: Ask, from_whom: Iterable[Lease], why: str, waiter: Waiter | None = None
    ) -> Lease:
        """End others' leases and grant the ask ahead of everybody who waits; they are told who and why."""
        ended = list(from_whom)
        for lease in ended:
            tx.leases.delete(lease)
            tx.announce(LeaseEnded(lease=lease, why=why, by=ask.holder.name, reason=ask.reason))
        asked = tx.waiters.of_holder(ask.holder.id)
        mine = waiter or next((each for each in asked if again(ask, each.ask)), None)
        if mine:
            tx.waiters.delete(mine)
            ask = replace(ask, state=mine.ask.state)  # who waits with unsaved work gets it for that
        lease = self._grant(tx, ask, tx.leases.touching(ask.scopes), mine.id if mine else "")
        freed = [scope for each in ended for scope in each.scopes]
        self._promote(tx, [*freed, *ask.scopes])  # what the holder also waits for may have come with it
        return lease

    def object(self, tx: Tx, holder: Holder, scopes: Iterable[Scope]) -> None:
        """The holder wants to keep it: those who claim it wait like everybody else."""
        for waiter in tx.waiters.touching(scopes):
            if waiter.claims_at is not None and waiter.ask.holder.id != holder.id:
                self.unclaim(tx, waiter, holder.name)

    def unclaim(self, tx: Tx, waiter: Waiter, by: str) -> None:
        """A holder has objected: the waiter waits on."""
        after = replace(waiter, claims_at=None)
        tx.waiters.update(after)
        tx.announce(ClaimRefused(waiter=after, by=by))

    def downgrade(self, tx: Tx, lease: Lease) -> Lease:
        """Let a writer be a reader, so that others may read beside it."""
        after = replace(lease, mode=Mode.READ)
        tx.leases.downgrade(lease)
        tx.announce(LeaseChanged(lease=after))
        self._promote(tx, lease.scopes)
        return after

    def step(self, tx: Tx, leases: Iterable[Lease], step: Step) -> None:
        """Take each lease that knows ``step`` through it."""
        for lease in leases:
            if (lease.state, step) in STEPS:
                after = advance(lease, step, self._clock.now(), self._settings(lease.workspace))
                tx.leases.update(after)
                tx.announce(LeaseChanged(lease=after))

    def renew(self, tx: Tx, session_id: str) -> None:
        """Note a sign of life of a session: all that its agents hold lasts anew."""
        self.step(tx, tx.leases.ageing(session_id, self._clock.now()), Step.RENEW)

    def saved(self, tx: Tx, holder_id: str, scope: Scope) -> None:
        """Note that a person has saved: whoever waits gets the file now, otherwise they keep it a while."""
        self.withdraw(tx, [each for each in tx.waiters.of_holder(holder_id) if scope in each.ask.scopes])
        mine = [lease for lease in tx.leases.of_holder(holder_id) if scope in lease.scopes]
        for lease in mine:
            written(tx, scope, Author(id=holder_id, name=lease.holder.name), self._clock.now())
        waiting = [waiter for waiter in tx.waiters.touching([scope]) if waiter.ask.holder.id != holder_id]
        if waiting:
            self.release(tx, mine)
        else:
            self.step(tx, mine, Step.SAVE)

    def check(self, tx: Tx, scope: Scope, token: int) -> Refusal | None:
        """Whether a write under ``token`` may still happen; None when it may."""
        newest = tx.leases.fence(scope)
        if token == newest:
            return None
        how = f"was superseded by {newest}" if token < newest else "was never granted"
        return Refusal(
            code=Code.LEASE_FENCED,
            message=f"token {token} for {scope.key} {how}",
            hint="somebody else was granted it since: read the file again and ask for a new lease",
        )

    def reap(self, tx: Tx) -> float | None:
        """End what is over; return when the next thing ends (seconds since the epoch)."""
        now = self._clock.now()
        if waiters := tx.waiters.expired(now):
            self.withdraw(tx, waiters, "expired")
        if leases := tx.leases.expired(now):
            self.release(tx, leases, "expired")
        deadlines = (tx.leases.deadline(), tx.waiters.deadline())
        return min((each for each in deadlines if each is not None), default=None)

    def _reclaim(self, tx: Tx, ask: Ask, live: Iterable[Lease]) -> Lease | None:
        """Give back to a person at once what their vanished editor had: a daemon has only one user."""
        theirs = [each for each in live if each.state is State.VANISHED and each.scopes == ask.scopes]
        if ask.state is not State.DIRTY or not (own := [each for each in theirs if tx.leases.own(each)]):
            return None
        for lease in own:
            tx.leases.delete(lease)
            tx.announce(LeaseEnded(lease=lease, why="reclaimed"))
        self.object(tx, ask.holder, ask.scopes)
        lease = self._issue(tx, ask, ())
        tx.announce(LeaseGranted(lease=lease))
        self._promote(tx, ask.scopes)  # they may have asked for it meanwhile
        return lease

    def _renew(self, tx: Tx, ask: Ask, live: Iterable[Lease]) -> None:
        now = self._clock.now()
        own = [
            replace(lease, ttl_s=ask.ttl_s, progress_at=now, contested=False)
            for lease in live
            if lease.holder.id == ask.holder.id
        ]
        self.object(tx, ask.holder, [scope for lease in own for scope in lease.scopes])
        self.step(tx, own, Step.CHANGE if ask.state is State.DIRTY else Step.RENEW)

    def _grant(self, tx: Tx, ask: Ask, live: Iterable[Lease], ticket: str) -> Lease:
        """Give what the holder does not have yet; what it has by now may be all it asked for."""
        if wanted := missing(ask, live):
            lease = self._issue(tx, about(ask, wanted), live)
        else:
            self._renew(tx, ask, live)
            newest = max(giving(ask, live), key=lambda each: each.token)
            lease = tx.leases.by_id(newest.id) or newest
        if wanted or ticket:
            tx.announce(LeaseGranted(lease=lease, ticket=ticket))
        return lease

    def _issue(self, tx: Tx, ask: Ask, live: Iterable[Lease]) -> Lease:
        self._absorb(tx, ask, live)
        now = self._clock.now()
        lease = Lease(
            id=self._ids.new("lease"),
            token=tx.leases.next_token(),
            mode=ask.mode,
            state=ask.state,
            workspace=ask.workspace,
            scopes=ask.scopes,
            holder=ask.holder,
            reason=ask.reason,
            ttl_s=ask.ttl_s,
            acquired_at=now,
            expires_at=expiry(ask.state, ask.ttl_s, now, self._settings(ask.workspace)),
            progress_at=now,
        )
        tx.leases.insert(lease)
        return lease

    def _absorb(self, tx: Tx, ask: Ask, live: Iterable[Lease]) -> None:
        """End the holder's own weaker leases that the new one includes whole: an upgrade keeps one lease."""
        for lease in live:
            if lease.holder.id == ask.holder.id and set(lease.scopes) <= set(ask.scopes):
                tx.leases.delete(lease)
                tx.announce(LeaseEnded(lease=lease, why="upgraded"))

    def _wait(self, tx: Tx, ask: Ask, mine: Waiter | None, wait_s: float) -> Waiter:
        now = self._clock.now()
        ticket_s = self._settings(ask.workspace).leases_ticket_s
        until = None if ask.state is State.DIRTY else now + max(ticket_s, wait_s)
        if mine:
            waiter = replace(mine, ask=replace(mine.ask, state=ask.state), expires_at=until)
            tx.waiters.update(waiter)
            return waiter
        waiter = tx.waiters.insert(self._ids.new("ticket"), ask, now, until)
        tx.announce(WaiterQueued(waiter=waiter))
        return waiter

    def _promote(self, tx: Tx, freed: Iterable[Scope]) -> None:
        """Grant to each waiter that nothing stands before any more, first come first served."""
        news = set(freed)
        while waiter := next((each for each in tx.waiters.touching(news) if self._is_next(tx, each)), None):
            tx.waiters.delete(waiter)
            self._grant(tx, waiter.ask, tx.leases.touching(waiter.ask.scopes), waiter.id)
            news.update(waiter.ask.scopes)  # what the holder also waits for may have come with it

    def _is_next(self, tx: Tx, waiter: Waiter) -> bool:
        live = tx.leases.touching(waiter.ask.scopes)
        return not any(cycles.obstacles(tx, waiter.ask, live, waiter))
