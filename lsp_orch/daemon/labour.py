"""The tasks' part of the daemon: workers, worktrees, reviews."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lsp_orch.adapters import sandbox
from lsp_orch.adapters.checks import ShellChecks
from lsp_orch.adapters.claude import ClaudeWorker
from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.programs import find_claude
from lsp_orch.adapters.worker_log import read_log
from lsp_orch.adapters.workspaces import gone
from lsp_orch.client import hook
from lsp_orch.daemon.attempt import Attempts, Ears
from lsp_orch.daemon.dispatch import Dispatch
from lsp_orch.daemon.fencing import Fencing
from lsp_orch.daemon.gate import Gate
from lsp_orch.daemon.news import News
from lsp_orch.daemon.pruning import regularly
from lsp_orch.daemon.sheltering import Sheltering
from lsp_orch.daemon.world import World
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.bell import Bell
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.rpc.pruning import PruneMethods
from lsp_orch.endpoints.rpc.reviews import ReviewMethods
from lsp_orch.endpoints.rpc.role import Method
from lsp_orch.endpoints.rpc.tasks import TaskMethods
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.parking import Parking
from lsp_orch.services.ports import SettingsOf
from lsp_orch.services.pruning import Pruning
from lsp_orch.services.reviews import Reviews
from lsp_orch.services.sessions import Sessions
from lsp_orch.services.task_files import BRANCHES, TaskFiles
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """What keeps workers to the leases of others, and keeps theirs for them."""

    gate: Gate
    sessions: Sessions
    parking: Parking
    fencing: Fencing
    ears: Ears


class Labour:
    """Everything between ``task add`` and ``review accept``."""

    def __init__(
        self,
        world: World,
        settings: Settings,
        settings_of: SettingsOf,
        desk: Desk,
        news: News,
        learn: Callable[[Task], Awaitable[None]],
        custody: Custody,
    ) -> None:
        """``settings_of`` says what a new task begins with; ``learn`` keeps what an accepted one learned.

        The gate in ``custody`` is open as long as ``run`` runs.
        """
        self._world, self._settings, self._desk, self._custody = world, settings, desk, custody
        worktrees = world.places.state / "worktrees"
        self._files = TaskFiles(worktrees=worktrees, logs=world.places.state / "tasks")
        self.git = GitProgram(worktrees)
        self._bell = bell = Bell()
        self._dispatch = dispatch = self._dispatching()
        self._methods = self._all_methods(settings_of, learn)
        for subscriber in (bell.on_event, dispatch.on_event):
            news.subscribe(subscriber)

    def methods(self) -> dict[str, Method]:
        """The ``task.*`` and ``review.*`` calls."""
        return self._methods

    def counts(self, tx: Tx) -> Mapping[str, int]:
        """How many tasks are in each state, also where that is none."""
        counts = tx.tasks.counts()
        return {state.value: counts.get(state, 0) for state in State}

    def awaits(self, ticket: str) -> bool:
        """Whether a parked task goes on with it."""
        return self._dispatch.awaits(ticket)

    def busy(self) -> bool:
        """Whether a worker works, or a task waits for its time."""
        return self._dispatch.busy()

    async def run(self) -> None:
        """Start what may start, until cancelled."""
        await self._custody.gate.open()
        try:
            await self._custody.fencing.clean()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._custody.fencing.run())
                both.create_task(self._dispatch.run())
                both.create_task(regularly(self._prunes.prune, self._settings.tasks_prune_every_s))
        finally:
            self._custody.gate.close()

    async def drain(self) -> None:
        """End the workers in order; their tasks are queued again."""
        await self._dispatch.drain()

    def _dispatching(self) -> Dispatch:
        """What starts each task in its turn."""
        dispatcher = Dispatcher(self._world.clock, self._world.ids, self._settings)
        return Dispatch(
            desk=self._desk,
            dispatcher=dispatcher,
            attempts=self._attempts(dispatcher),
            parking=self._custody.parking,
            clock=self._world.clock,
            settings=self._settings,
        )

    def _attempts(self, dispatcher: Dispatcher) -> Attempts:
        """What carries a started task to its end."""
        world, settings, custody = self._world, self._settings, self._custody
        program = find_claude(settings.claude) or settings.claude
        return Attempts(
            desk=self._desk,
            dispatcher=dispatcher,
            git=self.git,
            worker=ClaudeWorker(program, hook.command(), world.processes, settings.tasks_silence_s),
            gate=custody.gate,
            sessions=custody.sessions,
            sheltering=Sheltering(
                settings.tasks_sandbox,
                custody.fencing,
                sandbox.probe,
                lambda folder: sandbox.git_folders(folder, BRANCHES),
            ),
            processes=world.processes,
            files=self._files,
            settings=settings,
            clock=world.clock,
            heard=self._bell.ring,
            ears=custody.ears,
        )

    def _all_methods(
        self, settings_of: SettingsOf, learn: Callable[[Task], Awaitable[None]]
    ) -> dict[str, Method]:
        """What a command line may ask of tasks and their work."""
        world, desk, git, files = self._world, self._desk, self.git, self._files
        tasks = Tasks(world.clock, world.ids, self._settings)
        reviews = Reviews(world.clock, git, ShellChecks(world.processes), world.paths, tasks, files)
        task_methods = TaskMethods(desk, tasks, reviews, git, files, self._bell, settings_of, read_log)
        pruning = Pruning(world.clock, self._settings, git, gone)
        self._prunes = PruneMethods(desk, pruning, reviews)
        reviewing = ReviewMethods(desk, reviews, learn)
        return {**task_methods.methods(), **reviewing.methods(), **self._prunes.methods()}
