"""Histories in few words, and the ways to spoil a good one."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from lsp_orch.domain.lease import Mode
from tests.chaos.checker import Kind
from tests.chaos.history import NEVER, History, Op, Outcome, Seen, Tie, Verb, Waiting, resources
from tests.chaos.holds import holds

LAST = 10_000.0  # after everything

Spoil = Callable[[History], Iterator[History]]


def seen(holder: str, token: int = 1, *resources: str, mode: Mode = Mode.WRITE) -> Seen:
    """A lease, of ``a`` unless it is said."""
    files = frozenset(resources or "a")
    return Seen(id=f"lease-{token}", token=token, holder=holder, resources=files, mode=mode)


def waiting(holder: str, ticket: str, *resources: str) -> Waiting:
    """A waiter, for ``a`` unless it is said."""
    return Waiting(id=ticket, holder=holder, resources=frozenset(resources or "a"))


def ask(holder: str, began: float, answer: Seen | str | None = None, **more: object) -> Op:
    """Answered after one second with a lease or a ticket, or never."""
    op = Op(client=holder, verb=Verb.ASK, holder=holder, began=began, resources=frozenset("a"))
    if isinstance(answer, Seen):
        given = {"leases": (answer,), "resources": answer.resources, "mode": answer.mode}
        op = replace(op, ended=began + 1, outcome=Outcome.OK, **given)  # type: ignore[arg-type]  # as the fields are
    elif answer:
        op = replace(op, ended=began + 1, outcome=Outcome.QUEUED, ticket=answer)
    return replace(op, **more)  # type: ignore[arg-type]  # as the fields are named


def told(verb: Verb, holder: str, began: float, *leases: Seen, **more: object) -> Op:
    """Answered after one second."""
    op = Op(client=holder, verb=verb, holder=holder, began=began, ended=began + 1, outcome=Outcome.OK)
    return replace(op, leases=leases, **more)  # type: ignore[arg-type]  # as the fields are named


def listed(began: float, *leases: Seen, waiters: tuple[Waiting, ...] = ()) -> Op:
    """A list."""
    return told(Verb.LIST, "", began, *leases, waiters=waiters)


def somebody_else_is_granted_it(good: History) -> Iterator[History]:
    """While its holder certainly has it."""
    for hold in holds(good):
        moment = (min(hold.until, hold.since + 1.0) - hold.since) / 3
        if moment > 0:
            lease = seen("thief", 999, *hold.seen.resources)
            theft = ask("thief", hold.since + moment, lease, ended=hold.since + 2 * moment)
            yield _after(good, theft)


def a_list_shows_two(good: History) -> Iterator[History]:
    """Of what only one can have."""
    for op in good.lists:
        for lease in op.leases:
            yield _with(good, op, leases=(*op.leases, seen("thief", 999, *lease.resources)))


def a_list_misses_one(good: History) -> Iterator[History]:
    """That its holder certainly has."""
    for op in good.lists:
        for hold in holds(good):
            if hold.since <= op.began and op.ended < hold.until:
                yield _with(
                    good, op, leases=tuple(each for each in op.leases if each.holder != hold.seen.holder)
                )


def a_token_comes_twice(good: History) -> Iterator[History]:
    """For two leases."""
    known = [lease for op in good.ops for lease in op.leases]
    for op in good.ops:
        for other in known if op.leases else ():
            if other.id != op.leases[0].id:
                yield _with(good, op, leases=(replace(op.leases[0], token=other.token), *op.leases[1:]))


def an_old_token_is_issued(good: History) -> Iterator[History]:
    """Long after greater ones."""
    if any(op.leases for op in good.ops):
        yield _after(good, ask("late", LAST, seen("late", 0, "z")))


def a_ticket_vanishes(good: History) -> Iterator[History]:
    """As soon as its holder, who does not die, was told of it, and nobody saw it granted."""
    for op in good.ops:
        since = op.ended + 0.0001
        missing = replace(listed(since), ended=since + 0.0001)
        around = (each for each in good.ops if each.began < missing.ended and op.began < each.ended)
        alone = not any(each.verb is Verb.LIST for each in around)
        if op.outcome is Outcome.QUEUED and op.tie is Tie.NOTHING and alone:
            yield _after(good, missing)


def nothing_stands_before_a_waiter(good: History) -> Iterator[History]:
    """And still it waits."""
    for op in good.lists:
        taken = resources(*op.leases, *op.waiters)
        if free := {"a", "b", "c"} - taken:
            yield _with(good, op, waiters=(*op.waiters, waiting("patient", "ticket-999", *free)))


def what_was_let_go_comes_back(good: History) -> Iterator[History]:
    """In a list."""
    for op in good.ops:
        if op.verb is Verb.LET_GO and op.outcome is Outcome.OK:
            yield from (_after(good, listed(LAST, each)) for each in op.leases)


SPOILS: dict[Spoil, Kind] = {
    somebody_else_is_granted_it: Kind.TWO_HOLDERS,
    a_list_shows_two: Kind.TWO_HOLDERS,
    a_list_misses_one: Kind.LOST,
    a_token_comes_twice: Kind.TWICE,
    an_old_token_is_issued: Kind.OLD,
    a_ticket_vanishes: Kind.FORGOTTEN,
    nothing_stands_before_a_waiter: Kind.FORGOTTEN,
    what_was_let_go_comes_back: Kind.CAME_BACK,
}


def let_go_unheard(holder: str, began: float) -> Op:
    """Everything, and no answer came."""
    return told(Verb.LET_GO, holder, began, outcome=Outcome.UNKNOWN, ended=NEVER)


def _after(good: History, op: Op) -> History:
    return replace(good, ops=(*good.ops, op))


def _with(good: History, op: Op, **changed: object) -> History:
    spoilt = replace(op, **changed)  # type: ignore[arg-type]  # as the fields are named
    return replace(good, ops=tuple(spoilt if each is op else each for each in good.ops))
