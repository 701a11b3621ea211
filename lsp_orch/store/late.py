"""Work that came too late, as rows."""

from dataclasses import asdict, fields

from lsp_orch.domain.late import Late
from lsp_orch.domain.result import Status
from lsp_orch.store.connection import Connection

_COLUMNS = tuple(field.name for field in fields(Late))  # as in the query


class LateTable:
    """One row for each run that reported when nobody waited for it."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, late: Late) -> None:
        """Note one, once."""
        self._db.run("late.insert", **asdict(late))

    def of_task(self, task_id: str) -> list[Late]:
        """All of a task, oldest first."""
        rows = (
            dict(zip(_COLUMNS, row, strict=True)) for row in self._db.all("late.of_task", task_id=task_id)
        )
        return [Late(**row | {"status": Status(row["status"])}) for row in rows]
