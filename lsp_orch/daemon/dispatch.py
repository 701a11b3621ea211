"""The dispatcher's clockwork: it wakes when a task may start or a worker has ended, and never otherwise."""

import asyncio
import contextlib
import logging
import os
from functools import partial

from lsp_orch.daemon.attempt import Attempts
from lsp_orch.daemon.part import Plain
from lsp_orch.daemon.whereabouts import Whereabouts
from lsp_orch.domain.errors import Unavailable
from lsp_orch.domain.events import (
    DispatcherPaused,
    DispatcherResumed,
    Event,
    HoldChanged,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    PlanChanged,
    TaskChanged,
    WaiterGone,
)
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Mode
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Hold, Idle
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.dispatcher import MOST, Dispatcher
from lsp_orch.services.parking import Parked, Parking
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx

_AGAIN_S = 5.0

_log = logging.getLogger(__name__)


class Dispatch(Plain):
    """Every worker is a child of ``run``; subscribe ``on_event`` to the news before that."""

    def __init__(
        self,
        *,
        desk: Desk,
        dispatcher: Dispatcher,
        attempts: Attempts,
        parking: Parking,
        clock: Clock,
        settings: Settings,
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self._desk = desk
        self._dispatcher = dispatcher
        self._attempts = attempts
        self._parking = parking
        self._clock = clock
        self._whereabouts = whereabouts
        self._cap = settings.tasks_workers or min(MOST, max(1, (os.cpu_count() or 1) // 2))
        self._runs: dict[int, asyncio.Task[None]] = {}  # by number: what carries it, named as the task
        self._idle = Idle()
        self._parked = Parked()
        self._over: set[str] = set()  # leases that tasks were held back by
        self._restarted = False
        self._woken = asyncio.Event()
        self._choosing = asyncio.Lock()
        self._leaving = False

    def on_event(self, event: Event) -> None:
        """Look again when a task or its ticket has changed, and end the worker of one that was cancelled."""
        match event:
            case TaskChanged(id=task_id, state=state):
                self._woken.set()
                if state == State.CANCELLED:
                    self._end(task_id)
            case DispatcherPaused() | DispatcherResumed():
                self._woken.set()
            case HoldChanged() | PlanChanged():  # what a plan's maker had reserved may be free
                self._woken.set()
            case LeaseEnded(lease=lease) | LeaseChanged(lease=lease):
                over = isinstance(event, LeaseEnded) or lease.mode is Mode.READ
                if over and self._dispatcher.waits.for_lease(lease.id):
                    self._over.add(lease.id)
                    self._woken.set()
            case LeaseGranted(ticket=ticket) | WaiterGone(waiter=Waiter(id=ticket)):
                if self.awaits(ticket):
                    self._woken.set()
            case _:
                pass

    def awaits(self, ticket: str) -> bool:
        """Whether a parked task goes on with it."""
        return ticket in self._parked.tickets

    def held_back(self, tx: Tx, task: Task) -> Hold | None:
        """Why a task that may start, or go on, does not, as far as that was found out."""
        if task.state not in (State.READY, State.PARKED):
            return None
        lane = tx.lanes.by_name(task.hold_why) if task.hold_why else None
        if lane and lane.waits_for:
            return Hold(reason=lane.why, waits_for=lane.waits_for)
        everyone = next((hold for hold in self._idle.holds.values() if hold.everyone), None)
        if task.state is State.PARKED and not (everyone and everyone.parked):
            everyone = None
        return self._idle.holds.get(task.id) or everyone

    def busy(self) -> bool:
        """Whether a worker works, or a task waits for its time or its ticket."""
        return bool(self._runs or self._parked.tickets) or self._idle.waiting

    async def run(self) -> None:
        """Start what may start, until cancelled or drained; first pick up what an earlier daemon has left."""
        async with asyncio.TaskGroup() as group:
            while not self._leaving:
                self._woken.clear()
                try:
                    async with self._choosing:
                        await self._pick_up()
                        await self._fill(group)
                except Unavailable:
                    _log.exception("the dispatcher stumbled; it tries again in %s s", _AGAIN_S)
                    self._idle = Idle(due=self._clock.now() + _AGAIN_S)
                await self._rest()

    async def drain(self) -> None:
        """Start nothing more, end the workers in order and queue their tasks again."""
        self._leaving = True
        self._woken.set()
        async with self._choosing:
            children = list(self._runs.values())
            for child in children:
                child.cancel()
            if children:
                await asyncio.wait(children)
            try:
                await self._pick_up()
            except Unavailable as error:
                _log.warning("what is left of the workers is for the next daemon to pick up: %s", error)

    async def _pick_up(self) -> None:
        """Queue again what nobody looks after: its daemon died, or its child ended before it began."""
        mine = set(self._runs)
        for task in await self._desk.do(lambda tx: self._dispatcher.orphans(tx, mine)):
            await self._attempts.withdraw(task)

    async def _fill(self, group: asyncio.TaskGroup) -> None:
        while not self._leaving:
            # what was claimed while we are cancelled has no child; whoever comes next picks it up
            task = await self._claim()
            if isinstance(task, Idle):
                self._idle = task
                if task.more or await self._asked():
                    continue
                break
            child = group.create_task(self._attempts.carry(task), name=task.id)
            self._runs[task.run] = child
            child.add_done_callback(partial(self._ended, task.run))
        self._parked = await self._desk.do(self._parking.renew)

    async def _claim(self) -> Task | Idle:
        """What the dispatcher says, which has then heard of the leases that are over."""
        if not self._restarted:
            await self._desk.do(self._dispatcher.restart)
            self._restarted = True
        ended = frozenset(self._over)
        answer = await self._desk.do(lambda tx: self._dispatcher.claim(tx, self._cap, ended))
        self._dispatcher.waits.forget(ended)
        self._over -= ended
        return answer

    async def _asked(self) -> bool:
        """Whether git was asked what must be known before anybody starts."""
        unknown, self._dispatcher.ways.unknown = self._dispatcher.ways.unknown, set()
        if unknown and self._whereabouts:
            await self._whereabouts.find(unknown)
        return bool(unknown)

    def _end(self, task_id: str) -> None:
        for child in self._runs.values():
            if child.get_name() == task_id:
                child.cancel()

    def _ended(self, run: int, child: asyncio.Task[None]) -> None:
        if self._runs.get(run) is child:  # one that was parked may have gone on meanwhile
            del self._runs[run]
        self._woken.set()

    async def _rest(self) -> None:
        """Sleep until something changes, a task's time has come, or parked ones need us."""
        times = [each for each in (self._idle.until, self._parked.renew_at) if each is not None]
        wait_s = max(0.0, min(times) - self._clock.now()) if times else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
