"""The verbs ``lsp-orch pause`` and ``lsp-orch resume``."""

import asyncio
from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, words
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.pausing import Pausing
from lsp_orch.services.ports import Git
from lsp_orch.store.base import Tx


class DispatcherMethods:
    """Translates ``dispatcher.*`` calls; ``requests`` says whose they are."""

    def __init__(self, desk: Desk, pausing: Pausing, requests: LeaseRequests, git: Git) -> None:
        self._desk = desk
        self._pausing = pausing
        self._requests = requests
        self._git = git

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"dispatcher.pause": self.pause, "dispatcher.resume": self.resume}

    async def pause(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` or ``{"all": true}``, and ``{"reason"}`` to ``{"paused": [Pause]}``."""
        where, why = await self._where(params), words(params, "reason", "")
        by = (await self._requests.caller(params)).name

        def work(tx: Tx) -> Answer:
            self._pausing.pause(tx, where, why, by)
            return {"paused": [shapes.pause(each) for each in tx.pauses.all()]}

        return await self._desk.do(work)

    async def resume(self, params: dict[str, Any]) -> Answer:
        """The same to ``{"resumed": [Pause], "paused": [Pause]}``: what goes on, and what is paused still."""
        where, by = await self._where(params), (await self._requests.caller(params)).name

        def work(tx: Tx) -> Answer:
            ended = self._pausing.resume(tx, where, by)
            left = tx.pauses.all()
            return {
                "resumed": [shapes.pause(each) for each in ended],
                "paused": list(map(shapes.pause, left)),
            }

        return await self._desk.do(work)

    async def _where(self, params: dict[str, Any]) -> str:
        """The workspace as tasks name it: the top of its checkout, where it is one."""
        if optional(params, "all", default=False):
            return ""
        where = self._requests.workspace(params)
        if not where:
            raise Misuse(Code.BAD_REQUEST, "name the workspace, or say all")
        try:
            return await asyncio.to_thread(self._git.top_level, where)
        except Unavailable:  # it may be gone, or be no repository: there is nothing to start there, either
            return where
