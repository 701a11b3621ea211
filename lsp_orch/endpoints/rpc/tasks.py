"""The verbs of ``lsp-orch task``."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.keys import Request, request
from lsp_orch.domain.starting import Hold
from lsp_orch.domain.task import AUTO, SETTLED, Draft, Isolation, OnDead, State, Task
from lsp_orch.endpoints import review_shapes, task_shapes
from lsp_orch.endpoints.bell import Bell
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required, strings
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.ports import Git, ReadLog, SettingsOf
from lsp_orch.services.reviews import Reviews
from lsp_orch.services.task_files import TaskFiles
from lsp_orch.services.tasks import Tasks, not_found
from lsp_orch.store.base import Tx

_TITLE = 72  # characters of the prompt's first line


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOffice:
    """Whom the calls are passed on to; ``settings`` says what a new task of a workspace begins with."""

    desk: Desk
    tasks: Tasks
    reviews: Reviews
    git: Git
    files: TaskFiles
    bell: Bell
    settings: SettingsOf
    read_log: ReadLog
    held_back: Callable[[Tx, Task], Hold | None] = lambda _, __: None


class TaskMethods:
    """Translates ``task.*`` calls; ring ``bell`` whenever a task has changed or its log has grown."""

    def __init__(self, office: TaskOffice) -> None:
        self._desk = office.desk
        self._tasks = office.tasks
        self._reviews = office.reviews
        self._git = office.git
        self._files = office.files
        self._bell = office.bell
        self._settings = office.settings
        self._read_log = office.read_log
        self._held_back = office.held_back

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "task.add": self.add,
            "task.list": self.listing,
            "task.show": self.show,
            "task.cancel": self.cancel,
            "task.retry": self.retry,
            "task.after": self.after,
            "task.wait": self.wait,
            "task.logs": self.logs,
        }

    async def add(self, params: dict[str, Any]) -> Answer:
        """``{"prompt", "workspace", "title", "paths", "after", ...}`` to ``{"task": Task, "notices"}``.

        The notices are sentences about the checkout as it stands, for people.
        """
        draft = self._draft(params)
        if isinstance(draft, Refusal):
            return draft
        workspace = await asyncio.to_thread(self._checkout, draft.workspace)
        wanted, asked = replace(draft, workspace=workspace), request("task.add", params, workspace)
        answer = _one(await self._once(asked, lambda tx: self._tasks.add(tx, wanted)))
        if isinstance(answer, Refusal):
            return answer
        return {**answer, "notices": await asyncio.to_thread(self._notices, wanted)}

    async def after(self, params: dict[str, Any]) -> Answer:
        """``{"id", "after"}`` to ``{"task": Task}``: a pending task waits for more."""
        task_id, after = required(params, "id", str), strings(params, "after")
        asked = request("task.after", params, task_id)
        done = _one(await self._once(asked, lambda tx: self._tasks.wait_for(tx, task_id, after)))
        self._bell.ring_end()  # it may wait for one that is dead
        return done

    async def listing(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere), ``{"states"}`` (none: all) to ``{"tasks": [Task]}``."""
        workspace, states = (
            optional(params, "workspace", ""),
            {_state(each) for each in strings(params, "states")},
        )
        return _answer(await self._desk.do(lambda tx: tx.tasks.of(workspace, states)))

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"id"}`` to ``{"task": Task}``, with whom it waits for, and which merges of it could not be.

        One that does not start though it could says why, in ``held_back``.
        """
        task_id = required(params, "id", str)

        def work(tx: Tx) -> Answer:
            task = tx.tasks.by_id(task_id)
            if task is None:
                return not_found(task_id)
            waits = task_shapes.blockers(self._tasks.blockers(tx, task))
            conflicts = [review_shapes.conflict(each) for each in tx.conflicts.of_task(task_id)]
            held = task_shapes.held_back(self._held_back(tx, task))
            own = {"blocked_by": waits, "conflicts": conflicts, "held_back": held}
            chosen = task_shapes.chosen(task, tx.attempts.by_id(task.run))
            planned = task_shapes.planned(tx.plans.of_task(task_id))
            return {"task": task_shapes.task(task) | own | chosen | planned}

        return await self._desk.do(work)

    async def cancel(self, params: dict[str, Any]) -> Answer:
        """``{"ids"}`` to ``{"tasks": [Task]}``; all or none."""
        ids, asked = strings(params, "ids"), request("task.cancel", params)
        done = await self._once(asked, lambda tx: self._tasks.cancel(tx, ids))
        if not isinstance(done, Refusal):
            for task in done:
                if task.state is State.CANCELLED:  # or it was asked once more, and has gone on since
                    await asyncio.to_thread(self._reviews.tidy, task)
        return _answer(done)

    async def retry(self, params: dict[str, Any]) -> Answer:
        """``{"ids"}`` to ``{"tasks": [Task]}``; all or none."""
        ids, asked = strings(params, "ids"), request("task.retry", params)
        return _answer(await self._once(asked, lambda tx: self._tasks.retry(tx, ids)))

    async def wait(self, params: dict[str, Any]) -> Answer:
        """``{"ids", "timeout_s"}`` to ``{"tasks": [Task]}`` once all have settled, or when the time is up.

        A task that waits for a failed or cancelled one has settled too: only a person can help it.
        """
        ids = left = strings(params, "ids")
        limit_s = optional(params, "timeout_s", 0.0)
        with contextlib.suppress(TimeoutError):  # the answer shows how far they have come
            async with asyncio.timeout(limit_s if limit_s > 0 else None):
                rung = self._bell.next_end()
                while left := await self._desk.do(lambda tx: self._tasks.unsettled(tx, left)):
                    await rung.wait()
                    rung = self._bell.next_end()
        return _answer(await self._desk.do(lambda tx: _all(tx, ids)))

    async def logs(self, params: dict[str, Any]) -> Answer:
        """``{"id", "offset", "follow"}`` to ``{"lines", "offset", "more"}``: what the latest attempt said.

        With ``follow`` the answer waits for lines after ``offset`` (bytes) as long as the task runs.
        """
        task_id, offset = required(params, "id", str), optional(params, "offset", 0)
        while True:
            rung = self._bell.next()
            task = await self._desk.do(lambda tx: tx.tasks.by_id(task_id))
            if task is None:
                return not_found(task_id)
            lines, end = await asyncio.to_thread(self._read_log, self._files.log(task), offset)
            runs = task.state not in SETTLED
            if lines or not runs or not optional(params, "follow", default=False):
                return {"lines": lines, "offset": end, "more": bool(lines) or runs, "attempt": task.attempt}
            await rung.wait()

    async def _once(
        self, asked: Request, work: Callable[[Tx], list[Task] | Task | Refusal]
    ) -> list[Task] | Refusal:
        """Do it, or answer as the last time when it was asked with the same key."""

        def listed(tx: Tx) -> list[Task] | Refusal:
            done = work(tx)
            return [done] if isinstance(done, Task) else done

        return await self._desk.do(lambda tx: self._tasks.keys.once(tx, asked, lambda: listed(tx)))

    def _notices(self, draft: Draft) -> list[str]:
        standing, found = self._git.standing(draft.workspace), []
        if not standing.branch:
            found.append(
                "no branch is checked out: the work begins from the commit that is when it starts, and "
                "what is accepted moves HEAD alone"
            )
        if standing.changed and draft.isolate is Isolation.WORKTREE:
            files = "1 changed file is" if standing.changed == 1 else f"{standing.changed} changed files are"
            found.append(f"{files} not committed: the worker sees the last commit, not these changes")
        return found

    def _checkout(self, folder: str) -> str:
        """The top of the checkout; raises when no work could begin there."""
        self._git.head(folder)
        return self._git.top_level(folder)

    def _draft(self, params: dict[str, Any]) -> Draft | Refusal:
        prompt, paths = required(params, "prompt", str), strings(params, "paths")
        if outside := [path for path in paths if _leaves(path)]:
            return Refusal(
                code=Code.PATH_OUTSIDE,
                message=f"{outside[0]} is not inside the workspace",
                hint="give globs relative to the top of the checkout, such as src/**/*.py",
            )
        workspace = required(params, "workspace", str)
        settings = self._settings(workspace)
        return Draft(
            workspace=workspace,
            prompt=prompt,
            title=optional(params, "title", "") or _title(prompt),
            paths=tuple(paths),
            after=tuple(strings(params, "after")),
            priority=optional(params, "priority", 2),
            model=optional(params, "model", AUTO),
            check=optional(params, "check", ""),
            isolate=_isolation(optional(params, "isolate", Isolation.WORKTREE.value)),
            max_usd=optional(params, "max_usd", settings.tasks_max_usd),
            max_turns=optional(params, "max_turns", settings.tasks_max_turns),
            timeout_s=optional(params, "timeout_s", settings.tasks_timeout_s),
            attempts=optional(params, "attempts", settings.tasks_attempts),
            key=optional(params, "key", ""),
            on_dead=_on_dead(optional(params, "on_failed", OnDead.BLOCK.value)),
        )


def _all(tx: Tx, ids: list[str]) -> list[Task] | Refusal:
    tasks = []
    for task_id in ids:
        task = tx.tasks.by_id(task_id)
        if task is None:
            return not_found(task_id)
        tasks.append(task)
    return tasks


def _one(tasks: list[Task] | Refusal) -> Answer:
    return tasks if isinstance(tasks, Refusal) else {"task": task_shapes.task(tasks[0])}


def _answer(tasks: list[Task] | Refusal) -> Answer:
    return tasks if isinstance(tasks, Refusal) else {"tasks": [task_shapes.task(task) for task in tasks]}


def _state(name: str) -> State:
    try:
        return State(name)
    except ValueError:
        raise Misuse(Code.BAD_REQUEST, f"a task's state is one of {', '.join(State)}, not {name}") from None


def _isolation(name: str) -> Isolation:
    try:
        return Isolation(name)
    except ValueError:
        raise Misuse(Code.BAD_REQUEST, f"isolate must be worktree or shared, not {name}") from None


def _on_dead(name: str) -> OnDead:
    try:
        return OnDead(name)
    except ValueError:
        raise Misuse(Code.BAD_REQUEST, f"on_failed must be block or cascade, not {name}") from None


def _title(prompt: str) -> str:
    first = (prompt.strip().splitlines() or [""])[0]
    return first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"


def _leaves(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts
