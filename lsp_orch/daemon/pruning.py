"""Prunes by itself, at the start and whenever the time has come again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from lsp_orch.domain.errors import OrchError

_log = logging.getLogger(__name__)


async def regularly(prune: Callable[[], Awaitable[object]], every_s: float) -> None:
    """Until cancelled; never, when ``every_s`` is 0."""
    while every_s:
        try:
            await prune()
        except OrchError:
            _log.exception("nothing was pruned this time")
        await asyncio.sleep(every_s)
