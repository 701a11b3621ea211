"""Tasks and what their workers say, for people."""

import json
from typing import Any

from rich.console import RenderableType
from rich.table import Table

_LONGEST = 160  # characters of one tool call


def _model(task: dict[str, Any]) -> str:
    """Which one, and why where we chose it."""
    chosen = task.get("chosen_model")
    return f"{chosen} ({task['model_reason']})" if chosen and task.get("model_reason") else task["model"]


def tasks_table(tasks: list[dict[str, Any]]) -> RenderableType:
    """One line a task."""
    if not tasks:
        return "There is none."
    table = Table("Task", "State", "P", "Attempt", "USD", "Title", "", box=None, pad_edge=False)
    for each in tasks:
        table.add_row(
            each["id"],
            each["state"],
            str(each["priority"]),
            f"{each['attempt']}/{each['attempts']}",
            f"{each['cost_usd']:.2f}",
            each["title"],
            (_reason(each) or each["error"] or "").partition("\n")[0],
        )
    return table


def task_details(task: dict[str, Any]) -> RenderableType:
    """Everything of one task that has a value."""
    table = Table(box=None, pad_edge=False, show_header=False)
    result = task["result"] or {}
    waits = [f"{each['id']} ({each['state']})" for each in task.get("blocked_by", [])]
    facts: dict[str, Any] = {
        "task": task["id"],
        "title": task["title"],
        "state": task["state"],
        "waits for": ", ".join(waits) or _reason(task),
        "held back": (task.get("held_back") or {}).get("reason"),
        "error": task["error"],
        "pruned": task["pruned_why"],
        "attempt": f"{task['attempt']} of {task['attempts']}",
        "next attempt": task["next_attempt_at"],
        "spent": f"{task['cost_usd']:.2f} USD, {task['turns']} turns",
        "model": _model(task),
        "may change": ", ".join(task["paths"]),
        "check": task["check"],
        "branch": task["branch"],
        "worktree": task["worktree"],
        "started": task["started_at"],
        "finished": task["finished_at"],
        "summary": result.get("summary"),
        "follow-ups": "\n".join(result.get("follow_ups", [])),
        "learnings": "\n".join(result.get("learnings", [])),
        "conflicts": "\n".join(map(_conflict, task.get("conflicts", []))),
    }
    for name, value in facts.items():
        if value:
            table.add_row(name, str(value))
    return table


def pruned_tasks(answer: dict[str, Any]) -> RenderableType:
    """One line for each that went, or would go."""
    if not answer["pruned"]:
        return "Nothing is to be pruned."
    table = Table("Would go" if answer["dry_run"] else "Pruned", "Why", box=None, pad_edge=False)
    for each in answer["pruned"]:
        table.add_row(each["id"], each["why"])
    return table


def check_line(check: dict[str, Any]) -> str:
    """How a check went."""
    where = {"work": "on the work alone", "merged": "on the merged tree"}[check["stage"]]
    how = "succeeded" if check["passed"] else "did not succeed"
    return f"`{check['command']}` {how} {where} ({check['seconds']:.1f} s)"


def forecast_line(forecast: dict[str, Any]) -> str:
    """What work would collide with now."""
    return f"with {forecast['task'] or 'what is checked out'} in {', '.join(forecast['paths'])}"


def conflict_lines(conflicts: list[dict[str, Any]]) -> list[str]:
    """The merges that could not be, below the work."""
    return ["", "It collided:", *(f"  {_conflict(each)}" for each in conflicts)] if conflicts else []


def _conflict(conflict: dict[str, Any]) -> str:
    paths = ", ".join(conflict["paths"])
    return f"{conflict['at']} in {paths}; that work is kept under {conflict['ref']}"


def _reason(task: dict[str, Any]) -> str:
    """What a parked task waits for."""
    return str((task.get("waits_for") or {}).get("reason", ""))


def log_line(line: str) -> str:
    """What a person wants to see of one event of a worker; empty for the rest."""
    try:
        event = json.loads(line)
    except ValueError:
        return line
    match event:
        case {"type": "assistant", "message": {"content": list(blocks)}}:
            return "\n".join(filter(None, map(_block, blocks)))
        case {"type": "result", "subtype": subtype}:
            return (
                f"-- {subtype}, {event.get('total_cost_usd', 0):.2f} USD, {event.get('num_turns', 0)} turns"
            )
        case {"type": "system", "subtype": "permission_denied", "message": str(message)}:
            return f"!! {message}"
        case _:
            return ""


def _block(block: dict[str, Any]) -> str:
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "tool_use", "name": name, "input": given}:
            return f"> {name} {json.dumps(given, ensure_ascii=False)}"[:_LONGEST]
        case _:
            return ""
