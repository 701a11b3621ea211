"""The reaper's clockwork: it wakes when something ends or somebody dies, and every few seconds to look."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.events import ClaimMade, Event, LeaseChanged, LeaseGranted, WaiterQueued
from lsp_orch.domain.vigil import Vigil
from lsp_orch.services.ports import Clock
from lsp_orch.services.reaper import Reaped
from lsp_orch.store.base import Tx

TICK_S = 5.0

_log = logging.getLogger(__name__)


class Reaping:
    """``reap`` ends what is over. What it has seen of the time counts once its transaction is durable."""

    def __init__(self, desk: Desk, clock: Clock, reap: Callable[[Tx, Vigil], Reaped], vigil: Vigil) -> None:
        self._desk = desk
        self._clock = clock
        self._reap = reap
        self.vigil = vigil
        self._deadline = float("inf")
        self._sooner = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Wake earlier when something now ends earlier than all that was known."""
        match event:
            case LeaseGranted(lease=subject) | LeaseChanged(lease=subject):
                ends = subject.expires_at
            case WaiterQueued(waiter=waiter):
                ends = waiter.expires_at
            case ClaimMade(waiter=waiter):
                ends = waiter.claims_at
            case _:
                return
        if ends is not None and ends < self._deadline:
            self._deadline = ends
            self._sooner.set()

    def wake(self) -> None:
        """Look now: somebody has died."""
        self._deadline = float("-inf")
        self._sooner.set()

    async def run(self) -> None:
        """Reap until cancelled."""
        while True:
            self._deadline = float("inf")  # what comes while we look counts for the rest that follows
            try:
                reaped = await self._desk.do(lambda tx: self._reap(tx, self.vigil))
                self.vigil = reaped.vigil
                if reaped.deadline is not None:
                    self._deadline = min(self._deadline, reaped.deadline)
            except Exception:  # noqa: BLE001 - a reaper that gives up would leave every lease held
                _log.exception("the reaper stumbled; it tries again in %s s", TICK_S)
            await self._rest()

    async def _rest(self) -> None:
        """Until the deadline, and never longer than a tick, wherever somebody sets the wall clock."""
        tick = self._clock.awake() + TICK_S
        while (left := min(self._deadline - self._clock.now(), tick - self._clock.awake())) > 0:
            self._sooner.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._sooner.wait()
