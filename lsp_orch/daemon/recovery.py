"""The part of the daemon that keeps what files say."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.daemon.world import World
from lsp_orch.domain.errors import OrchError
from lsp_orch.domain.events import Event, LeaseChanged, LeaseGranted
from lsp_orch.domain.lease import Lease, Party, State
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Why
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.keeper import Keeper
from lsp_orch.endpoints.rpc.recovery import RecoveryMethods
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.recovery import Recovery

_PATIENCE_S = 2.0  # of whoever asks for thousands of files
_EVERY_S = 3600.0  # what is too old goes by the day

_log = logging.getLogger(__name__)


class Archive:
    """``keeper`` is for whoever is about to let a file be written; of people's files we hear by the news."""

    def __init__(self, world: World, settings: Settings, desk: Desk) -> None:
        self.contents = contents = StoredContents(
            _folder(world, settings.store), settings.recover_max_file_bytes, world.clock
        )
        self.recovery = recovery = Recovery(contents, world.clock, world.ids, settings)
        self._wanted: asyncio.Queue[tuple[Lease, Why]] = asyncio.Queue()
        self.keeper = Keeper(desk, contents, recovery)
        self._methods = RecoveryMethods(desk, recovery, contents, self.keeper, world.paths)

    def methods(self) -> dict[str, Method]:
        """The ``recover.*`` calls."""
        return self._methods.methods()

    def on_event(self, event: Event) -> None:
        """Keep what a file says when a person begins to change it, and what they have saved.

        So it is for a program that holds by the command line: no hook tells us when it is about to write.
        """
        match event:
            case LeaseGranted(lease=lease) if lease.holder.kind is Party.HUMAN:
                self._wanted.put_nowait((lease, Why.GRANTED))
            case LeaseGranted(lease=lease) if not lease.holder.session and _there(lease):
                self._wanted.put_nowait((lease, Why.GRANTED))
            case LeaseChanged(lease=lease) if lease.state is State.SAVED:
                self._wanted.put_nowait((lease, Why.SAVED))
            case _:
                pass

    def kept_first(self, acquire: Callable[[dict[str, Any]], Awaitable[Answer]]) -> Method:
        """Let ``lease.acquire`` answer once what the files say is kept, or is taking too long."""

        async def acquired(params: dict[str, Any]) -> Answer:
            answer = await acquire(params)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._wanted.join()
            return answer

        return acquired

    async def run(self) -> None:
        """Keep what is wanted, and take away what is too old or too much, until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._keep())
            both.create_task(self._tidy())

    async def _keep(self) -> None:
        while True:
            lease, why = await self._wanted.get()
            by = Author(id=lease.holder.id, name=lease.holder.name)
            for scope in lease.scopes:
                try:
                    await self.keeper.keep(scope.key, by, why)
                except OrchError as error:  # nobody waits for this one
                    _log.warning("%s was not kept: %s", scope.key, error)
            self._wanted.task_done()

    async def _tidy(self) -> None:
        while True:
            try:
                await self.keeper.tidy()
                await self.keeper.prune()
            except Exception:  # noqa: BLE001 - what is kept too long hurts nobody
                _log.exception("what is kept of files was not pruned; it is tried again in %s s", _EVERY_S)
            await asyncio.sleep(_EVERY_S)


def _there(lease: Lease) -> bool:
    """Whether there is anything to keep: a command's lease is waited for, and must cost little."""
    return any(Path(each.key).is_file() for each in lease.scopes)


def _folder(world: World, store: str) -> Path:
    """Each store has its own: what one of them no longer names, another may."""
    own = sha256(store.encode()).hexdigest()[:12] if store else world.places.instance
    return world.places.state / f"{own}-contents"
