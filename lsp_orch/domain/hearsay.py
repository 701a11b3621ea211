"""What one daemon tells the others on the same store, and what they make of it.

Only names are told: a ``Note`` says which lease, ticket or task has changed. Whoever hears it looks into the
store, and works out what must have happened from what it knew before.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from lsp_orch.domain.events import (
    ClaimMade,
    ClaimRefused,
    Event,
    Heard,
    LeaseChanged,
    LeaseEnded,
    LeaseEvent,
    LeaseGranted,
    MessageSent,
    TaskChanged,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Waiter, blockers, giving, missing
from lsp_orch.domain.lease import Lease

KINDS = LEASE, WAITER, TASK, MESSAGE = "lease", "waiter", "task", "message"
UNKNOWN = "unknown"

_LONGEST = 7000  # bytes of one message; PostgreSQL takes 7,999


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about ``id`` has changed; ``word`` is why it ended, a task's state, or a message's pace."""

    kind: str
    id: str
    word: str = ""


def notes(event: Event) -> tuple[Note, ...]:
    """What to tell of an event; what was only heard is not told again."""
    match event:
        case LeaseGranted(lease=lease, ticket=ticket):
            names = [(LEASE, lease.id, ""), (WAITER, ticket, "")]
        case LeaseChanged(lease=lease):
            names = [(LEASE, lease.id, "")]
        case LeaseEnded(lease=lease, why=why):
            names = [(LEASE, lease.id, why)]
        case WaiterQueued(waiter=waiter) | ClaimMade(waiter=waiter) | ClaimRefused(waiter=waiter):
            names = [(WAITER, waiter.id, "")]
        case WaiterGone(waiter=waiter, why=why):
            names = [(WAITER, waiter.id, why)]
        case TaskChanged(id=task_id, state=state):
            names = [(TASK, task_id, state)]
        case MessageSent(to=session_id, pace=pace):
            names = [(MESSAGE, session_id, pace.value)]
        case _:  # sessions and their reaping are each daemon's own
            names = []
    return tuple(Note(kind=kind, id=name, word=word) for kind, name, word in names if name)


def told(origin: str, events: Iterable[Event]) -> list[str]:
    """The events as messages, each short enough."""
    messages: list[str] = []
    batch: list[list[str]] = []
    size = 0
    for note in dict.fromkeys(note for event in events for note in notes(event)):
        entry = [note.kind, note.id, note.word]
        size += len(json.dumps(entry)) + 2
        if batch and size > _LONGEST:
            messages.append(_message(origin, batch))
            batch, size = [], len(json.dumps(entry)) + 2
        batch.append(entry)
    return [*messages, _message(origin, batch)] if batch else messages


def understood(message: str, own: str) -> list[Note]:
    """What a message says; nothing when it is ``own``, or none of ours: anybody may speak on the channel."""
    try:
        document = json.loads(message)
        if document["from"] == own:
            return []
        return [Note(kind=str(kind), id=str(name), word=str(word)) for kind, name, word in document["notes"]]
    except (ValueError, TypeError, KeyError):
        return []


def events(
    heard: Heard, leases: Iterable[Lease], waiters: Iterable[Waiter]
) -> Iterator[LeaseEvent | TaskChanged | MessageSent]:
    """What must have happened, when these leases and waiters were known before."""
    known = {each.id: each for each in leases}
    live = known | {each.id: each for each in heard.leases}
    for lease in known.values():
        if _gone(heard, lease.id, heard.leases):
            del live[lease.id]
            yield LeaseEnded(lease=lease, why=heard.why.get(lease.id) or UNKNOWN)
    queued = {each.id: each for each in waiters}
    gone = [each for each in queued.values() if _gone(heard, each.id, heard.waiters)]
    met = {each.id: by for each in gone if (by := _met(each, heard, live.values()))}
    for lease in sorted(live.values(), key=lambda each: each.token):
        if lease.id in known and lease != known[lease.id]:
            yield LeaseChanged(lease=lease)
        tickets = [ticket for ticket, given in met.items() if given.id == lease.id]
        for ticket in tickets or [""] * (lease.id not in known):
            yield LeaseGranted(lease=lease, ticket=ticket)
    yield from (
        WaiterGone(waiter=each, why=heard.why.get(each.id) or UNKNOWN) for each in gone if each.id not in met
    )
    yield from (WaiterQueued(waiter=each) for each in heard.waiters if each.id not in queued)
    for each in heard.waiters:
        if each.id in queued and each.claims_at != queued[each.id].claims_at:
            yield _claim(each, live.values())
    yield from heard.tasks
    yield from heard.messages


def _claim(waiter: Waiter, live: Iterable[Lease]) -> ClaimMade | ClaimRefused:
    if waiter.claims_at is None:
        return ClaimRefused(waiter=waiter, by=UNKNOWN)
    return ClaimMade(waiter=waiter, leases=blockers(waiter.ask, live))


def _gone(heard: Heard, name: str, there: Iterable[Lease | Waiter]) -> bool:
    return (heard.whole or name in heard.missing) and all(each.id != name for each in there)


def _met(waiter: Waiter, heard: Heard, live: Collection[Lease]) -> Lease | None:
    """What ended a wait: when the holder has all it asked for, and nothing else was told, it was granted."""
    if heard.why.get(waiter.id) or missing(waiter.ask, live):
        return None
    return max(giving(waiter.ask, live), key=lambda each: each.token, default=None)


def _message(origin: str, batch: list[list[str]]) -> str:
    return json.dumps({"from": origin, "notes": batch}, separators=(",", ":"))
