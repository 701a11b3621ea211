"""The part that makes plans: its planners end with it, and what a killed daemon has left of them is ended."""

import asyncio
import logging
from collections.abc import Mapping

from lsp_orch.daemon.part import Plain
from lsp_orch.daemon.planner import Planner
from lsp_orch.domain.errors import Unavailable
from lsp_orch.domain.plan import refuse
from lsp_orch.domain.planning import Plan
from lsp_orch.domain.reply import Reply
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.rpc.plans import PlanMethods, PlanOffice
from lsp_orch.endpoints.rpc.role import Method
from lsp_orch.services.plans import Plans

_log = logging.getLogger(__name__)


class Planning(Plain):
    """Runs planners on behalf of the calls."""

    def __init__(self, desk: Desk, plans: Plans, planner: Planner) -> None:
        self._desk = desk
        self._plans = plans
        self._planner = planner
        self._asked: dict[str, asyncio.Task[Reply]] = {}
        self._methods: dict[str, Method] = {}

    def answer(self, office: PlanOffice) -> None:
        """From now on, answer the calls of ``plan.*``."""
        self._methods = PlanMethods(office).methods()

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return self._methods

    def busy(self) -> bool:
        """Whether a model is at a plan."""
        return bool(self._asked)

    async def ask(self, plan: Plan, prompt: str, schema: Mapping[str, object]) -> Reply:
        """Ask a model; when we drain meanwhile, the plan is over."""
        child = asyncio.create_task(self._planner.ask(plan, prompt, schema), name=plan.id)
        self._asked[plan.id] = child
        try:
            await asyncio.wait([child])
        finally:
            if not child.done():  # nobody waits for the answer any more
                child.cancel()
                await asyncio.wait([child])
            del self._asked[plan.id]
        if child.cancelled():
            return Reply(came_to=refuse("the daemon was stopped meanwhile", "nothing was filed; ask again"))
        return child.result()

    async def run(self) -> None:
        """End what an earlier daemon's planners have left, and say that nothing came of their plans."""
        try:
            for plan in await self._desk.do(lambda tx: tx.plans.planning()):
                if plan.id not in self._asked:
                    await self._give_up(plan)
        except Unavailable:
            _log.exception("what planners have left is for the next daemon to end")

    async def drain(self) -> None:
        """End the planners; nothing of their plans was filed."""
        for child in tuple(self._asked.values()):
            child.cancel()
        if self._asked:
            await asyncio.wait(tuple(self._asked.values()))

    async def _give_up(self, plan: Plan) -> None:
        await asyncio.to_thread(self._planner.end, plan)
        over = refuse("its daemon was killed while it was made", "nothing was filed; ask again")
        await self._desk.do(lambda tx: self._plans.proposed(tx, plan.id, over, 0.0))
