"""Attempts as rows."""

from dataclasses import fields

from lsp_orch.domain.attempt import Attempt
from lsp_orch.domain.result import Ending
from lsp_orch.store.connection import Connection, Row, Value

_COLUMNS = tuple(field.name for field in fields(Attempt))  # as in each query, in their order


class AttemptTable:
    """Every run that a task has had. Triggers let one be open at a time, and none end twice."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, attempt: Attempt) -> int:
        """Open one; the number of its run."""
        columns = _values(attempt)
        del columns["id"]
        [row] = self._db.all("attempt.insert", **columns)
        return int(row[0])

    def update(self, attempt: Attempt) -> bool:
        """Store a change, unless it has ended before."""
        return bool(self._db.run("attempt.update", **_values(attempt)))

    def by_id(self, run: int) -> Attempt | None:
        """The attempt that the run of this number is."""
        row = self._db.one("attempt.by_id", id=run)
        return None if row is None else _attempt(row)

    def of_task(self, task_id: str) -> list[Attempt]:
        """All of a task, oldest first."""
        return [_attempt(row) for row in self._db.all("attempt.of_task", task_id=task_id)]

    def done_lately(self, most: int) -> dict[str, list[tuple[float, float]]]:
        """What those that came to a review have cost and how long they worked, by their models."""
        found: dict[str, list[tuple[float, float]]] = {}
        for model, usd, seconds in self._db.all("attempt.done_lately", most=most):
            found.setdefault(model, []).append((float(usd), float(seconds)))
        return found

    def of(self, workspace: str) -> list[Attempt]:
        """All of a workspace (empty: everywhere), oldest first."""
        return [_attempt(row) for row in self._db.all("attempt.in_workspace", workspace=workspace)]


def _attempt(row: Row) -> Attempt:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Attempt(**values | {"ending": Ending(values["ending"]) if values["ending"] else None})


def _values(attempt: Attempt) -> dict[str, Value]:
    return {name: getattr(attempt, name) for name in _COLUMNS} | {"ending": attempt.ending or ""}
