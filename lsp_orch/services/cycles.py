"""What a waiter waits for, as the store has it, and the circle that would close with one more."""

from collections.abc import Iterable

from lsp_orch.domain.cycles import cycle
from lsp_orch.domain.grants import Ask, Waiter, about, ahead, blockers, missing
from lsp_orch.domain.lease import Lease
from lsp_orch.store.base import Tx

_Node = tuple[str, str]  # a holder or a waiter, by its id


def obstacles(
    tx: Tx, ask: Ask, live: Iterable[Lease], mine: Waiter | None
) -> tuple[tuple[Lease, ...], tuple[Waiter, ...]]:
    """The leases and the earlier waiters in the way of what the holder does not have yet."""
    rest = about(ask, missing(ask, live))
    queue = tx.waiters.touching(rest.scopes)
    return blockers(rest, live), ahead(rest, (each for each in queue if not mine or each.place < mine.place))


def circle(tx: Tx, ask: Ask, conflicts: Iterable[Lease], before: Iterable[Waiter]) -> tuple[str, ...]:
    """Name the circle that would close if this ask waited, if one would.

    A lease ends when its holder has all it waits for; a waiter ahead is gone when that one wait is over.
    """
    names: dict[_Node, str] = {}

    def nodes(leases: Iterable[Lease], waiters: Iterable[Waiter]) -> list[_Node]:
        found = {("holder", each.holder.id): each.holder.name for each in leases}
        found |= {("waiter", each.id): each.ask.holder.name for each in waiters}
        names.update(found)
        return list(found)

    def waits_for(node: _Node) -> list[_Node]:
        kind, name = node
        if kind == "holder":
            return nodes((), tx.waiters.of_holder(name))
        waiter = tx.waiters.by_id(name)
        live = tx.leases.touching(waiter.ask.scopes) if waiter else ()
        return nodes(*obstacles(tx, waiter.ask, live, waiter)) if waiter else []

    found = cycle(("holder", ask.holder.id), nodes(conflicts, before), waits_for)
    told = [names.get(each, ask.holder.name) for each in found]
    return tuple(name for index, name in enumerate(told) if index == 0 or name != told[index - 1])
