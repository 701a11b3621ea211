"""Tasks as the outside world sees them, as CONTRACT.md names their parts."""

from typing import Any

from lsp_orch.domain.attempt import Attempt
from lsp_orch.domain.planning import Planned
from lsp_orch.domain.result import Result
from lsp_orch.domain.starting import Hold
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.shapes import rfc3339
from lsp_orch.services.ports import FileChange


def task(value: Task) -> dict[str, Any]:
    """CONTRACT's Task, and what it was asked with."""
    return {
        "id": value.id,
        "title": value.title,
        "state": value.state.value,
        "priority": value.priority,
        "model": value.model,
        "paths": list(value.paths),
        "after": list(value.after),
        "attempt": value.attempt,
        "attempts": value.attempts,
        "session_id": value.session_id or None,
        "pid": value.pid or None,
        "branch": value.branch or None,
        "worktree": value.worktree or None,
        "cost_usd": value.cost_usd,
        "turns": value.turns,
        "result": None if value.result is None else result(value.result),
        "error": value.error or None,
        "created_at": rfc3339(value.created_at),
        "started_at": rfc3339(value.started_at),
        "finished_at": rfc3339(value.finished_at),
        "heartbeat_at": rfc3339(value.heartbeat_at),
        "next_attempt_at": rfc3339(value.next_attempt_at) if value.state is State.READY else None,
        "waits_for": _waits_for(value),
        "workspace": value.workspace,
        "prompt": value.prompt,
        "check": value.check or None,
        "isolate": value.isolate.value,
        "max_usd": value.max_usd,
        "max_turns": value.max_turns,
        "timeout_s": value.timeout_s,
        "key": value.key or None,
        "on_failed": value.on_dead.value,
        "pruned_why": value.pruned_why or None,
    }


def chosen(value: Task, attempt: Attempt | None) -> dict[str, Any]:
    """The model of the latest attempt, and why it was that one."""
    return {
        "chosen_model": value.chosen_model or None,
        "model_reason": (attempt.why_model or None) if attempt else None,
    }


def planned(value: Planned | None) -> dict[str, Any]:
    """What it is in its plan; null when it is of none."""
    if value is None:
        return {"plan": None}
    return {"plan": {"id": value.plan_id, "name": value.name, "stage": value.stage, "role": value.role}}


def _waits_for(value: Task) -> dict[str, str] | None:
    """What a parked task waits for."""
    if value.state is not State.PARKED:
        return None
    return {"ticket": value.ticket, "reason": value.waits_for}


def result(value: Result) -> dict[str, Any]:
    """CONTRACT's Result."""
    return {
        "status": value.status.value,
        "summary": value.summary,
        "changed_files": list(value.changed_files),
        "follow_ups": list(value.follow_ups),
        "learnings": list(value.learnings),
    }


def blockers(value: dict[str, State]) -> list[dict[str, str]]:
    """Whom a pending task waits for, and where they stand."""
    return [{"id": task_id, "state": state.value} for task_id, state in value.items()]


def held_back(value: Hold | None) -> dict[str, Any] | None:
    """Why it does not start; ``until`` is when that may change by itself, where anybody knows."""
    return None if value is None else {"reason": value.reason, "until": rfc3339(value.until)}


def change(value: FileChange) -> dict[str, Any]:
    """One changed file; the counts are null for a binary one."""
    return {"path": value.path, "added": value.added, "removed": value.removed}
