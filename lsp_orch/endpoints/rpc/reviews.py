"""The verbs of ``lsp-orch review``."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.keys import Request, request
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints import review_shapes, task_shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required, strings
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.reviews import Reviews
from lsp_orch.store.base import Tx

_LONGEST = 1_000_000  # characters of a diff in one answer

Merge = Callable[[Sequence[str], str], Awaitable[list[Task] | Refusal]]
"""Merges the work of tasks, as often as it is asked with one key only once."""


class ReviewMethods:
    """Translates ``review.*`` calls."""

    def __init__(self, desk: Desk, reviews: Reviews, merge: Merge) -> None:
        self._desk = desk
        self._reviews = reviews
        self._merge = merge

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
                "tasks": [
                    task_shapes.task(task) | {"checks": _checks(tx, task), "forecast": _forecast(tx, task)}
                    for task in tx.tasks.of(workspace, {State.REVIEW})
                ],
                "reopened": [
                    review_shapes.conflict(each) for each in tx.conflicts.unsettled(workspace=workspace)
                ],
            }

        return await self._desk.do(work)

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"id", "stat"}`` to ``{"task", "files": [{"path", "added", "removed"}], "diff", ...}``.

        With ``stat`` there is no ``diff``. ``denials`` are the calls that the worker had no leave for, and
        ``conflicts`` the merges that could not be. ``checks`` says how the task's own went: on the work
        alone, and on the merged tree. ``late`` is what runs came to that had the task no more,
        and ``forecast`` what this would collide with now.
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
        """``{"ids"}`` to ``{"tasks": [Task]}``: merged behind what they wait for, until one cannot be."""
        done = await self._merge(strings(params, "ids"), optional(params, "key", ""))
        return done if isinstance(done, Refusal) else {"tasks": [task_shapes.task(task) for task in done]}

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


def _known(tx: Tx, task: Task) -> dict[str, Any]:
    """What the store knows of the work."""
    return {
        "denials": tx.denials.of_run(task.run),
        "checks": _checks(tx, task),
        "forecast": _forecast(tx, task),
        "late": [review_shapes.late(each) for each in tx.late.of_task(task.id)],
        "conflicts": [review_shapes.conflict(each) for each in tx.conflicts.of_task(task.id)],
    }


def _checks(tx: Tx, task: Task) -> list[dict[str, Any]]:
    return [review_shapes.check(each) for each in tx.checks.of_run(task.run)]


def _forecast(tx: Tx, task: Task) -> list[dict[str, Any]]:
    return [review_shapes.forecast(each, task.id) for each in tx.forecasts.of_task(task.id)]
