"""The part of the daemon that keeps what files say."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.adapters.trees import GitTrees
from lsp_orch.daemon.world import World
from lsp_orch.domain.errors import OrchError
from lsp_orch.domain.events import Event, LeaseChanged, LeaseGranted
from lsp_orch.domain.lease import Lease, Party, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Why
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.keeper import Keeper
from lsp_orch.endpoints.rpc.recovery import RecoveryMethods
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.reads import Reads
from lsp_orch.services.recovery import Recovery

_PATIENCE_S = 2.0  # of whoever asks for thousands of files
_MOST_KEPT = 1000  # files of a folder that are kept when somebody is granted it
_MOST_SEEN = 100_000  # files among which those of a pattern are looked for
_EVERY_S = 3600.0  # what is too old goes by the day

_log = logging.getLogger(__name__)

_Wanted = asyncio.Queue[tuple[Lease, Why]]


class Archive:
    """``keeper`` is for whoever is about to let a file be written; of people's files we hear by the news."""

    def __init__(self, world: World, settings: Settings, desk: Desk, reads: Reads) -> None:
        self.contents = contents = StoredContents(
            _folder(world, settings.store), settings.recover_max_file_bytes, world.clock
        )
        self.recovery = recovery = Recovery(contents, world.clock, world.ids, settings)
        self._desk, self._reads = desk, reads
        self.trees = GitTrees()
        self._wanted: _Wanted = asyncio.Queue()
        self._broad: _Wanted = asyncio.Queue()  # whole folders, which no single file waits for
        self._owed = 0  # how many of both are not kept yet
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
                self._want(lease, Why.GRANTED)
            case LeaseGranted(lease=lease) if not lease.holder.session and _there(lease):
                self._want(lease, Why.GRANTED)
            case LeaseChanged(lease=lease) if lease.state is State.SAVED:
                self._want(lease, Why.SAVED)
            case _:
                pass

    def kept_first(self, acquire: Method) -> Method:
        """Let ``lease.acquire`` answer once what the files say is kept, or is taking too long."""

        def acquired(params: dict[str, Any]) -> Answer | Awaitable[Answer]:
            answer = acquire(params)
            return self._kept(answer) if isinstance(answer, Awaitable) else answer

        return acquired

    async def _kept(self, coming: Awaitable[Answer]) -> Answer:
        answer = await coming
        if self._owed:  # else there is nothing to wait for, and to arrange for it costs more than to look
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._wanted.join()
                    await self._broad.join()
        return answer

    async def run(self) -> None:
        """Keep what is wanted, and take away what is too old or too much, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep(self._wanted))
            group.create_task(self._keep(self._broad))
            group.create_task(self._tidy())

    def _want(self, lease: Lease, why: Why) -> None:
        broad = any(each.broad for each in lease.scopes)
        (self._broad if broad else self._wanted).put_nowait((lease, why))
        self._owed += 1

    async def _keep(self, wanted: _Wanted) -> None:
        while True:
            lease, why = await wanted.get()
            by = Author(id=lease.holder.id, name=lease.holder.name)
            for scope in lease.scopes:
                for path in await self._files(scope):
                    try:
                        await self.keeper.keep(path, by, why)
                    except OrchError as error:  # nobody waits for this one
                        _log.warning("%s was not kept: %s", path, error)
            wanted.task_done()
            self._owed -= 1

    async def _files(self, scope: Scope) -> Sequence[str]:
        """The file; or those of a folder or pattern that git does not ignore, as far as there is an end."""
        if not scope.broad:
            return (scope.key,) if scope.kind is Kind.FILE else ()
        files = await asyncio.to_thread(self.trees.files, scope.anchor, _MOST_SEEN)
        return list(islice((each for each in files if scope.overlaps(Scope(Kind.FILE, each))), _MOST_KEPT))

    async def _tidy(self) -> None:
        while True:
            try:
                await self.keeper.tidy()
                await self.keeper.prune()
                await self._desk.do(self._reads.prune)
            except Exception:  # noqa: BLE001 - what is kept too long hurts nobody
                _log.exception("what is kept of files was not pruned; it is tried again in %s s", _EVERY_S)
            await asyncio.sleep(_EVERY_S)


def _there(lease: Lease) -> bool:
    """Whether there is anything to keep: a command's lease is waited for, and must cost little."""
    return any(os.path.lexists(each.anchor) for each in lease.scopes if each.on_disk)


def _folder(world: World, store: str) -> Path:
    """Each store has its own: what one of them no longer names, another may."""
    own = sha256(store.encode()).hexdigest()[:12] if store else world.places.instance
    return world.places.state / f"{own}-contents"
