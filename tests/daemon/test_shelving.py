"""Logs are pruned by the settings, and those that are being written are spared."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import PurePath

from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.news import News
from lsp_orch.daemon.shelving import Shelving
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State
from lsp_orch.services.task_files import TaskFiles
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START, FakeClock
from tests.fixtures.tasks import a_task, claimed


class Shelf:
    """Notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, int, set[str]]] = []

    def prune(self, before: float, most_bytes: int, spare: Collection[str]) -> int:
        self.asked.append((before, most_bytes, set(spare)))
        return 3


async def test_what_a_worker_says_now_is_spared() -> None:
    store, shelf = SqliteStore(), Shelf()
    files = TaskFiles(worktrees=PurePath("/w"), logs=PurePath("/l"))
    pending = replace(a_task(State.PENDING), attempts=3)
    with store.transaction() as tx:
        tx.tasks.insert(pending)
        tx.tasks.update(pending, replace(pending, state=State.READY))
        task = claimed(tx, "s")
    assert task
    desk = Desk(store, News().publish)
    chosen = Settings(tasks_log_days=2.0, tasks_log_max_bytes=500)
    assert await Shelving(desk, shelf, files, FakeClock(), chosen).tidy() == 3
    assert shelf.asked == [(START - 2 * 86400.0, 500, {files.log(task)})]
    await desk.close()
    store.close()
