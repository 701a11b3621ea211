"""The check of a task: on its work, and on the merged tree."""

from lsp_orch.domain.check import Check, Stage
from lsp_orch.domain.task import Task
from lsp_orch.services.ports import Checks, Clock


class TaskChecks:
    """``limit_s`` is how long one may take. Every method is for a thread."""

    def __init__(self, clock: Clock, checks: Checks, limit_s: float) -> None:
        self._clock = clock
        self._checks = checks
        self._limit_s = limit_s

    def run(self, task: Task, folder: str, stage: Stage) -> Check | None:
        """How it went; None when the task has none.

        What nobody has looked at yet is run shut in, where workers are.
        """
        if not task.check:
            return None
        began = self._clock.now()
        shut_in = stage is Stage.WORK
        said = self._checks.run(task.check, folder, self._limit_s, _mark(task, stage), shut_in=shut_in)
        now = self._clock.now()
        return Check(
            run=task.run,
            stage=stage,
            command=task.check,
            said=said,
            seconds=max(0.0, now - began),
            at=now,
        )

    def stop(self, task: Task, stage: Stage) -> None:
        """End it, if it has begun; also one that a killed daemon has left."""
        if task.check:
            self._checks.stop(_mark(task, stage))


def _mark(task: Task, stage: Stage) -> str:
    """What its processes are known by: before the review, those of the run that is ended with them."""
    return task.session_id if stage is Stage.WORK else f"{task.id}-{task.run}-{stage}"
