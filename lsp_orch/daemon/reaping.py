"""The reaper's clockwork: it wakes when something ends, and every few seconds to look for the dead."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.events import ClaimMade, Event, LeaseChanged, LeaseGranted, WaiterQueued
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx

TICK_S = 5.0

_log = logging.getLogger(__name__)


class Reaping:
    """``reap`` ends what is over and returns when the next thing ends (seconds since the epoch)."""

    def __init__(self, desk: Desk, clock: Clock, reap: Callable[[Tx], float | None]) -> None:
        self._desk = desk
        self._clock = clock
        self._reap = reap
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

    async def run(self) -> None:
        """Reap until cancelled."""
        while True:
            try:
                deadline = await self._desk.do(self._reap)
                self._deadline = float("inf") if deadline is None else deadline
            except Exception:  # noqa: BLE001 - a reaper that gives up would leave every lease held
                _log.exception("the reaper stumbled; it tries again in %s s", TICK_S)
            await self._rest()

    async def _rest(self) -> None:
        tick = self._clock.now() + TICK_S
        while (left := min(self._deadline, tick) - self._clock.now()) > 0:
            self._sooner.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._sooner.wait()
