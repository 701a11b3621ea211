"""What became of each ticket: it is in the queue, or was granted, or there is a reason why it ended."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from operator import attrgetter

from lsp_orch.domain.lease import Mode
from tests.chaos.history import NEVER, Death, History, Op, Outcome, Seen, Verb, resources
from tests.chaos.holds import by_name, ends


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A ticket that a list no longer shows."""

    asked: Op  # the latest question before that list that was answered with it
    since: float  # it was still in the queue at this moment, or later
    missed: Op
    steps: list[Op]  # of the holder
    deaths: Mapping[str, list[Death]]


def forgotten_tickets(history: History) -> Iterator[str]:
    """Each ticket that was told to its holder and is gone without a reason."""
    told: dict[str, list[Op]] = defaultdict(list)
    of_holder: dict[str, list[Op]] = defaultdict(list)
    for op in sorted(history.ops, key=attrgetter("began")):
        of_holder[op.holder].append(op)
        if op.outcome is Outcome.QUEUED:
            told[op.ticket].append(op)
    deaths = by_name(history.deaths)
    for ticket, asks in told.items():
        shown, missed = _until_missing(ticket, asks[0].ended, history.lists)
        if missed:
            asked = max((each for each in asks if each.ended < missed.began), key=attrgetter("began"))
            since = max(asked.began, shown.began if shown else 0.0)
            steps = of_holder[asked.holder]
            case = _Case(asked=asked, since=since, missed=missed, steps=steps, deaths=deaths)
            if not _explained(case, history):
                what = f"{ticket} of {asked.holder} ({', '.join(sorted(asked.resources))})"
                yield f"{what} was in the queue at {since:.6f}, and is not in the list of {missed.ended:.6f}"


def _until_missing(ticket: str, since: float, lists: Sequence[Op]) -> tuple[Op | None, Op | None]:
    """The last list that shows a ticket, and the first after it that does not."""
    shown = None
    for each in _since(lists, since):
        if ticket in {waiter.id for waiter in each.waiters}:
            shown = each
        elif each.began > since:
            return shown, each
    return shown, None


def _since(lists: Sequence[Op], moment: float) -> Iterator[Op]:
    return islice(lists, bisect_right(lists, moment, key=attrgetter("ended")), None)


def _explained(case: _Case, history: History) -> bool:
    asked, since, missed = case.asked, case.since, case.missed
    if missed.ended >= asked.began + history.ticket_s or missed.ended >= _granted_and_over(case):
        return True
    if any(at <= missed.ended for at in ends(asked, case.deaths)):
        return True
    # an unanswered step has happened, or never will, when the holder's next one is answered
    meanwhile = [each for each in case.steps if each.began < missed.ended and since < _over(each, asked)]
    if any(_withdraws(each, asked) for each in meanwhile):
        return True
    lists = takewhile(lambda each: each.ended <= missed.ended, _since(history.lists, since))
    shown = (lease for each in (*meanwhile, *lists) for lease in each.leases)
    # a grant gives what the holder does not have yet; it may since have let go of what it had
    return asked.resources <= resources(*(each for each in shown if _gives(each, asked)))


def _over(op: Op, asked: Op) -> float:
    return op.ended if op.outcome is not Outcome.UNKNOWN or op.began > asked.began else asked.began


def _granted_and_over(case: _Case) -> float:
    """The earliest moment at which a grant that nobody looked at could have ended by itself."""
    fades = (each for each in case.steps if each.verb is Verb.FADE and each.ended > case.since)
    ended = (max(each.began, case.since) + each.lasts_s for each in (case.asked, *fades))
    return min(ended, default=NEVER)


def _withdraws(op: Op, asked: Op) -> bool:
    if op.verb is not Verb.LET_GO or op.outcome is Outcome.REFUSED:
        return False
    named = not op.ids or asked.ticket in op.ids
    return named and (not op.resources or bool(op.resources & asked.resources))


def _gives(seen: Seen, asked: Op) -> bool:
    return seen.holder == asked.holder and asked.mode in {Mode.READ, seen.mode}
