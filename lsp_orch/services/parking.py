"""Parked tasks cost nothing, and lose nothing while they wait."""

from dataclasses import dataclass, replace

from lsp_orch.domain.lease import Step
from lsp_orch.domain.task import Task
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Clock, SettingsOf
from lsp_orch.store.base import Tx

_SHARE = 3  # a lease is renewed so many times in its life


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """The tickets that parked tasks wait for, and when they must be renewed (seconds since the epoch)."""

    tickets: frozenset[str] = frozenset()
    renew_at: float | None = None


class Parking:
    """Shows a sign of life for those whose process is gone because they wait."""

    def __init__(self, clock: Clock, leases: Leases, settings: SettingsOf) -> None:
        self._clock = clock
        self._leases = leases
        self._settings = settings

    def renew(self, tx: Tx) -> Parked:
        """Renew what parked tasks hold and wait for."""
        tasks = tx.tasks.parked()
        lives = [life_s for task in tasks for life_s in self._renew(tx, task)]
        return Parked(
            tickets=frozenset(task.ticket for task in tasks),
            renew_at=self._clock.now() + min(lives) / _SHARE if lives else None,
        )

    def _renew(self, tx: Tx, task: Task) -> list[float]:
        """How long each thing that the task has lives by itself, or will live once it is granted."""
        leases = tx.leases.of_session(task.session_id)
        self._leases.step(tx, leases, Step.RENEW)
        lives = [each.ttl_s for each in leases]
        for waiter in tx.waiters.of_session(task.session_id):
            ticket_s = self._settings(waiter.ask.workspace).leases_ticket_s
            tx.waiters.update(replace(waiter, expires_at=self._clock.now() + ticket_s))
            lives += [ticket_s, waiter.ask.ttl_s]
        return lives
