"""Takes away what workers said too long ago, or too much of it."""

import asyncio
import logging

from lsp_orch.daemon.part import Plain
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.ports import Clock, Logs
from lsp_orch.services.task_files import TaskFiles

_EVERY_S = 3600.0  # what is too old goes by the day
_DAY_S = 86400.0

_log = logging.getLogger(__name__)


class Shelving(Plain):
    """The part that looks after logs; what is said now is never taken away."""

    def __init__(self, desk: Desk, logs: Logs, files: TaskFiles, clock: Clock, settings: Settings) -> None:
        self._desk = desk
        self._logs = logs
        self._files = files
        self._clock = clock
        self._settings = settings

    async def run(self) -> None:
        """Tidy up now and then, until cancelled."""
        while True:
            try:
                await self.tidy()
            except Exception:  # noqa: BLE001 - what is kept too long hurts nobody
                _log.exception("the workers' logs were not pruned; it is tried again in %s s", _EVERY_S)
            await asyncio.sleep(_EVERY_S)

    async def tidy(self) -> int:
        """Tidy up once; how many logs were removed."""
        spare = {self._files.log(task) for task in await self._desk.do(lambda tx: tx.tasks.engaged())}
        before = self._clock.now() - self._settings.tasks_log_days * _DAY_S
        return await asyncio.to_thread(self._logs.prune, before, self._settings.tasks_log_max_bytes, spare)
