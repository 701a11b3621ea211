"""The reaper: what is over ends, unless the machine's time cannot be trusted just now."""

from dataclasses import dataclass, replace

from lsp_orch.domain import vigil as rules
from lsp_orch.domain.events import LeaseChanged, ReapingFrozen, ReapingResumed
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import expiry
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.vigil import (
    Moment,
    State,
    Vigil,
    alarm,
    begin,
    believe,
    broken,
    look,
    mourn,
    thaw,
    too_many,
)
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Clock, SettingsOf
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx

STARTED = "lsp-orch has just started"
_LONGEST_S = 24 * 3600.0  # nobody waits longer for a lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """Keep ``vigil`` for the next time once this is durable; ``deadline`` is when the next thing ends."""

    vigil: Vigil
    deadline: float | None


class Reaper:
    """Each method is one step inside the caller's transaction."""

    def __init__(
        self,
        clock: Clock,
        sessions: Sessions,
        leases: Leases,
        claims: Claims,
        settings: Settings,
        settings_of: SettingsOf,
    ) -> None:
        self._clock = clock
        self._sessions = sessions
        self._leases = leases
        self._claims = claims
        self._settings = settings
        self._settings_of = settings_of

    def restart(self, tx: Tx) -> Vigil:
        """Begin after a daemon's end: nobody who was here is reaped before they could show life.

        What was held or waited for has its whole time again. A freeze begins again, too.
        """
        self._sessions.restart(tx)
        self._anew(tx)
        vigil, freeze_s = begin(self._now()), self._settings.reaper_freeze_s
        if why := tx.vigil.why():
            return alarm(vigil, why, freeze_s)
        if tx.leases.live() or tx.waiters.waiting() or tx.sessions.all():
            return alarm(vigil, STARTED, min(rules.START_S, freeze_s))
        return vigil

    def reap(self, tx: Tx, vigil: Vigil) -> Reaped:
        """Look at the clocks first, then for the dead, and only then end what is over."""
        now = self._now()
        why, after = broken(vigil, now), look(vigil, now)
        if why:
            after = self._freeze(tx, believe(after), why)
            self._sessions.anew(tx)
            self._anew(tx)
        dead = [each.id for each in self._sessions.judge(tx)]
        after = mourn(after, [each for each in dead if not tx.sessions.is_worker(each)])
        if why := too_many(after):
            after = self._freeze(tx, after, why)
        self._contest(tx)
        if after.state is State.FROZEN:
            return Reaped(vigil=after, deadline=thaw(after, now))
        if vigil.state is State.FROZEN:
            self._resume(tx)
        self._sessions.bury(tx)
        self._claims.enforce(tx)
        return Reaped(vigil=after, deadline=self._leases.reap(tx))

    def _now(self) -> Moment:
        return Moment(wall=self._clock.now(), steady=self._clock.steady(), awake=self._clock.awake())

    def _freeze(self, tx: Tx, vigil: Vigil, why: str) -> Vigil:
        after = alarm(vigil, why, self._settings.reaper_freeze_s)
        tx.vigil.remember(why)
        until = thaw(after, after.seen) or 0.0
        tx.announce(ReapingFrozen(until=until, why=why, longer=vigil.state is State.FROZEN))
        return after

    def _resume(self, tx: Tx) -> None:
        if tx.vigil.why():  # of a daemon's first seconds nobody was told
            tx.vigil.remember("")
            tx.announce(ReapingResumed())

    def _anew(self, tx: Tx) -> None:
        """Give every lease, ticket and claim its whole time again: how much was left cannot be known."""
        now = self._clock.now()
        for lease in tx.leases.live():
            until = expiry(lease.state, lease.ttl_s, now, self._settings_of(lease.workspace))
            fresh = replace(lease, expires_at=until, progress_at=now)
            tx.leases.update(fresh)
            tx.announce(LeaseChanged(lease=fresh))
        for waiter in tx.waiters.waiting():
            if waiter.expires_at is not None:
                tx.waiters.update(replace(waiter, expires_at=now + self._patience(waiter, waiter.expires_at)))
        self._claims.anew(tx)

    def _patience(self, waiter: Waiter, expires_at: float) -> float:
        """How long a ticket is valid; longer for somebody who said that they wait longer."""
        asked = min(expires_at - waiter.since, _LONGEST_S)
        return max(asked, self._settings_of(waiter.ask.workspace).leases_ticket_s)

    def _contest(self, tx: Tx) -> None:
        """Mark leases under which nothing was written for long: whoever waits may want to ask."""
        for lease in tx.leases.idle(self._clock.now() - self._settings.leases_contested_s):
            contested = replace(lease, contested=True)
            tx.leases.update(contested)
            tx.announce(LeaseChanged(lease=contested))
