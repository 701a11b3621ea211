"""The tasks' part of the daemon: workers, worktrees, reviews."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from lsp_orch.adapters import sandbox
from lsp_orch.adapters.checks import ShellChecks
from lsp_orch.adapters.claude import ClaudeWorker
from lsp_orch.adapters.context_files import PlanFolders
from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.log_shelf import LogShelf
from lsp_orch.adapters.memory import free_mb
from lsp_orch.adapters.programs import find_claude
from lsp_orch.adapters.repositories import GitRepositories
from lsp_orch.adapters.templates import TemplateFiles
from lsp_orch.adapters.worker_log import read_log
from lsp_orch.adapters.workspaces import gone
from lsp_orch.client import hook
from lsp_orch.daemon.attempt import Attempts, Ears
from lsp_orch.daemon.checking import Checking
from lsp_orch.daemon.counter import Counter
from lsp_orch.daemon.dispatch import Dispatch
from lsp_orch.daemon.fencing import Fencing
from lsp_orch.daemon.forecasting import Forecasting
from lsp_orch.daemon.gate import Gate
from lsp_orch.daemon.merging import Merger
from lsp_orch.daemon.news import News
from lsp_orch.daemon.part import Part
from lsp_orch.daemon.planner import Planner
from lsp_orch.daemon.planning import Planning
from lsp_orch.daemon.pruning import Pruner
from lsp_orch.daemon.sharing import Sharing
from lsp_orch.daemon.sheltering import Sheltering
from lsp_orch.daemon.shelving import Shelving
from lsp_orch.daemon.whereabouts import Whereabouts
from lsp_orch.daemon.world import World
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.bell import Bell
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.rpc.plans import Notes, PlanOffice
from lsp_orch.endpoints.rpc.pruning import PruneMethods
from lsp_orch.endpoints.rpc.reviews import ReviewMethods
from lsp_orch.endpoints.rpc.role import Method
from lsp_orch.endpoints.rpc.tasks import TaskMethods, TaskOffice
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.merging import Merging
from lsp_orch.services.money import Money
from lsp_orch.services.parking import Parking
from lsp_orch.services.plans import Plans
from lsp_orch.services.ports import SettingsOf
from lsp_orch.services.pruning import Pruning
from lsp_orch.services.reviews import Reviews
from lsp_orch.services.sessions import Sessions
from lsp_orch.services.task_checks import TaskChecks
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


class Memory(Protocol):
    """The notes."""

    async def learn(self, task: Task) -> None:
        """Keep what an accepted task has learned."""

    async def about(self, workspace: str, goal: str) -> str:
        """What is known that matters for a goal."""


class Labour:
    """Everything between ``task add`` and ``review accept``."""

    def __init__(
        self,
        world: World,
        settings: Settings,
        settings_of: SettingsOf,
        desk: Desk,
        news: News,
        memory: Memory,
        custody: Custody,
    ) -> None:
        """``settings_of`` says what a new task begins with; ``memory`` keeps what an accepted one learned.

        The gate in ``custody`` is open as long as ``run`` runs.
        """
        self._world, self._settings, self._desk, self._custody = world, settings, desk, custody
        worktrees = world.places.state / "worktrees"
        self._files = TaskFiles(worktrees=worktrees, logs=world.places.state / "tasks")
        self.git = GitProgram(worktrees)
        self._bell = Bell()
        program = find_claude(settings.claude) or settings.claude
        self._worker = ClaudeWorker(program, hook.command(), world.processes, settings.tasks_silence_s)
        self._folders = PlanFolders(world.places.state / "plans")
        self._tasks = tasks = Tasks(world.clock, world.ids, settings)
        shell = ShellChecks(world.processes, shelter=partial(sandbox.around, settings.tasks_sandbox))
        self._checks = TaskChecks(world.clock, shell, settings.tasks_check_timeout_s)
        self._reviews = Reviews(world.clock, self.git, self._checks, world.paths, tasks, self._files)
        self._dispatch = self._dispatching()
        self._parts: tuple[Part, ...] = (
            *self._counter(settings_of, memory.learn),
            self._planning(settings_of, memory.about),
            self._dispatch,
            self._pruner(),
            Forecasting(desk, self.git, world.clock),
            Shelving(desk, LogShelf(world.places.state / "tasks"), self._files, world.clock, settings),
        )
        for part in self._parts:
            news.subscribe(part.on_event)

    def methods(self) -> dict[str, Method]:
        """The calls of all parts."""
        return {name: method for part in self._parts for name, method in part.methods().items()}

    def counts(self, tx: Tx) -> Mapping[str, int]:
        """How many tasks are in each state, also where that is none."""
        counts = tx.tasks.counts()
        return {state.value: counts.get(state, 0) for state in State}

    def awaits(self, ticket: str) -> bool:
        """Whether a parked task goes on with it."""
        return self._dispatch.awaits(ticket)

    def busy(self) -> bool:
        """Whether a worker works, or a task waits for its time."""
        return any(part.busy() for part in self._parts)

    async def run(self) -> None:
        """Start what may start, until cancelled."""
        await self._custody.gate.open()
        try:
            await self._custody.fencing.clean()
            async with asyncio.TaskGroup() as services:
                services.create_task(self._custody.fencing.run())
                for part in self._parts:
                    services.create_task(part.run())
        finally:
            self._custody.gate.close()

    async def drain(self) -> None:
        """End the workers in order; their tasks are queued again."""
        for part in self._parts:
            await part.drain()

    def _dispatching(self) -> Dispatch:
        """What starts each task in its turn."""
        world, whereabouts = self._world, Whereabouts(self._world.paths, GitRepositories())
        dispatcher = Dispatcher(
            world.clock, world.ids, self._settings, checkout_of=whereabouts.of, free_mb=free_mb
        )
        return Dispatch(
            desk=self._desk,
            dispatcher=dispatcher,
            attempts=self._attempts(dispatcher),
            parking=self._custody.parking,
            clock=self._world.clock,
            settings=self._settings,
            whereabouts=whereabouts,
        )

    def _attempts(self, dispatcher: Dispatcher) -> Attempts:
        """What carries a started task to its end."""
        world, settings, custody = self._world, self._settings, self._custody
        return Attempts(
            desk=self._desk,
            dispatcher=dispatcher,
            git=self.git,
            worker=self._worker,
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
            sharing=Sharing(desk=self._desk, folders=self._folders),
            checking=Checking(desk=self._desk, checks=self._checks),
        )

    def _counter(
        self, settings_of: SettingsOf, learn: Callable[[Task], Awaitable[None]]
    ) -> tuple[Counter, Merger]:
        """What a command line may ask of tasks and their work, and what merges that."""
        desk, reviews = self._desk, self._reviews
        office = TaskOffice(
            desk=desk,
            tasks=self._tasks,
            reviews=reviews,
            git=self.git,
            files=self._files,
            bell=self._bell,
            settings=settings_of,
            read_log=read_log,
            held_back=self._dispatch.held_back,
        )
        merging = Merging(self._world.clock, reviews)
        merger = Merger(desk=desk, merging=merging, reviews=reviews, learn=learn)
        counter = Counter(self._bell, TaskMethods(office), ReviewMethods(desk, reviews, merger.ask))
        return counter, merger

    def _pruner(self) -> Pruner:
        """What puts away what nobody needs any more."""
        pruning = Pruning(self._world.clock, self._settings, self.git, gone)
        return Pruner(PruneMethods(self._desk, pruning, self._reviews), self._settings.tasks_prune_every_s)

    def _planning(self, settings_of: SettingsOf, notes: Notes) -> Planning:
        """What makes plans and files their tasks."""
        world, desk, settings, custody = self._world, self._desk, self._settings, self._custody
        plans = Plans(world.clock, world.ids, self._tasks, settings_of)
        planner = Planner(
            desk=desk,
            plans=plans,
            worker=self._worker,
            gate=custody.gate,
            sessions=custody.sessions,
            processes=world.processes,
            settings=settings,
            logs=world.places.state / "plans",
        )
        planning = Planning(desk, plans, planner)
        office = PlanOffice(
            desk=desk,
            plans=plans,
            money=Money(settings),
            git=self.git,
            templates=TemplateFiles(),
            folders=self._folders,
            settings=settings_of,
            clock=world.clock,
            ask=planning.ask,
            notes=notes,
        )
        planning.answer(office)
        return planning
