"""What happened, as those saw it who asked: when each question was put, and what came back, if anything did.

A client writes a line before it asks and one after it was answered; times are of the machine's one monotonic
clock. Who is killed leaves a question without an answer: whether it took effect, nobody knows.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from lsp_orch.domain.lease import Mode

NEVER = float("inf")
DAEMON = "daemon"


class Verb(StrEnum):
    """What somebody wants."""

    ASK = "ask"  # for resources
    RENEW = "renew"  # a sign of life, of some leases or of all that the holder has
    FADE = "fade"  # what the holder has ends by itself in ``lasts_s``
    LET_GO = "let-go"  # of some leases or tickets, of some resources, or of everything
    LIST = "list"  # who has what, and who waits


class Outcome(StrEnum):
    """What came back."""

    OK = "ok"
    QUEUED = "queued"
    REFUSED = "refused"  # and nothing has changed, but for a sign of life
    UNKNOWN = "unknown"  # the connection was lost before the answer


class Tie(StrEnum):
    """What else than its own words ends what a holder has."""

    NOTHING = "nothing"  # a terminal's name
    PROCESS = "process"  # an agent's session ends with the process that it names
    CONNECTION = "connection"  # an editor's ends with the editor, and with the daemon


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A lease as an answer showed it; a hook is told neither ``id`` nor ``token``."""

    holder: str
    resources: frozenset[str]
    mode: Mode = Mode.WRITE
    id: str = ""
    token: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A ticket as a list showed it; lists are first come first."""

    holder: str
    resources: frozenset[str]
    mode: Mode = Mode.WRITE
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """A question and its answer. ``lasts_s`` is how long a silent holder keeps what it is given.

    ``ids`` and ``resources`` narrow what is renewed or let go; both empty: all of the holder's. ``ended`` is
    NEVER without an answer. ``for_good``: the holder of that name never asks again.
    """

    client: str
    verb: Verb
    holder: str
    began: float
    ended: float = NEVER
    outcome: Outcome = Outcome.UNKNOWN
    tie: Tie = Tie.NOTHING
    resources: frozenset[str] = frozenset()
    mode: Mode = Mode.WRITE
    lasts_s: float = NEVER
    ids: frozenset[str] = frozenset()
    for_good: bool = False
    leases: tuple[Seen, ...] = ()
    waiters: tuple[Waiting, ...] = ()
    ticket: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """The daemon, a client, or one connection (by its holder's name) ended between ``at`` and ``gone``."""

    who: str
    at: float
    gone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All of it. A vanished editor keeps what it had from programs for ``vanished_s``."""

    ops: tuple[Op, ...] = ()
    deaths: tuple[Death, ...] = ()
    ticket_s: float = NEVER
    vanished_s: float = 0.0
    lists: tuple[Op, ...] = field(init=False)

    def __post_init__(self) -> None:
        lists = (each for each in self.ops if each.verb is Verb.LIST and each.outcome is Outcome.OK)
        object.__setattr__(self, "lists", tuple(sorted(lists, key=lambda each: each.ended)))


def resources(*seen: Seen | Waiting) -> frozenset[str]:
    """All that they have or want."""
    return frozenset(resource for each in seen for resource in each.resources)


def write(record: Op | Death | dict[str, Any]) -> bytes:
    """One line. An answer is a dictionary of what it adds to the question before it."""
    document = record if isinstance(record, dict) else asdict(record)
    return json.dumps(document, default=sorted).encode() + b"\n"


def read(lines: Iterable[bytes]) -> tuple[list[Op], list[Death]]:
    """What one client wrote; the last line may be half of one, as its writer was killed over it."""
    ops: list[Op] = []
    deaths: list[Death] = []
    question: dict[str, Any] | None = None
    for line in lines:
        if not line.endswith(b"\n"):
            break
        document = json.loads(line)
        if "who" in document:
            deaths.append(Death(**document))
        elif "verb" in document:
            ops += [_op(question)] if question else []
            question = document
        elif question:
            ops.append(_op(question | document))
            question = None
    return ops + ([_op(question)] if question else []), deaths


def _op(document: dict[str, Any]) -> Op:
    seen = tuple(Seen(**_typed(each)) for each in document.pop("leases", ()))
    waiting = tuple(Waiting(**_typed(each)) for each in document.pop("waiters", ()))
    return Op(**_typed(document), leases=seen, waiters=waiting)


_TYPES = {
    "verb": Verb,
    "outcome": Outcome,
    "tie": Tie,
    "mode": Mode,
    "resources": frozenset,
    "ids": frozenset,
}


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    return {name: _TYPES.get(name, lambda value: value)(value) for name, value in document.items()}
