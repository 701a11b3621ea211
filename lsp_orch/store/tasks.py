"""Tasks as rows."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict
from math import inf

from lsp_orch.domain.result import Result, parse
from lsp_orch.domain.task import Isolation, OnDead, State, Task
from lsp_orch.store.connection import Connection, Row, Value

_PLAIN = (  # the first columns of the queries by_id and listed, in their order
    *("id", "state", "workspace", "prompt", "title", "priority", "model", "isolate"),
    *(
        "max_usd",
        "max_turns",
        "timeout_s",
        "attempts",
        "key",
        "created_at",
        "attempt",
        "session_id",
        "engaged",
    ),
    *("pid", "pid_started", "branch", "worktree", "base", "tip", "cost_usd", "turns", "error"),
    *("ticket", "waits_for", "ran_s", "paid_usd"),
    *("started_at", "heartbeat_at", "next_attempt_at", "finished_at"),
    *("run", "rank", "on_dead", "hold_until", "hold_why", "chosen_model", "plan_id", "merged", "pruned_why"),
)


class TaskTable:
    """Tasks and who waits for whom. Triggers keep every statement here to the rules of the domain."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, task: Task) -> None:
        """Add a pending task, and what it waits for."""
        self._db.run("task.insert", **_columns(task))
        for each in task.after:
            self.add_after(task.id, each)

    def add_after(self, task_id: str, after_id: str) -> None:
        """Let a pending task wait for another one."""
        self._db.run("task.insert_after", task_id=task_id, after_id=after_id)

    def update(self, was: Task, task: Task) -> bool:
        """Store a change, unless the task has left the state or the run that ``was`` shows."""
        return bool(self._db.run("task.update", was_state=was.state, **_columns(task)))

    def candidates(self, now: float, most: int, after: Task | None = None) -> list[Task]:
        """Who may start now, in the order of the queue; at ``most`` so many, from behind ``after`` on.

        Each daemon does the tasks that were filed with it: their workspaces are on its machine.
        """
        rank, task_id = (after.rank, after.id) if after else (-inf, "")
        return self._tasks(self._db.all("task.candidates", now=now, most=most, rank=rank, after=task_id))

    def claim(self, task_id: str, run: int, session_id: str, model: str, now: float) -> Task | None:
        """Give a task to its next run; None when it may not start, or a run of it may be alive yet."""
        given = self._db.run("task.claim", id=task_id, run=run, session_id=session_id, model=model, now=now)
        return self.by_id(task_id) if given else None

    def resumable(self, after: Task | None = None) -> Task | None:
        """The next parked run that waits no more; from behind ``after`` on."""
        priority, task_id = (after.priority, after.id) if after else (-1, "")
        row = self._db.one("task.resumable", priority=priority, after=task_id)
        return None if row is None else self.by_id(row[0])

    def resume(self, task_id: str, now: float) -> Task | None:
        """Let a parked run go on, in the session that it has; None when it is not parked."""
        return self.by_id(task_id) if self._db.run("task.resume", id=task_id, now=now) else None

    def parked(self) -> list[Task]:
        """All that wait for a ticket, oldest first."""
        return self._tasks(self._db.all("task.parked"))

    def heartbeat(self, task: Task, now: float) -> None:
        """Note a sign of life of the task's present run."""
        self._db.run("task.heartbeat", id=task.id, run=task.run, now=now)

    def by_id(self, task_id: str) -> Task | None:
        """The task of that id."""
        row = self._db.one("task.by_id", id=task_id)
        return None if row is None else _task(row, self.dependencies(row[0]))

    def of(self, workspace: str = "", states: Collection[State] = ()) -> list[Task]:
        """All of a workspace (empty: everywhere) in those states (none: in any), oldest first."""
        chosen = {"workspace": workspace, "states": f",{','.join(states)}," if states else ""}
        after: dict[str, list[str]] = {}
        for task_id, after_id in self._db.all("task.listed_after", **chosen):
            after.setdefault(task_id, []).append(after_id)
        return [_task(row, after.get(row[0], ())) for row in self._db.all("task.listed", **chosen)]

    def state(self, task_id: str) -> State | None:
        """Where the task of that id stands."""
        row = self._db.one("task.state", id=task_id)
        return None if row is None else State(row[0])

    def engaged(self) -> list[Task]:
        """All that a run of this daemon's may still have a process or a folder of, oldest first."""
        return self._tasks(self._db.all("task.engaged"))

    def due(self, now: float) -> float | None:
        """When the time comes (seconds since the epoch) of this daemon's next ready task that has to wait."""
        row = self._db.one("task.due", now=now)
        return None if row is None else row[0]

    def states(self) -> dict[str, State]:
        """Where every task stands, oldest first."""
        return {row[0]: State(row[1]) for row in self._db.all("task.states")}

    def counts(self) -> dict[State, int]:
        """How many there are in each state that has any."""
        return {State(state): int(count) for state, count in self._db.all("task.counts")}

    def dependencies(self, task_id: str) -> dict[str, State]:
        """What a task waits for or has waited for."""
        return {row[0]: State(row[1]) for row in self._db.all("task.dependencies", id=task_id)}

    def dependents(self, task_id: str) -> list[Task]:
        """The pending tasks that wait for this one."""
        return self._tasks(self._db.all("task.dependents", id=task_id))

    def _tasks(self, rows: list[Row]) -> list[Task]:
        return [task for row in rows if (task := self.by_id(row[0]))]


def _task(row: Row, after: Iterable[str]) -> Task:
    *plain, paths, check, result = row
    values = dict(zip(_PLAIN, plain, strict=True))
    report = None if result is None else parse(json.loads(result))
    return Task(
        **values
        | {
            "state": State(values["state"]),
            "isolate": Isolation(values["isolate"]),
            "on_dead": OnDead(values["on_dead"]),
            "engaged": bool(values["engaged"]),
            "after": tuple(after),
            "paths": tuple(json.loads(paths)),
            "check": check,
            "result": report if isinstance(report, Result) else None,
        }
    )


def _columns(task: Task) -> dict[str, Value]:
    return {name: getattr(task, name) for name in _PLAIN} | {
        "engaged": int(task.engaged),
        "paths": json.dumps(task.paths),
        "check_command": task.check,
        "result": None if task.result is None else json.dumps(asdict(task.result)),
    }
