"""Merges that could not be, as rows."""

import json
from dataclasses import asdict

from lsp_orch.domain.conflict import Conflict
from lsp_orch.store.connection import Connection, Row

_LISTS = ("paths", "others")
_COLUMNS = ("run", "task_id", "base", "tip", "onto", "kept_ref", "at", *_LISTS)  # as in the queries


class ConflictTable:
    """One row for each run whose work collided."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, conflict: Conflict) -> None:
        """Note one."""
        lists = {name: json.dumps(getattr(conflict, name)) for name in _LISTS}
        self._db.run("conflict.insert", **asdict(conflict) | lists)

    def of_task(self, task_id: str) -> list[Conflict]:
        """All of a task, oldest first."""
        return [_conflict(row) for row in self._db.all("conflict.of_task", task_id=task_id)]

    def unsettled(self, task_id: str = "", workspace: str = "") -> list[Conflict]:
        """Those whose tasks have come to no work since; of one task or all, in one workspace or any."""
        rows = self._db.all("conflict.unsettled", task_id=task_id, workspace=workspace)
        return [_conflict(row) for row in rows]


def _conflict(row: Row) -> Conflict:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Conflict(**values | {name: tuple(json.loads(values[name])) for name in _LISTS})
