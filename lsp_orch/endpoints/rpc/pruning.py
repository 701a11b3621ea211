"""``task.prune``: what nobody needs any more goes, and says why it went."""

import asyncio
import logging
from functools import partial
from itertools import islice
from typing import Any

from lsp_orch.domain.errors import OrchError
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.pruning import Chosen, Pruning
from lsp_orch.services.reviews import Reviews

_MOST = 200  # in one transaction: others want to write, too

_log = logging.getLogger(__name__)


class PruneMethods:
    """Prunes when it is asked to, and whenever ``prune`` is called."""

    def __init__(self, desk: Desk, pruning: Pruning, reviews: Reviews) -> None:
        self._desk = desk
        self._pruning = pruning
        self._reviews = reviews

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"task.prune": self.asked}

    async def asked(self, params: dict[str, Any]) -> Answer:
        """``{"dry_run"}`` to ``{"pruned": [{"id", "why"}], "dry_run"}``."""
        dry_run = optional(params, "dry_run", default=False)
        pruned = await self.chosen() if dry_run else await self.prune()
        return {"pruned": [{"id": each.id, "why": why} for each, why in pruned], "dry_run": dry_run}

    async def chosen(self) -> list[Chosen]:
        """What would go."""
        found = await self._desk.do(self._pruning.look)
        return await asyncio.to_thread(self._pruning.choose, found)

    async def prune(self) -> list[Chosen]:
        """Let it go, with its work kept; what has changed meanwhile, or cannot be kept, stays."""
        chosen, pruned = iter(await self.chosen()), []
        while batch := list(islice(chosen, _MOST)):
            kept = {each.id: (each, why) for each, why in batch if await self._kept(each.id, each.state)}
            tasks = await self._desk.do(partial(self._pruning.prune, chosen=tuple(kept.values())))
            for task in tasks:
                pruned.append(kept[task.id])
                await self._tidy(task, kept[task.id][0].state)
        return pruned

    async def _kept(self, task_id: str, state: State) -> bool:
        """Whether nothing is lost with it."""
        if state is not State.REVIEW:
            return True
        task = await self._desk.do(lambda tx: tx.tasks.by_id(task_id))
        try:
            if task:
                await asyncio.to_thread(self._pruning.keep, task)
        except OrchError as error:
            _log.warning("%s is not pruned, for its work cannot be kept: %s", task_id, error)
            return False
        return True

    async def _tidy(self, task: Task, was: State) -> None:
        _log.info("%s is pruned: %s", task.id, task.pruned_why)
        if was is State.REVIEW:
            try:
                await asyncio.to_thread(self._reviews.tidy, task)
            except OrchError as error:
                _log.warning("the worktree of %s, which is pruned, stays: %s", task.id, error)
