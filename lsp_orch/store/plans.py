"""Plans as rows, what their tasks are in them, and what these share."""

import json
from dataclasses import asdict

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.planning import Context, Plan, Planned, State, body, drawn, written
from lsp_orch.store.connection import Connection, Row, Value

_COLUMNS = (  # of the query by_id, in its order
    *("id", "state", "workspace", "goal", "pipeline", "base", "session_id", "made_at"),
    *("pid", "pid_started", "cost_usd", "error", "ended_at", "decided_at", "drawn"),
)


class PlanTable:
    """Triggers let nothing be filed before a plan is accepted, and what tasks share never change."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, plan: Plan) -> None:
        """Add one that is being planned."""
        self._db.run("plan.insert", **_values(plan))

    def update(self, was: Plan, plan: Plan) -> bool:
        """Store a change, unless it has left the state that ``was`` shows."""
        return bool(self._db.run("plan.update", was_state=was.state, **_values(plan)))

    def by_id(self, plan_id: str) -> Plan | None:
        """The plan of that id."""
        row = self._db.one("plan.by_id", id=plan_id)
        return None if row is None else _plan(row)

    def of(self, workspace: str = "") -> list[Plan]:
        """Those of a workspace, or all, oldest first."""
        rows = self._db.all("plan.in_workspace", workspace=workspace)
        return [plan for row in rows if (plan := self.by_id(row[0]))]

    def planning(self) -> list[Plan]:
        """Those that a model is at, or was when its daemon died."""
        return [plan for row in self._db.all("plan.planning") if (plan := self.by_id(row[0]))]

    def file(self, planned: Planned) -> None:
        """Note what a task is in its plan, which has been accepted."""
        self._db.run("plan.insert_task", **asdict(planned) | {"tools": json.dumps(planned.tools)})

    def of_task(self, task_id: str) -> Planned | None:
        """What a task is in its plan; None when it is of none."""
        row = self._db.one("plan.of_task", task_id=task_id)
        return None if row is None else _planned(row)

    def tasks(self, plan_id: str) -> list[Planned]:
        """The tasks of a plan, as they were filed."""
        return [_planned(row) for row in self._db.all("plan.tasks", plan_id=plan_id)]

    def share(self, context: Context) -> None:
        """Keep what the tasks of a plan share: once, and for good."""
        self._db.run(
            "plan.insert_context",
            plan_id=context.plan_id,
            digest=context.digest,
            body=body(context.files),
        )

    def context(self, plan_id: str) -> Context | None:
        """What the tasks of a plan share.

        Raises:
            Misuse: store-corrupt: it is not what was kept.
        """
        row = self._db.one("plan.context", plan_id=plan_id)
        if row is None:
            return None
        context = Context(plan_id=row[0], files=json.loads(row[2]))
        if context.digest != row[1]:
            raise Misuse(Code.STORE_CORRUPT, f"what the tasks of {plan_id} share is not what was kept")
        return context


def _plan(row: Row) -> Plan:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Plan(**values | {"state": State(values["state"]), "drawn": drawn(values["drawn"])})


def _values(plan: Plan) -> dict[str, Value]:
    return {name: getattr(plan, name) for name in _COLUMNS} | {"drawn": written(plan.drawn)}


def _planned(row: Row) -> Planned:
    *plain, tools = row
    names = ("task_id", "plan_id", "name", "stage", "role")
    restricted = json.loads(tools)
    return Planned(
        **dict(zip(names, plain, strict=True)), tools=None if restricted is None else tuple(restricted)
    )
