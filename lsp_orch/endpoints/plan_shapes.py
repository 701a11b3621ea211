"""Plans as the outside world sees them."""

from typing import Any

from lsp_orch.domain.plan_estimate import Estimate
from lsp_orch.domain.plan_order import Order
from lsp_orch.domain.planning import Plan
from lsp_orch.endpoints.shapes import rfc3339


def plan(value: Plan) -> dict[str, Any]:
    """All there is to know of one; without a graph, ``tasks`` is null."""
    drawn = value.drawn
    return {
        "id": value.id,
        "state": value.state.value,
        "workspace": value.workspace,
        "goal": value.goal,
        "pipeline": value.pipeline,
        "base": value.base,
        "made_at": rfc3339(value.made_at),
        "decided_at": rfc3339(value.decided_at),
        "cost_usd": value.cost_usd,
        "error": value.error or None,
        "summary": drawn.summary if drawn else None,
        "tasks": _tasks(drawn.order) if drawn else None,
        "estimate": _estimate(drawn.estimate) if drawn else None,
        "warnings": list(drawn.warnings) if drawn else [],
    }


def _tasks(order: Order) -> list[dict[str, Any]]:
    """In an order in which none waits for a later one; ``because`` says where our rules made it wait."""
    return [
        {
            "name": piece.name,
            "title": piece.title,
            "stage": piece.stage,
            "role": piece.role,
            "model": piece.model,
            "size": piece.size,
            "paths": list(piece.paths),
            "after": list(order.after(piece.name)),
            "because": {
                link.before: link.because for link in order.links if link.after == piece.name and link.because
            },
            "check": piece.check or None,
            "prompt": piece.prompt,
        }
        for piece in order.pieces
    ]


def _estimate(value: Estimate) -> dict[str, Any]:
    return {
        "cost_usd": round(value.cost_usd, 4),
        "work_s": value.work_s,
        "wall_s": value.wall_s,
        "speedup": round(value.speedup, 2),
        "longest": list(value.longest),
        "longest_s": value.longest_s,
        "guessed": value.guessed,
    }
