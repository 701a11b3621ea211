"""What an accepted task has learned, as notes to keep."""

from lsp_orch.domain.note import Draft, Source, Type
from lsp_orch.domain.task import Task

_TITLE = 120  # characters


def drafts(task: Task) -> tuple[Draft, ...]:
    """One note for each learning of the task's result; a long one has a title and a body."""
    if task.result is None:
        return ()
    said = (each.strip() for each in task.result.learnings)
    return tuple(
        Draft(
            title=_title(each),
            body=each if _title(each) != each else "",
            type=Type.PATTERN,
            paths=task.result.changed_files,
            source=Source(task=task.id, session=task.session_id, commit=task.tip),
        )
        for each in said
        if each
    )


def _title(words: str) -> str:
    line = words.splitlines()[0]
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 3].rstrip()}..."
