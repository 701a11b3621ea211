"""``lsp-orch plan``: a goal becomes a graph of tasks that is shown, and filed when somebody accepts it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_orch.domain import plan as rules
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.plan import Vocabulary
from lsp_orch.domain.planning import Drawn, Plan, State
from lsp_orch.domain.reply import Output, Reply
from lsp_orch.domain.shared import CONVENTIONS, LONGEST
from lsp_orch.domain.template import Shelf, planner_prompt
from lsp_orch.endpoints import plan_shapes, task_shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.money import Money
from lsp_orch.services.plans import Applied, Plans, World, not_found
from lsp_orch.services.ports import Clock, ContextFiles, Git, SettingsOf, Templates
from lsp_orch.store.base import Tx

DEFAULT = "full"  # the pipeline
_LONGEST_GOAL = 64 * 1024  # characters

Ask = Callable[[Plan, str, Mapping[str, object]], Awaitable[Reply]]
"""Asks the model, and leaves nothing alive."""

Notes = Callable[[str, str], Awaitable[str]]
"""What the notes of a workspace say of a goal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOffice:
    """What the calls need."""

    desk: Desk
    plans: Plans
    money: Money
    git: Git
    templates: Templates
    folders: ContextFiles
    settings: SettingsOf
    clock: Clock
    ask: Ask
    notes: Notes


