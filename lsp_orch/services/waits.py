"""Remembers what tasks are held back by, and lets them be looked at when that is over."""

from collections.abc import Collection

from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Hold, Scene, until_lease, until_resumed, until_task
from lsp_orch.domain.task import Task
from lsp_orch.domain.workers import caps
from lsp_orch.services import lanes
from lsp_orch.services.start_rules import model_workers, workspace_workers
from lsp_orch.store.base import Tx


class Waits:
    """What it remembers may be too much, never too little: a transaction that it was part of may be undone.

    What was waited for before it was made, it does not know: begin with lanes that wait for nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._models = caps(settings.tasks_model_workers)
        self._most = settings.tasks_workspace_workers
        self._awaited: set[str] = set()

    def for_lease(self, lease_id: str) -> bool:
        """Whether a task may start when it has ended."""
        return until_lease(lease_id) in self._awaited

    def forget(self, lease_ids: Collection[str]) -> None:
        """They have ended, and that is noted for good."""
        self._awaited -= set(map(until_lease, lease_ids))

    def begin(self, tx: Tx, task: Task, model: str, hold: Hold) -> None:
        """The task is held back until something ends."""
        lanes.put(tx, task, model, hold)
        self._awaited.add(hold.waits_for)

    def end(self, tx: Tx, scene: Scene, lease_ids: Collection[str]) -> None:
        """Let those be looked at that wait for what is over: these leases, and whatever the scene shows."""
        over = set(map(until_lease, lease_ids)) & self._awaited
        over |= {each for each in self._awaited if self._is_over(each, scene)}
        for each in over:
            if not tx.lanes.open(each) and not each.startswith(until_lease("")):
                self._awaited.discard(each)  # an earlier transaction has done it, and was not undone

    def _is_over(self, waits_for: str, scene: Scene) -> bool:
        what, _, name = waits_for.partition(" ")
        match what:
            case "task":
                return all(waits_for != until_task(each) for each in (*scene.working, *scene.resting))
            case "pause":
                return all(waits_for != until_resumed(each.workspace) for each in scene.pauses)
            case "model":
                return model_workers(scene.working, name) < self._models.get(name, 0)
            case "workspace":
                return workspace_workers(scene.working, name) < self._most
            case _:
                return False
