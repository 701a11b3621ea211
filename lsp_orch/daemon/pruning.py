"""Prunes by itself, at the start and whenever the time has come again."""

import asyncio
import logging

from lsp_orch.daemon.part import Plain
from lsp_orch.domain.errors import OrchError
from lsp_orch.endpoints.rpc.pruning import PruneMethods
from lsp_orch.endpoints.rpc.role import Method

_log = logging.getLogger(__name__)


class Pruner(Plain):
    """The part that answers ``task.prune``, and asks for it itself; never, when ``every_s`` is 0."""

    def __init__(self, prunes: PruneMethods, every_s: float) -> None:
        self._prunes = prunes
        self._every_s = every_s

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return self._prunes.methods()

    async def run(self) -> None:
        """Until cancelled."""
        while self._every_s:
            try:
                await self._prunes.prune()
            except OrchError:
                _log.exception("nothing was pruned this time")
            await asyncio.sleep(self._every_s)
