"""What a history proves wrong. Pure: a history in, findings out; what is only possible is no finding."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from operator import attrgetter, eq

from lsp_orch.domain.lease import Mode
from tests.chaos.history import History, Op, Outcome, Seen, Verb, Waiting, resources
from tests.chaos.holds import Hold, holds
from tests.chaos.tickets import forgotten_tickets

Overlaps = Callable[[str, str], bool]


class Kind(StrEnum):
    """Which promise was broken."""

    TWO_HOLDERS = "two holders"
    LOST = "an acknowledged grant was lost"
    TWICE = "a token was issued twice"
    OLD = "a token was issued that is not the greatest"
    FORGOTTEN = "a waiter was forgotten"
    CAME_BACK = "what was let go came back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``told`` says who and when, in seconds of the history's clock."""

    kind: Kind
    told: str


def check(history: History, overlaps: Overlaps = eq) -> tuple[Finding, ...]:
    """Every broken promise; ``overlaps`` says which resources disturb each other."""
    certain = holds(history)
    return (
        *_findings(Kind.TWO_HOLDERS, _two_holders(certain, overlaps)),
        *_findings(Kind.TWO_HOLDERS, _two_in_a_list(history.lists, overlaps)),
        *_findings(Kind.LOST, _lost(certain, history.lists)),
        *_findings(Kind.TWICE, _issued_twice(history.ops)),
        *_findings(Kind.OLD, _issued_late(history.ops)),
        *_findings(Kind.FORGOTTEN, _unblocked(history.lists, overlaps)),
        *_findings(Kind.FORGOTTEN, forgotten_tickets(history)),
        *_findings(Kind.CAME_BACK, _came_back(history)),
    )


def _findings(kind: Kind, told: Iterable[str]) -> Iterator[Finding]:
    return (Finding(kind=kind, told=each) for each in told)


def clash(one: Seen | Waiting, other: Seen | Waiting, where: Iterable[str], overlaps: Overlaps) -> bool:
    """Whether two of different holders cannot be granted both, as far as ``where`` of the first goes."""
    return (
        one.holder != other.holder
        and Mode.WRITE in {one.mode, other.mode}
        and any(overlaps(mine, theirs) for mine in where for theirs in other.resources)
    )


def _two_holders(certain: list[Hold], overlaps: Overlaps) -> Iterator[str]:
    for new, before in _meeting(certain):
        if new.since < before.against(new) and clash(new.seen, before.seen, new.seen.resources, overlaps):
            yield f"at {new.since:.6f} {_name(new.seen)} was told that it has it; {_during(before)}"


def _meeting(certain: list[Hold]) -> Iterator[tuple[Hold, Hold]]:
    """Each hold with those that were there when it began."""
    there: list[Hold] = []
    for new in certain:
        there = [each for each in there if each.until_programs > new.since]
        yield from ((new, each) for each in there)
        there.append(new)


def _two_in_a_list(lists: Iterable[Op], overlaps: Overlaps) -> Iterator[str]:
    for each in lists:
        for index, one in enumerate(each.leases):
            for other in each.leases[index + 1 :]:
                if clash(one, other, one.resources, overlaps):
                    yield f"the list of {each.ended:.6f} shows {_name(one)} and {_name(other)}"


def _lost(certain: list[Hold], lists: Iterable[Op]) -> Iterator[str]:
    told: set[Hold] = set()
    there: list[Hold] = []
    coming = iter((*certain, None))
    ahead = next(coming)
    for each in sorted(lists, key=attrgetter("began")):
        while ahead and ahead.since <= each.began:
            there.append(ahead)
            ahead = next(coming)
        there = [hold for hold in there if hold.until > each.began]
        for hold in there:
            if hold.until > each.ended and hold not in told and not _shows(each, hold.seen):
                told.add(hold)
                yield f"the list of {each.began:.6f} to {each.ended:.6f} misses it: {_during(hold)}"


def _shows(answer: Op, seen: Seen) -> bool:
    """Whether the holder has all of it there; a stronger lease may have taken the place of this one."""
    enough = [
        each
        for each in answer.leases
        if each.holder == seen.holder and seen.mode in {Mode.READ, each.mode} and each.token >= seen.token
    ]
    return seen.resources <= resources(*enough)


