"""The tasks' part of the daemon: workers, worktrees, reviews."""

from collections.abc import Awaitable, Callable, Mapping

from lsp_orch.adapters.checks import ShellChecks
from lsp_orch.adapters.claude import ClaudeWorker
from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.programs import find_claude
from lsp_orch.adapters.worker_log import read_log
from lsp_orch.client import hook
from lsp_orch.daemon.attempt import Attempts
from lsp_orch.daemon.dispatch import Dispatch
from lsp_orch.daemon.news import News
from lsp_orch.daemon.world import World
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.bell import Bell
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.inbox import Inboxes
from lsp_orch.endpoints.rpc.reviews import ReviewMethods
from lsp_orch.endpoints.rpc.role import Method
from lsp_orch.endpoints.rpc.tasks import TaskMethods
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.ports import SettingsOf
from lsp_orch.services.reviews import Reviews
from lsp_orch.services.task_files import TaskFiles
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx


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
        inboxes: Inboxes,
    ) -> None:
        """``settings_of`` says what a new task begins with; ``learn`` keeps what an accepted one learned."""
        clock, ids, processes = world.clock, world.ids, world.processes
        bell = Bell()
        worktrees = world.places.state / "worktrees"
        files = TaskFiles(worktrees=worktrees, logs=world.places.state / "tasks")
        self.git = GitProgram(worktrees)
        tasks = Tasks(clock, ids, settings)
        dispatcher = Dispatcher(clock, ids, settings)
        program = find_claude(settings.claude) or settings.claude
        worker = ClaudeWorker(program, hook.command(), processes, settings.tasks_silence_s)
        attempts = Attempts(
            desk=desk,
            dispatcher=dispatcher,
            git=self.git,
            worker=worker,
            processes=processes,
            files=files,
            settings=settings,
            clock=clock,
            heard=bell.ring,
            ears=inboxes,
        )
        self._dispatch = Dispatch(desk, dispatcher, attempts, clock, settings)
        reviews = Reviews(clock, self.git, ShellChecks(processes), world.paths, tasks, files)
        self._methods = {
            **TaskMethods(desk, tasks, reviews, self.git, files, bell, settings_of, read_log).methods(),
            **ReviewMethods(desk, reviews, learn).methods(),
        }
        for subscriber in (bell.on_event, self._dispatch.on_event):
            news.subscribe(subscriber)

    def methods(self) -> dict[str, Method]:
        """The ``task.*`` and ``review.*`` calls."""
        return self._methods

    def counts(self, tx: Tx) -> Mapping[str, int]:
        """How many tasks are in each state, also where that is none."""
        counts = tx.tasks.counts()
        return {state.value: counts.get(state, 0) for state in State}

    def busy(self) -> bool:
        """Whether a worker works, or a task waits for its time."""
        return self._dispatch.busy()

    async def run(self) -> None:
        """Start what may start, until cancelled."""
        await self._dispatch.run()

    async def drain(self) -> None:
        """End the workers in order; their tasks are queued again."""
        await self._dispatch.drain()
