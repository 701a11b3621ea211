"""What the tasks of one plan all can read: the plan, the project's conventions, the base commit and notes."""

from collections.abc import Mapping

from lsp_orch.domain.plan_order import Order
from lsp_orch.domain.planning import Plan

CONVENTIONS = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")  # where a project says how it wants its work
LONGEST = 64 * 1024  # characters of one of them


def files(plan: Plan, tasks: Mapping[str, str], conventions: Mapping[str, str], notes: str) -> dict[str, str]:
    """The texts by their names; ``tasks`` are the ids by the names in the plan."""
    found = {"plan.md": _plan(plan, tasks), "base": f"{plan.base}\n"}
    if conventions:
        parts = (f"# {name}\n\n{text[:LONGEST].strip()}\n" for name, text in conventions.items())
        found["conventions.md"] = "\n".join(parts)
    if notes.strip():
        found["notes.md"] = notes.strip() + "\n"
    return found


def told(context: str, scratch: str) -> str:
    """What a worker is told of the folders it shares and has."""
    return (
        f"Your task is part of a plan. What all its tasks share is in {context}, and nobody can change it:"
        f" read plan.md first. {scratch} is yours alone to write to, for notes and drafts that do not belong"
        " into the project."
    )


def _plan(plan: Plan, tasks: Mapping[str, str]) -> str:
    if plan.drawn is None:
        return f"# {plan.goal}\n"
    order = plan.drawn.order
    listed = "\n".join(_line(order, name, task_id) for name, task_id in tasks.items())
    return (
        f"# The goal\n\n{plan.goal.strip()}\n\n# How\n\n{plan.drawn.summary.strip()}\n\n# Tasks\n\n{listed}\n"
    )


def _line(order: Order, name: str, task_id: str) -> str:
    piece = next(each for each in order.pieces if each.name == name)
    changes = f" Changes {', '.join(piece.paths)}." if piece.paths else " Changes no files."
    after = f" After {', '.join(order.after(name))}." if order.after(name) else ""
    return f"- {name} ({task_id}, {piece.stage}): {piece.title}.{changes}{after}"
