"""Fences that follow the leases: what others hold is read-only for what a worker's shell starts."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable

from lsp_orch.domain.errors import OrchError
from lsp_orch.domain.events import Event, LeaseEnded, LeaseGranted
from lsp_orch.domain.fence import fence
from lsp_orch.domain.lease import Lease
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.ports import Fences

_UNKNOWN = ("",)  # no path

_log = logging.getLogger(__name__)


class Fencing:
    """``leases`` are those that are live now; subscribe ``on_event`` after whoever keeps them."""

    def __init__(self, leases: Callable[[], Iterable[Lease]], files: Fences) -> None:
        self._leases = leases
        self._files = files
        self._at_work: defaultdict[str, set[str]] = defaultdict(set)  # by folder: the sessions in it
        self._shared: set[str] = set()
        self._written: dict[str, tuple[str, ...]] = {}
        self._writing = asyncio.Lock()
        self._woken = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Look again when somebody holds more or less than before."""
        if isinstance(event, LeaseGranted | LeaseEnded) and self._at_work:
            self._woken.set()

    async def enter(self, folder: str, session: str, *, shared: bool) -> None:
        """Fence a folder for one more session; it stands when this returns.

        Raises:
            Unavailable: fence-missing.
        """
        self._at_work[folder].add(session)
        if shared:
            self._shared.add(folder)
        await wholly(self._write(folder))

    async def leave(self, folder: str, session: str) -> None:
        """Take a session out; the last one takes the fence with it."""
        self._at_work[folder].discard(session)
        if not self._at_work[folder]:
            del self._at_work[folder]
            self._shared.discard(folder)
        await wholly(self._follow(folder))

    async def clean(self) -> None:
        """Take away what a daemon that has died has left; to be done before anybody enters."""
        for folder in await asyncio.to_thread(self._files.left):
            self._written[folder] = _UNKNOWN
            await self._follow(folder)

    async def run(self) -> None:
        """Follow the leases until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            for folder in tuple(self._at_work):
                await self._follow(folder)

    async def _follow(self, folder: str) -> None:
        try:
            await self._write(folder)
        except OrchError as error:  # nobody waits for this one
            _log.warning("%s", error)

    async def _write(self, folder: str) -> None:
        """Write what holds now, unless it stands there; one at a time: the last word is the latest."""
        async with self._writing:
            sessions = self._at_work.get(folder, set())
            wanted: tuple[str, ...] = ()
            if sessions:
                wanted = fence(folder, sessions, self._leases(), shared=folder in self._shared)
            if wanted != self._written.get(folder, ()):
                await asyncio.to_thread(self._files.put, folder, wanted)
                self._written[folder] = wanted
            if not sessions:
                self._written.pop(folder, None)