def _issued_twice(ops: Iterable[Op]) -> Iterator[str]:
    named: dict[int, str] = {}
    numbered: dict[str, int] = {}
    pairs = {
        (seen.token, seen.id): (op, seen) for op, seen in reversed(_sightings(ops))
    }  # each once, the first
    for op, seen in reversed(pairs.values()):
        if named.setdefault(seen.token, seen.id) != seen.id:
            yield f"at {op.ended:.6f} {_name(seen)} has the token of {named[seen.token]}"
        elif numbered.setdefault(seen.id, seen.token) != seen.token:
            yield f"at {op.ended:.6f} {_name(seen)} had token {numbered[seen.id]} before"


def _issued_late(ops: Iterable[Op]) -> Iterator[str]:
    first: dict[str, tuple[Op, Seen]] = {}
    for op, seen in _sightings(ops):
        first.setdefault(seen.id, (op, seen))
    when = [op.ended for op, _ in first.values()]
    greatest = list(accumulate((seen.token for _, seen in first.values()), max))
    asked = _asked(ops)
    for op, seen in first.values():
        if op.verb is Verb.ASK:
            begun = min((each.began for each in asked[id(op)]), default=op.began)
            index = bisect_left(when, begun)
            if index and greatest[index - 1] >= seen.token:
                yield f"{_name(seen)}, asked for at {begun:.6f} or later; {greatest[index - 1]} was known"


def _asked(ops: Iterable[Op]) -> dict[int, list[Op]]:
    """For each question, the earlier ones of that holder whose grant it may have been told of."""
    found: dict[int, list[Op]] = {}
    open_ends: dict[str, list[Op]] = defaultdict(list)
    for op in sorted(ops, key=attrgetter("began")):
        mine = open_ends[op.holder]
        if op.verb is Verb.ASK:
            found[id(op)] = list(mine)
            if op.outcome in {Outcome.QUEUED, Outcome.UNKNOWN}:
                mine.append(op)
        elif op.verb is Verb.LET_GO and op.outcome is Outcome.OK and not (op.ids or op.resources):
            mine.clear()
    return found


def _unblocked(lists: Iterable[Op], overlaps: Overlaps) -> Iterator[str]:
    for each in lists:
        for index, waiter in enumerate(each.waiters):
            enough = {Mode.WRITE, waiter.mode}
            own = (lease for lease in each.leases if lease.holder == waiter.holder and lease.mode in enough)
            rest = waiter.resources - resources(*own)
            before: tuple[Seen | Waiting, ...] = (*each.leases, *each.waiters[:index])
            if not any(clash(waiter, other, rest, overlaps) for other in before):
                yield f"nothing stands before {waiter.id} of {waiter.holder} in the list of {each.ended:.6f}"


def _came_back(history: History) -> Iterator[str]:
    gone: dict[str, float] = {}
    for op in history.ops:
        if op.verb is Verb.LET_GO and op.outcome is Outcome.OK:
            names = {op.holder} if op.for_good else set()
            names |= op.ids | {each.id for each in op.leases if each.id}
            gone |= {name: min(op.ended, gone.get(name, op.ended)) for name in names}
    for op in history.ops:
        shown: tuple[Seen | Waiting, ...] = (*op.leases, *op.waiters)
        for seen in shown:
            since = min(gone.get(seen.id, op.began), gone.get(seen.holder, op.began))
            if since < op.began and op.verb is not Verb.LET_GO:
                yield f"{seen.id} of {seen.holder}, let go by {since:.6f}, is there at {op.ended:.6f}"


def _sightings(ops: Iterable[Op]) -> list[tuple[Op, Seen]]:
    """Each lease in each answer, as they came."""
    found = ((op, seen) for op in ops for seen in op.leases if seen.id)
    return sorted(found, key=lambda each: each[0].ended)


def _name(seen: Seen) -> str:
    return f"{seen.holder} ({seen.mode} {', '.join(sorted(seen.resources))}, {seen.id}, token {seen.token})"


def _during(hold: Hold) -> str:
    return f"{_name(hold.seen)} had it from {hold.since:.6f} until {hold.until:.6f} at least"
