"""What a worker is started with, made of its task and of the settings."""

from dataclasses import dataclass

from lsp_orch.daemon.gate import Gate
from lsp_orch.domain import brief
from lsp_orch.domain.conflict import Conflict
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Task
from lsp_orch.services.ports import Job, Shelter
from lsp_orch.services.task_files import TaskFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Makes the jobs of all attempts."""

    gate: Gate
    files: TaskFiles
    settings: Settings

    def make(self, task: Task, folder: str, shelter: Shelter | None, conflict: Conflict | None = None) -> Job:
        """The job of a task's present run; from now on its session may ask at the gate."""
        return Job(
            session_id=task.session_id,
            folder=folder,
            prompt=brief.write(task, conflict),
            model=task.chosen_model,
            max_usd=task.max_usd,
            max_turns=task.max_turns,
            check=task.check,
            log=self.files.log(task),
            entry=self.gate.admit(task.session_id, sandboxed=shelter is not None),
            resumes=task.resumes,
            shelter=shelter,
            fallback_model=self.settings.tasks_fallback_model,
        )
