"""The part that foresees conflicts: of work in review or under way with each other, and with what is there.

It looks when a task has changed or its worker has written, and never otherwise.
"""

import asyncio
import logging

from lsp_orch.daemon.part import Plain
from lsp_orch.domain.errors import OrchError
from lsp_orch.domain.events import Event, FileWritten, TaskChanged
from lsp_orch.domain.forecast import Forecast
from lsp_orch.domain.task import Isolation, State, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.ports import Clock, Git
from lsp_orch.store.base import Tx

_OPEN = frozenset({State.RUNNING, State.PARKED, State.REVIEW})

_log = logging.getLogger(__name__)


class Forecasting(Plain):
    """Subscribe ``on_event`` to the news before ``run``."""

    def __init__(self, desk: Desk, git: Git, clock: Clock) -> None:
        self._desk = desk
        self._git = git
        self._clock = clock
        self._changed: set[str] = set()  # tasks, or sessions of their runs
        self._all = True  # nobody knows what an earlier daemon has missed
        self._woken = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Look again at what may have changed."""
        match event:
            case TaskChanged(id=task_id, state=state):
                self._changed.add(task_id)
                self._all |= state == State.DONE  # what is checked out has moved
                self._woken.set()
            case FileWritten(by=author) if author.id:
                self._changed.add(author.id.partition("/")[0])  # a subagent writes in the same checkout
                self._woken.set()
            case _:
                pass

    async def run(self) -> None:
        """Look whenever there is something to see, until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except OrchError as error:
                _log.warning("nobody knows what would collide until the next change: %s", error)
            await self._woken.wait()

    async def look(self) -> None:
        """Look once, at all that has changed since the last time."""
        changed, everything = self._changed, self._all
        self._changed, self._all = set(), False
        tasks = {task.id: task for task in await self._desk.do(_open)}
        again = [
            task
            for task in tasks.values()
            if everything or not changed.isdisjoint({task.id, task.session_id})
        ]
        found = await asyncio.to_thread(self._foresee, again, list(tasks.values())) if again else []
        over = {each.id for each in again} | (changed - tasks.keys())

        def work(tx: Tx) -> None:
            for task_id in over:
                tx.forecasts.forget(task_id)
            for each in found:
                tx.forecasts.keep(each)

        await self._desk.do(work)

    def _foresee(self, again: list[Task], tasks: list[Task]) -> list[Forecast]:
        commits = {task.id: commit for task in tasks if (commit := self._commit(task))}
        seen: set[str] = set()
        found = []
        for task in again:
            seen.add(task.id)
            near = [each for each in tasks if each.workspace == task.workspace and each.id not in seen]
            for other in ("", *(each.id for each in near)):
                if paths := self._collide(task, commits, other):
                    forecast = Forecast(task_id=task.id, other=other, paths=paths, at=self._clock.now())
                    found.append(forecast)
        return found

    def _collide(self, task: Task, commits: dict[str, str], other: str) -> tuple[str, ...]:
        if task.id not in commits or (other and other not in commits):
            return ()
        try:
            theirs = commits[other] if other else self._git.head(task.workspace)
            return self._git.collisions(task.workspace, theirs, commits[task.id])
        except OrchError as error:
            _log.debug("whether %s collides is not known: %s", task.id, error)
            return ()

    def _commit(self, task: Task) -> str:
        """What its work comes to as it is now; empty where there is none."""
        if task.tip:
            return task.tip
        try:
            return self._git.sketch(task.worktree)
        except OrchError as error:  # its worktree is only being made, or goes away
            _log.debug("%s is left out of the forecast: %s", task.id, error)
            return ""


def _open(tx: Tx) -> list[Task]:
    """What may be merged one day: its own work lies in a checkout of its own."""
    tasks = tx.tasks.of("", _OPEN)
    return [each for each in tasks if each.isolate is Isolation.WORKTREE and (each.tip or each.worktree)]
