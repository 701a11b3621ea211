"""The verbs of ``lsp-orch review``."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints import task_shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required, strings
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.reviews import Reviews

_LONGEST = 1_000_000  # characters of a diff in one answer


class ReviewMethods:
    """Translates ``review.*`` calls; merges are one at a time."""

    def __init__(self, desk: Desk, reviews: Reviews, learn: Callable[[Task], Awaitable[None]]) -> None:
        """``learn`` keeps what an accepted task has learned."""
        self._desk = desk
        self._reviews = reviews
        self._learn = learn
        self._merging = asyncio.Lock()

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "review.list": self.listing,
            "review.show": self.show,
            "review.accept": self.accept,
            "review.reject": self.reject,
        }

    async def listing(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere) to ``{"tasks": [Task]}``: those that wait for a person."""
        workspace = optional(params, "workspace", "")
        tasks = await self._desk.do(lambda tx: tx.tasks.of(workspace, {State.REVIEW}))
        return {"tasks": [task_shapes.task(task) for task in tasks]}

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"id", "stat"}`` to ``{"task", "files": [{"path", "added", "removed"}], "denials", "diff"}``.

        With ``stat`` there is no ``diff``. ``denials`` are the calls that the worker had no leave for.
        """
        task = await self._open(required(params, "id", str))
        if isinstance(task, Refusal):
            return task
        changes = await asyncio.to_thread(self._reviews.changes, task)
        run = task.run
        answer = {
            "task": task_shapes.task(task),
            "files": [task_shapes.change(each) for each in changes],
            "denials": await self._desk.do(lambda tx: tx.denials.of_run(run)),
        }
        if not optional(params, "stat", default=False):
            answer["diff"] = (await asyncio.to_thread(self._reviews.diff, task))[:_LONGEST]
        return answer

    async def accept(self, params: dict[str, Any]) -> Answer:
        """``{"ids"}`` to ``{"tasks": [Task]}``: merged in this order, until one cannot be."""
        done = []
        for task_id in strings(params, "ids"):
            async with self._merging:
                task = await wholly(self._accept(task_id))
            if isinstance(task, Refusal):
                return task
            done.append(task_shapes.task(task))
        return {"tasks": done}

    async def reject(self, params: dict[str, Any]) -> Answer:
        """``{"id", "reason"}`` to ``{"task": Task}``."""
        task_id, reason = required(params, "id", str), required(params, "reason", str).strip()
        if not reason:
            raise Misuse(Code.BAD_REQUEST, "say why: the reason is told to whoever does it anew")
        task = await self._open(task_id)
        if isinstance(task, Refusal):
            return task
        opened = task
        rejected = await self._desk.do(lambda tx: self._reviews.rejected(tx, opened, reason))
        if isinstance(rejected, Refusal):
            return rejected
        await asyncio.to_thread(self._reviews.tidy, rejected)
        return {"task": task_shapes.task(rejected)}

    async def _open(self, task_id: str) -> Task | Refusal:
        return await self._desk.do(lambda tx: self._reviews.in_review(tx, task_id))

    async def _accept(self, task_id: str) -> Task | Refusal:
        """Try the merge, look once more that nobody writes there, and only then move the user's checkout."""
        task = await self._open(task_id)
        if isinstance(task, Refusal):
            return task
        opened = task
        changes = await asyncio.to_thread(self._reviews.changes, opened)
        if refusal := await self._desk.do(lambda tx: self._reviews.held(tx, opened, changes)):
            return refusal
        merged = await asyncio.to_thread(self._reviews.merge, opened)
        if isinstance(merged, Refusal):
            return merged
        if refusal := await self._desk.do(lambda tx: self._reviews.held(tx, opened, changes)):
            return refusal
        if refusal := await asyncio.to_thread(self._reviews.land, opened, merged):
            return refusal
        await self._learn(opened)
        accepted = await self._desk.do(lambda tx: self._reviews.accepted(tx, opened))
        if isinstance(accepted, Task):
            await asyncio.to_thread(self._reviews.tidy, accepted)
        return accepted
