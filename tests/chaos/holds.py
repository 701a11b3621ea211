"""Who certainly had what, and from when until when."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from lsp_orch.domain.lease import Mode
from tests.chaos.history import DAEMON, NEVER, Death, History, Op, Outcome, Seen, Tie, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A lease between the moment its holder was told of it and the first at which it could have lost it.

    To other people a vanished editor can lose it at once; to programs only later, or when one of those people
    has let go of it: ``until_programs``.
    """

    seen: Seen
    tie: Tie
    since: float
    until: float
    until_programs: float

    def against(self, other: "Hold") -> float:
        """Until when it keeps the other out."""
        people = self.tie is other.tie is Tie.CONNECTION
        return self.until if people else self.until_programs


def holds(history: History) -> list[Hold]:
    """Every lease that an answer to its own holder showed, oldest first."""
    of_holder: dict[str, list[Op]] = defaultdict(list)
    for op in sorted(history.ops, key=attrgetter("began")):
        of_holder[op.holder].append(op)
    deaths = by_name(history.deaths)
    people = [op for op in history.ops if op.verb is Verb.ASK and op.tie is Tie.CONNECTION]
    found = [
        _hold(history, op, seen, ops[index + 1 :], deaths, people)
        for ops in of_holder.values()
        for index, op in enumerate(ops)
        if op.verb in {Verb.ASK, Verb.RENEW} and op.outcome is Outcome.OK
        for seen in op.leases
    ]
    return sorted((each for each in found if each.since < each.until_programs), key=attrgetter("since"))


def ends(op: Op, deaths: Mapping[str, list[Death]]) -> Iterator[float]:
    """When what ends the holder's leases by itself may have happened since the question."""
    if op.tie is not Tie.NOTHING:
        names = (op.client, op.holder, *((DAEMON,) if op.tie is Tie.CONNECTION else ()))
        died = (each for name in names for each in deaths.get(name, ()))
        yield from (max(each.at, op.began) for each in died if each.gone >= op.began)


def by_name(deaths: Iterable[Death]) -> Mapping[str, list[Death]]:
    """Who died when."""
    found: dict[str, list[Death]] = defaultdict(list)
    for each in deaths:
        found[each.who].append(each)
    return found


def lets_go(op: Op, seen: Seen) -> bool:
    """Whether a holder's later step may end its lease."""
    if op.outcome is Outcome.REFUSED:
        return False
    if op.verb is Verb.ASK:  # a stronger lease takes the place of a weaker one
        return seen.mode is Mode.READ and op.mode is Mode.WRITE and bool(op.resources & seen.resources)
    named = not op.ids or not seen.id or seen.id in op.ids
    return op.verb is Verb.LET_GO and named and (not op.resources or bool(op.resources & seen.resources))


def _hold(
    history: History,
    op: Op,
    seen: Seen,
    later: Iterable[Op],
    deaths: Mapping[str, list[Death]],
    people: Iterable[Op],
) -> Hold:
    until = op.began + op.lasts_s
    for each in later:
        if each.began >= until:
            break
        if lets_go(each, seen):
            until = each.began
            break
        until = _renewed(each, seen, until)
    death = min(ends(op, deaths), default=NEVER)
    kept = history.vanished_s if op.tie is Tie.CONNECTION else 0.0
    return Hold(
        seen=seen,
        tie=op.tie,
        since=op.ended,
        until=min(until, death),
        until_programs=min(until, death + kept, _reclaimed(seen, death, people)),
    )


def _reclaimed(seen: Seen, death: float, people: Iterable[Op]) -> float:
    """When a person may have taken what a vanished editor had."""
    others = (each for each in people if each.holder != seen.holder and each.resources & seen.resources)
    return min((max(each.began, death) for each in others if each.ended > death), default=NEVER)


def _renewed(op: Op, seen: Seen, until: float) -> float:
    """The earliest end after one more step of the holder."""
    if op.verb not in {Verb.ASK, Verb.RENEW, Verb.FADE}:
        return until
    meant = (not op.ids or seen.id in op.ids) and (not op.resources or bool(op.resources & seen.resources))
    heard = op.verb is not Verb.FADE and op.outcome in {Outcome.OK, Outcome.QUEUED} and op.ended <= until
    return op.began + op.lasts_s if meant and heard else min(until, op.began + op.lasts_s)
