"""What is known of work on its way into what is checked out, as the outside world sees it."""

from typing import Any

from lsp_orch.domain.check import Check
from lsp_orch.domain.conflict import Conflict
from lsp_orch.domain.forecast import Forecast, seen_by
from lsp_orch.domain.late import Late
from lsp_orch.endpoints.shapes import rfc3339


def check(value: Check) -> dict[str, Any]:
    """How a check went."""
    return {
        "stage": value.stage.value,
        "command": value.command,
        "passed": value.passed,
        "said": value.said,
        "seconds": value.seconds,
        "at": rfc3339(value.at),
    }


def conflict(value: Conflict) -> dict[str, Any]:
    """A merge that could not be."""
    return {
        "task": value.task_id,
        "paths": list(value.paths),
        "others": list(value.others),
        "onto": value.onto,
        "commit": value.tip,
        "ref": value.kept_ref,
        "at": rfc3339(value.at),
    }


def late(value: Late) -> dict[str, Any]:
    """Work that came when its run had the task no more."""
    return {
        "run": value.run,
        "status": value.status.value,
        "summary": value.summary,
        "ref": value.kept_ref or None,
        "at": rfc3339(value.at),
    }


def forecast(value: Forecast, task_id: str) -> dict[str, Any]:
    """What a task would collide with; ``task`` is null where that is what is checked out."""
    return {
        "task": seen_by(value, task_id) or None,
        "paths": list(value.paths),
        "at": rfc3339(value.at),
    }
