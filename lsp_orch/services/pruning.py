"""Pruning: tasks that nobody needs any more are let go, each for a reason that stays with it."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from lsp_orch.domain.prune import Candidate, Limits, verdict
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State, Step, Task
from lsp_orch.services import task_files
from lsp_orch.services.ports import Clock, Git
from lsp_orch.services.tasks import take, taken
from lsp_orch.store.base import Tx

Chosen = tuple[Candidate, str]
"""What may go, and why."""


class Pruning:
    """Methods that take a ``tx`` are steps inside it; the others ask the disk and git."""

    def __init__(self, clock: Clock, settings: Settings, git: Git, gone: Callable[[str], bool]) -> None:
        """``gone`` says whether a folder is no more, and not merely out of reach."""
        self._clock = clock
        self._settings = settings
        self._git = git
        self._gone = gone

    def look(self, tx: Tx) -> list[Candidate]:
        """All tasks that are not at work."""
        return tx.prunes.candidates()

    def choose(self, found: Iterable[Candidate]) -> list[Chosen]:
        """Those that may go."""
        limits, gone = self._limits(), dict[str, bool]()
        chosen = []
        for each in found:
            if each.workspace not in gone:
                gone[each.workspace] = self._gone(each.workspace)
            task = replace(each, gone=gone[each.workspace])
            if why := verdict(task, limits):
                chosen.append((task, why))
        return chosen

    def keep(self, task: Task) -> None:
        """See to it that work which nobody has taken stays findable.

        Raises:
            Unavailable: git cannot.
        """
        if task.state is State.REVIEW and task.tip:
            self._git.keep(task.workspace, task_files.rejected_ref(task), task.tip)

    def prune(self, tx: Tx, chosen: Iterable[Chosen]) -> list[Task]:
        """Let them go, but for those that have changed since they were chosen."""
        return [task for was, why in chosen if (task := self._prune(tx, was, why))]

    def _prune(self, tx: Tx, was: Candidate, why: str) -> Task | None:
        task, now = tx.tasks.by_id(was.id), self._clock.now()
        if task is None or [replace(each, gone=was.gone) for each in tx.prunes.candidates(was.id)] != [was]:
            return None
        ended = task.finished_at or now
        return taken(take(tx, task, Step.PRUNE, replace(task, pruned_why=why, finished_at=ended)))

    def _limits(self) -> Limits:
        return Limits(
            now=self._clock.now(),
            old_days=self._settings.tasks_prune_days,
            stale_days=self._settings.tasks_prune_stale_days,
        )
