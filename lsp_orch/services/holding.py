"""Holds the queue back while a provider says no, and lets one run try whether it says yes again."""

from itertools import takewhile

from lsp_orch.domain import hold as holds
from lsp_orch.domain.events import HoldChanged
from lsp_orch.domain.fault import Fault
from lsp_orch.domain.hold import Patience, ProviderHold
from lsp_orch.domain.result import Ending
from lsp_orch.domain.settings import Settings
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx

_NEUTRAL = {None, Ending.OURS}  # it is at work yet, or we ended it: that says nothing of the provider


class Holding:
    """Each method is one step inside the caller's transaction; ``run`` is a run's number."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self.patience = Patience(steps=settings.tasks_retry_provider_s, most_s=settings.tasks_hold_most_s)

    def met(self, tx: Tx, run: int, fault: Fault) -> ProviderHold:
        """A run has met a fault: from now on nobody asks whom it concerns."""
        now, known = self._clock.now(), _of(tx, fault.scope)
        if known:
            hold = holds.again(known, fault, run, now, self.patience)
        else:
            hold = holds.begin(fault, now, self.patience)
        _keep(tx, hold)
        return hold

    def turn(self, tx: Tx, task_id: str, hold: ProviderHold) -> float:
        """When a task whose present run has met that hold may be chosen again."""
        endings = [each.ending for each in tx.attempts.of_task(task_id) if each.ending not in _NEUTRAL]
        before = sum(1 for _ in takewhile(lambda each: each is Ending.PROVIDER, reversed(endings)))
        return holds.turn(hold, before, self._clock.now(), self.patience)

    def began(self, tx: Tx, run: int, model: str) -> None:
        """A run that asks that model has begun: where somebody had to try, it is this one."""
        for hold in holds.in_the_way(tx.holds.all(), model):
            tx.holds.keep(holds.try_with(hold, run))

    def answered(self, tx: Tx, run: int) -> None:
        """A run has had its first answer: what it was to try is over."""
        for hold in tx.holds.all():
            if hold.probe == run:
                tx.holds.end(hold.scope)
                tx.announce(HoldChanged(scope=hold.scope))


def _of(tx: Tx, scope: str) -> ProviderHold | None:
    return next((hold for hold in tx.holds.all() if hold.scope == scope), None)


def _keep(tx: Tx, hold: ProviderHold) -> None:
    tx.holds.keep(hold)
    tx.announce(HoldChanged(scope=hold.scope, hold=hold))
