"""A lane: ready tasks that wait for the same, so that only the first of them is ever looked at."""

import json
from dataclasses import dataclass

from lsp_orch.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Nobody in it starts before what it ``waits_for`` is over (empty: it is), and ``why`` says it in words.

    No task in it has a lower ``rank``.
    """

    name: str
    waits_for: str
    why: str
    rank: float


def lane_of(task: Task, model: str) -> str:
    """The lane of all tasks that the same holds back: they differ in nothing that a rule looks at."""
    return json.dumps([task.workspace, task.isolate, model, sorted(task.paths)])
