"""The verbs of ``lsp-orch review``."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lsp_orch.domain.conflict import Conflict
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.keys import Request, request
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints import review_shapes, task_shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required, strings
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.reviews import Reviews
from lsp_orch.store.base import Tx

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
        """``{"workspace"}`` (empty: everywhere) to ``{"tasks": [Task], "reopened": [Conflict]}``.

        ``tasks`` are those that wait for a person; those in ``reopened`` are done anew, for they collided.
        """
        workspace = optional(params, "workspace", "")

        def work(tx: Tx) -> Answer:
            return {
                "tasks": [task_shapes.task(task) for task in tx.tasks.of(workspace, {State.REVIEW})],
                "reopened": [
                    review_shapes.conflict(each) for each in tx.conflicts.unsettled(workspace=workspace)
                ],
            }

        return await self._desk.do(work)

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"id", "stat"}`` to ``{"task", "files": [{"path", "added", "removed"}], "diff", ...}``.

        With ``stat`` there is no ``diff``. ``denials`` are the calls that the worker had no leave for, and
        ``conflicts`` the merges that could not be.
        """
        task_id = required(params, "id", str)
        task = await self._desk.do(lambda tx: self._reviews.shown(tx, task_id))
        if isinstance(task, Refusal):
            return task
        changes = await asyncio.to_thread(self._reviews.changes, task)
        opened = task
        answer = {
            "task": task_shapes.task(task),
            "files": [task_shapes.change(each) for each in changes],
            **await self._desk.do(lambda tx: _known(tx, opened)),
        }
        if not optional(params, "stat", default=False):
            answer["diff"] = (await asyncio.to_thread(self._reviews.diff, task))[:_LONGEST]
        return answer

    async def accept(self, params: dict[str, Any]) -> Answer:
        """``{"ids"}`` to ``{"tasks": [Task]}``: merged in this order, until one cannot be."""
        done, key = [], optional(params, "key", "")  # known with each task as it is merged
        for task_id in strings(params, "ids"):
            asked = request("review.accept", {"key": key}, task_id)
            async with self._merging:
                known = await self._known(asked)
                task = await wholly(self._accept(task_id, asked)) if known is None else known
            if isinstance(task, Refusal):
                return task
            done.append(task_shapes.task(task))
        return {"tasks": done}

    async def reject(self, params: dict[str, Any]) -> Answer:
        """``{"id", "reason"}`` to ``{"task": Task}``."""
        task_id, reason = required(params, "id", str), required(params, "reason", str).strip()
        if not reason:
            raise Misuse(Code.BAD_REQUEST, "say why: the reason is told to whoever does it anew")
        asked = request("review.reject", params, task_id)
        rejected = await self._known(asked) or await self._reject(task_id, reason, asked)
        return rejected if isinstance(rejected, Refusal) else {"task": task_shapes.task(rejected)}

    async def _open(self, task_id: str) -> Task | Refusal:
        return await self._desk.do(lambda tx: self._reviews.in_review(tx, task_id))

    async def _known(self, asked: Request) -> Task | Refusal | None:
        """The task that a request with this key was about, if there was one."""
        known = await self._desk.do(lambda tx: self._reviews.keys.known(tx, asked))
        return known[0] if isinstance(known, list) else known

    async def _once(self, asked: Request, work: Callable[[Tx], Task | Refusal]) -> Task | Refusal:
        def listed(tx: Tx) -> list[Task] | Refusal:
            done = work(tx)
            return [done] if isinstance(done, Task) else done

        done = await self._desk.do(lambda tx: self._reviews.keys.once(tx, asked, lambda: listed(tx)))
        return done if isinstance(done, Refusal) else done[0]

    async def _reject(self, task_id: str, reason: str, asked: Request) -> Task | Refusal:
        task = await self._open(task_id)
        if isinstance(task, Refusal):
            return task
        opened = task
        rejected = await self._once(asked, lambda tx: self._reviews.rejected(tx, opened, reason))
        if isinstance(rejected, Task) and rejected.state is State.FAILED:
            await asyncio.to_thread(self._reviews.tidy, rejected)
        return rejected

    async def _accept(self, task_id: str, asked: Request) -> Task | Refusal:
        """Try the merge, look once more that nobody writes there, and only then move the user's checkout."""
        task = await self._open(task_id)
        if isinstance(task, Refusal):
            return task
        opened = task
        changes = await asyncio.to_thread(self._reviews.changes, opened)
        if refusal := await self._desk.do(lambda tx: self._reviews.held(tx, opened, changes)):
            return refusal
        merged = await self._merge(opened)
        if isinstance(merged, Refusal):
            return merged
        if refusal := await self._desk.do(lambda tx: self._reviews.held(tx, opened, changes)):
            return refusal
        if refusal := await asyncio.to_thread(self._reviews.land, opened, merged):
            return refusal
        await self._learn(opened)
        accepted = await self._once(asked, lambda tx: self._reviews.accepted(tx, opened))
        if isinstance(accepted, Task):
            await asyncio.to_thread(self._reviews.tidy, accepted)
        return accepted

    async def _merge(self, task: Task) -> str | Refusal:
        merged = await asyncio.to_thread(self._reviews.merge, task)
        if isinstance(merged, Conflict):
            conflict = merged
            return await self._desk.do(lambda tx: self._reviews.reopened(tx, conflict))
        return merged


def _known(tx: Tx, task: Task) -> dict[str, Any]:
    """What the store knows of the work."""
    return {
        "denials": tx.denials.of_run(task.run),
        "conflicts": [review_shapes.conflict(each) for each in tx.conflicts.of_task(task.id)],
    }
