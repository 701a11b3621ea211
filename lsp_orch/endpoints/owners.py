"""Whose a lease is, and whose it will be, as far as a command line may decide."""

from collections.abc import Iterable

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.endpoints.people import cli_id


def not_of(leases: list[Lease], waiters: list[Waiter], name: str, caller: Caller) -> Refusal | None:
    """Refuse what somebody else holds: it is not let go of but taken, and that openly.

    A person may take anybody out of the queue; a name or an agent only itself.
    """
    holding, waiting = [each.holder for each in leases], [each.ask.holder for each in waiters]
    if name:
        return _not_yours(each for each in (*holding, *waiting) if each.id != cli_id(name))
    if caller.person:
        return _not_yours(each for each in holding if not each.id.startswith((cli_id(""), "user:")))
    return _not_yours(each for each in (*holding, *waiting) if not _may(caller, each))


def not_an_agents(leases: list[Lease], caller: Caller) -> Refusal | None:
    """Refuse an agent what others hold; a person may do with each lease as they like."""
    return _not_yours(each.holder for each in leases if not (caller.person or _may(caller, each.holder)))


def _may(agent: Caller, holder: Holder) -> bool:
    """Its own, and what is held under a mere name."""
    return agent.owns(holder) or holder.id.startswith(cli_id(""))


def _not_yours(others: Iterable[Holder]) -> Refusal | None:
    other = next(iter(others), None)
    if other is None:
        return None
    return Refusal(
        code=Code.LEASE_NOT_YOURS,
        message=f"{other.name} has it, or waits for it",
        hint="ask them to let go, or take it with `lsp-orch lease steal PATH --reason TEXT`",
    )


def holder(name: str, user: str, caller: Caller) -> Holder:
    """Whoever asks: a ``name`` that was chosen, else the agent that calls, else the person."""
    if name:
        return Holder(id=cli_id(name), kind=Party.AGENT, name=name)
    if caller.person:
        return Holder(id=f"user:{user}", kind=Party.HUMAN, name=user)
    return Holder(id=caller.session, kind=Party.AGENT, name=caller.name, session=caller.session)
