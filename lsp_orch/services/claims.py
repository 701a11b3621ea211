"""Claims: taking what somebody else holds, openly. The holder is told, and has time to object."""

from collections.abc import Iterable
from dataclasses import replace

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import ClaimMade
from lsp_orch.domain.grants import Ask, Granted, Queued, Waiter, blockers
from lsp_orch.domain.lease import Holder, Lease, Party, State
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Clock, SettingsOf
from lsp_orch.store.base import Tx


class Claims:
    """A claim is a waiter with a date: on that day what stands in its way ends, unless a holder objects.

    To ask anew for what one holds, to renew it or to type into it is to object. A person's claim needs no
    waiting: the file is theirs at once, and the holder is told. Unsaved work is never taken by a program.
    """

    def __init__(self, clock: Clock, settings: SettingsOf, leases: Leases) -> None:
        self._clock = clock
        self._settings = settings
        self._leases = leases

    def steal(self, tx: Tx, ask: Ask) -> Granted | Queued | Refusal:
        """Claim all that is asked; ``ask.reason`` is what the holders are told."""
        conflicts = blockers(ask, tx.leases.touching(ask.scopes))
        if ask.holder.kind is Party.HUMAN:
            return Granted(lease=self._leases.take(tx, ask, conflicts, "stolen"))
        if not conflicts:
            return self._leases.acquire(tx, ask)
        if unsaved := _unsaved(conflicts):
            return _refuse(unsaved)
        outcome = self._leases.acquire(tx, ask)
        if not isinstance(outcome, Queued):
            return outcome
        if outcome.waiter.claims_at is None:
            return replace(outcome, waiter=self._claim(tx, outcome.waiter, conflicts))
        return outcome

    def enforce(self, tx: Tx) -> None:
        """Let those have what they claimed whose time has come."""
        for claim in tx.waiters.claiming(self._clock.now()):
            waiter = tx.waiters.by_id(claim.id)
            if waiter is None or waiter.claims_at is None:
                continue  # an earlier one has changed this one
            conflicts = blockers(waiter.ask, tx.leases.touching(waiter.ask.scopes))
            told_at = waiter.claims_at - self._settings(waiter.ask.workspace).leases_contest_s
            if unsaved := _unsaved(conflicts):
                self._leases.unclaim(tx, waiter, unsaved.holder.name)
            elif not conflicts:  # nobody has it: those who came first are next
                self._leases.unclaim(tx, waiter, "who came first")
            elif any(each.acquired_at > told_at for each in conflicts):
                self._claim(tx, waiter, conflicts)  # whoever has it since was never told
            else:
                self._leases.take(tx, waiter.ask, conflicts, "stolen", waiter)

    def hand_over(self, tx: Tx, lease: Lease, to: Holder) -> Lease:
        """Give what a lease holds to somebody else at once, whoever else waits for it.

        Whatever its holder has besides that overlaps it ends as well: half a folder cannot be given away.
        """
        same = (lease.scopes, lease.mode)
        theirs = tx.waiters.of_holder(to.id)
        asked = next((each for each in theirs if (each.ask.scopes, each.ask.mode) == same), None)
        ask = Ask(
            holder=to,
            workspace=lease.workspace,
            scopes=lease.scopes,
            mode=lease.mode,
            reason=asked.ask.reason if asked else lease.reason,
            ttl_s=asked.ask.ttl_s if asked else self._settings(lease.workspace).leases_ttl_s,
        )
        besides = blockers(ask, tx.leases.touching(ask.scopes))
        ended = {each.id: each for each in (lease, *besides)}
        return self._leases.take(tx, ask, ended.values(), "handed-over", asked)

    def _claim(self, tx: Tx, waiter: Waiter, leases: tuple[Lease, ...]) -> Waiter:
        until = self._clock.now() + self._settings(waiter.ask.workspace).leases_contest_s
        after = replace(waiter, claims_at=until)
        tx.waiters.update(after)
        tx.announce(ClaimMade(waiter=after, leases=leases))
        return after


def _unsaved(leases: Iterable[Lease]) -> Lease | None:
    return next((each for each in leases if each.state is State.DIRTY), None)


def _refuse(lease: Lease) -> Refusal:
    paths = ", ".join(scope.key for scope in lease.scopes)
    return Refusal(
        code=Code.LEASE_HELD,
        message=f"{lease.holder.name} has unsaved changes in {paths}, and a program never takes those",
        hint="ask for it with `lsp-orch lease acquire`: it is yours as soon as they save",
    )
