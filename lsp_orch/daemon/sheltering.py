"""Where a worker's shell may write: its own folder, but not what others hold there."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from lsp_orch.daemon.fencing import Fencing
from lsp_orch.domain.errors import OrchError
from lsp_orch.domain.settings import Sandbox
from lsp_orch.domain.task import Isolation, Task
from lsp_orch.services.ports import Shelter

_log = logging.getLogger(__name__)


class Sheltering:
    """``probe`` tries whether this machine can do it, ``writable`` says what git needs beside a worktree."""

    def __init__(
        self,
        wish: Sandbox,
        fencing: Fencing,
        probe: Callable[[], bool],
        writable: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._wish = wish
        self._fencing = fencing
        self._probe = probe
        self._writable = writable

    @asynccontextmanager
    async def around(self, task: Task, folder: str) -> AsyncIterator[Shelter | None]:
        """A shelter with its fence for a worker, or None where there shall be or can be none.

        Raises:
            Unavailable: sandbox-missing or fence-missing, where it is required.
        """
        place = await asyncio.to_thread(os.path.realpath, folder)
        shelter = await self._make(task, place)
        try:
            yield shelter
        finally:
            if shelter:
                await self._fencing.leave(place, task.session_id)

    async def _make(self, task: Task, place: str) -> Shelter | None:
        if self._wish is Sandbox.OFF:
            return None
        shared = task.isolate is Isolation.SHARED
        try:
            nested = await asyncio.to_thread(self._probe)
            writable = () if shared else await asyncio.to_thread(self._writable, place)
            await self._enter(place, task.session_id, shared=shared)
        except OrchError as error:
            if self._wish is Sandbox.REQUIRE:
                raise
            _log.warning("the worker on %s has no sandbox: %s", task.id, error)
            return None
        return Shelter(nested=nested, writable=writable)

    async def _enter(self, place: str, session: str, *, shared: bool) -> None:
        try:
            await self._fencing.enter(place, session, shared=shared)
        except BaseException:
            await self._fencing.leave(place, session)
            raise
