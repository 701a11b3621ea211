"""Chains of tasks as the store walks them: one query each, however long they are."""

from collections.abc import Mapping

from lsp_orch.store.connection import Connection


class ChainTable:
    """Who waits for whom, over any distance."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def released(self, task_id: str) -> list[str]:
        """The pending tasks that wait for this one, and for nothing else that is not done; oldest first."""
        return [row[0] for row in self._db.all("chain.released", id=task_id)]

    def stuck(self, task_id: str) -> bool:
        """Whether a pending task waits, however indirectly, for one that is dead."""
        return self._db.one("chain.stuck", id=task_id) is not None

    def above(self, task_id: str) -> Mapping[str, list[str]]:
        """What the task, and each one that it waits for over any distance, waits for directly."""
        found: dict[str, list[str]] = {}
        for task, after in self._db.all("chain.above", id=task_id):
            found.setdefault(task, []).append(after)
        return found
