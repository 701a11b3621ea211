"""How a worker's session ended, before anybody has read what it hands back."""

from dataclasses import dataclass

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.fault import Fault
from lsp_orch.domain.result import Deferred, Ending, Outcome, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a session handed back for the schema it was given; nobody has read it yet."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a session ended, and what it has cost; what its output means is for whoever gave it the schema.

    ``ending`` is said where it does not follow from what it came to, ``fault`` where it was the provider's.
    ``denials`` are the calls that nobody had given it leave for.
    """

    came_to: Output | Refusal | Deferred
    cost_usd: float = 0.0
    turns: int = 0
    ending: Ending | None = None
    fault: Fault | None = None
    denials: tuple[str, ...] = ()


def read(reply: Reply) -> Outcome:
    """What a session that was to do a task came to."""
    came_to = reply.came_to
    return Outcome(
        result=parse(came_to.value) if isinstance(came_to, Output) else came_to,
        cost_usd=reply.cost_usd,
        turns=reply.turns,
        ending=reply.ending,
        fault=reply.fault,
        denials=reply.denials,
    )
