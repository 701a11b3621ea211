"""Which model a task's next attempt is made with."""

from lsp_orch.domain import routing
from lsp_orch.domain.attempt import Attempt
from lsp_orch.domain.result import Ending
from lsp_orch.domain.routing import REJECTED, Choice, Failure, Work
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import AUTO, Task
from lsp_orch.store.base import Tx

REJECTION = "the review rejected it"  # how the error of a task begins whose work was not wanted


class Routing:
    """Puts together what is known of a task and asks the rules."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def choose(self, tx: Tx, task: Task) -> Choice:
        """The model, and why it is this one."""
        if task.model != AUTO:
            return routing.asked(task.model)
        planned = tx.plans.of_task(task.id)
        failures = [_failure(each, task) for each in tx.attempts.of_task(task.id)]
        work = Work(
            title=task.title,
            paths=task.paths,
            role=planned.role if planned else "",
            stage=planned.stage if planned else "",
            failures=routing.telling(failures),
        )
        settings = self._settings
        return routing.choose(
            work, settings.tasks_routing, settings.tasks_model, escalate=settings.tasks_escalate
        )


def _failure(attempt: Attempt, task: Task) -> Failure:
    """How it ended; work that was done and is done anew because of a review was rejected."""
    unwanted = attempt.ending is Ending.DONE and task.error.startswith(REJECTION)
    return Failure(ending=REJECTED if unwanted else str(attempt.ending or ""), model=attempt.model)