class PlanMethods:
    """Translates ``plan.*`` calls."""

    def __init__(self, office: PlanOffice) -> None:
        self._office = office

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "plan.propose": self.propose,
            "plan.list": self.listing,
            "plan.show": self.show,
            "plan.apply": self.apply,
            "plan.reject": self.reject,
        }

    async def propose(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "goal", "template"}`` to ``{"plan": Plan}``, of which nothing is filed yet."""
        office, goal = self._office, _goal(params)
        folder = required(params, "workspace", str)
        shelf = await self._shelf(folder)
        if isinstance(shelf, Refusal):
            return shelf
        pipeline = shelf.pipeline(optional(params, "template", "") or DEFAULT)
        if isinstance(pipeline, Refusal):
            return pipeline
        base = await asyncio.to_thread(office.git.head, folder)
        workspace = await asyncio.to_thread(office.git.top_level, folder)
        plan = await office.desk.do(lambda tx: self._begin(tx, workspace, goal, pipeline.name, base))
        if isinstance(plan, Refusal):
            return plan
        most, words = office.settings(workspace).plan_max_tasks, shelf.words(pipeline)
        return await self._asked(plan, planner_prompt(pipeline, shelf, goal, most), words)

    async def listing(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere) to ``{"plans": [Plan]}``."""
        workspace = optional(params, "workspace", "")
        found = await self._office.desk.do(lambda tx: tx.plans.of(workspace))
        return {"plans": [plan_shapes.plan(each) for each in found]}

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"id"}`` to ``{"plan": Plan, "tasks": [Task]}``: those that were filed for it."""
        plan_id = required(params, "id", str)

        def work(tx: Tx) -> Answer:
            plan = tx.plans.by_id(plan_id)
            if plan is None:
                return not_found(plan_id)
            tasks = [tx.tasks.by_id(each.task_id) for each in tx.plans.tasks(plan_id)]
            filed = [task_shapes.task(task) for task in tasks if task]
            return {"plan": plan_shapes.plan(plan), "tasks": filed}

        return await self._office.desk.do(work)

    async def apply(self, params: dict[str, Any]) -> Answer:
        """``{"id", "anyway"}`` to ``{"plan": Plan, "tasks": [Task]}``: all are filed, or none; once."""
        plan_id, anyway = required(params, "id", str), optional(params, "anyway", default=False)
        desk = self._office.desk
        plan = await desk.do(lambda tx: tx.plans.by_id(plan_id))
        if plan is None:
            return not_found(plan_id)
        world = await self._world(plan)
        if isinstance(world, Refusal):
            return world
        applied = await desk.do(lambda tx: self._office.plans.apply(tx, plan_id, world, anyway=anyway))
        return applied if isinstance(applied, Refusal) else _applied(applied)

    async def reject(self, params: dict[str, Any]) -> Answer:
        """``{"id"}`` to ``{"plan": Plan}``."""
        plan_id = required(params, "id", str)
        plan = await self._office.desk.do(lambda tx: self._office.plans.reject(tx, plan_id))
        return plan if isinstance(plan, Refusal) else {"plan": plan_shapes.plan(plan)}

    def _begin(self, tx: Tx, workspace: str, goal: str, pipeline: str, base: str) -> Plan | Refusal:
        short = self._office.money.planner(tx, self._office.clock.now())
        return short or self._office.plans.begin(tx, workspace, goal, pipeline, base)

    async def _asked(self, plan: Plan, prompt: str, words: Vocabulary) -> Answer:
        """Let the model answer, and note what came of it, also when nobody waits for it any more."""
        reply = Reply(came_to=_interrupted())
        try:
            reply = await self._office.ask(plan, prompt, rules.schema(words))
        finally:
            drawn = await wholly(self._drawn(plan, reply, words))
            ended = await wholly(self._ended(plan, drawn, reply.cost_usd))
        if isinstance(drawn, Refusal):
            return drawn
        return ended if isinstance(ended, Refusal) else {"plan": plan_shapes.plan(ended)}

    async def _drawn(self, plan: Plan, reply: Reply, words: Vocabulary) -> Drawn | Refusal:
        plans, workspace = self._office.plans, plan.workspace
        match reply.came_to:
            case Output(value=value):
                typical = await self._office.desk.do(lambda tx: plans.typical(tx, workspace))
                return plans.draw(value, words, workspace, typical)
            case Refusal() as refusal:
                return refusal
            case deferred:
                return rules.refuse(f"a hook that is not ours has put off the planner's {deferred.tool}")

    async def _ended(self, plan: Plan, drawn: Drawn | Refusal, cost_usd: float) -> Plan | Refusal:
        return await self._office.desk.do(
            lambda tx: self._office.plans.proposed(tx, plan.id, drawn, cost_usd)
        )

    async def _world(self, plan: Plan) -> World | Refusal:
        """What is to be known outside of the store before a plan is applied."""
        office = self._office
        if plan.state is not State.PROPOSED:
            return World(shelf=Shelf())
        shelf = await self._shelf(plan.workspace)
        if isinstance(shelf, Refusal):
            return shelf
        head = await asyncio.to_thread(office.git.head, plan.workspace)
        changes = await asyncio.to_thread(office.git.changes, plan.workspace, plan.base, head)
        said = await asyncio.to_thread(office.folders.conventions, plan.workspace, CONVENTIONS, LONGEST)
        return World(
            shelf=shelf,
            changed=tuple(each.path for each in changes),
            conventions=said,
            notes=await office.notes(plan.workspace, plan.goal),
        )

    async def _shelf(self, workspace: str) -> Shelf | Refusal:
        folder = self._office.settings(workspace).plan_templates
        return await asyncio.to_thread(self._office.templates.shelf, folder)


def _goal(params: dict[str, Any]) -> str:
    goal = required(params, "goal", str).strip()
    if not goal:
        raise Misuse(Code.BAD_REQUEST, "the goal is empty")
    if len(goal) > _LONGEST_GOAL:
        raise Misuse(Code.BAD_REQUEST, f"the goal has more than {_LONGEST_GOAL} characters")
    return goal


def _applied(value: Applied) -> dict[str, Any]:
    return {"plan": plan_shapes.plan(value.plan), "tasks": [task_shapes.task(each) for each in value.tasks]}


def _interrupted() -> Refusal:
    return rules.refuse("the planner was interrupted", "nothing was filed; ask again")
