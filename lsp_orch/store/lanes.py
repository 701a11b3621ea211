"""Lanes, as rows; which lane a task is in stands in the task's own row."""

from lsp_orch.domain.lane import Lane
from lsp_orch.store.connection import Connection


class LaneTable:
    """Each daemon sees its own: it starts none of the others' tasks."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, lane: Lane) -> None:
        """Begin one, or let it wait for something else."""
        self._db.run("lane.keep", name=lane.name, waits_for=lane.waits_for, why=lane.why, rank=lane.rank)

    def enter(self, task_id: str, name: str) -> None:
        """From now on the task is looked at only when it is the first of that lane."""
        self._db.run("lane.enter", id=task_id, name=name)

    def open(self, waits_for: str) -> int:
        """What they waited for is over; how many there were."""
        return self._db.run("lane.open", waits_for=waits_for)

    def open_all(self) -> None:
        """Nobody knows any more whether what they waited for is there."""
        self._db.run("lane.open_all")

    def end(self, name: str) -> None:
        """Nobody is in it."""
        self._db.run("lane.end", name=name)

    def by_name(self, name: str) -> Lane | None:
        """The lane of that name."""
        row = self._db.one("lane.by_name", name=name)
        return None if row is None else Lane(name=row[0], waits_for=row[1], why=row[2], rank=row[3])

    def next(self, after: Lane | None = None) -> Lane | None:
        """The open lane whose first task may be the next in the queue; from behind ``after`` on."""
        rank, name = (after.rank, after.name) if after else (float("-inf"), "")
        row = self._db.one("lane.next", rank=rank, name=name)
        return None if row is None else Lane(name=row[0], waits_for=row[1], why=row[2], rank=row[3])

    def first(self, name: str) -> str:
        """The id of the task that is the first of a lane; empty when nobody is in it."""
        row = self._db.one("lane.first", name=name)
        return "" if row is None else str(row[0])

    def any(self) -> bool:
        """Whether there is one."""
        return self._db.one("lane.any") is not None
