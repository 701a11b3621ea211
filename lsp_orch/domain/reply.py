"""How a worker's session ended, before anybody has read what it hands back."""

from dataclasses import dataclass

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.result import Deferred, Outcome, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a session handed back for the schema it was given; nobody has read it yet."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a session ended, and what it has cost; what its output means is for whoever gave it the schema."""

    came_to: Output | Refusal | Deferred
    cost_usd: float = 0.0
    turns: int = 0


def read(reply: Reply) -> Outcome:
    """What a session that was to do a task came to."""
    came_to = reply.came_to
    result = parse(came_to.value) if isinstance(came_to, Output) else came_to
    return Outcome(result=result, cost_usd=reply.cost_usd, turns=reply.turns)
