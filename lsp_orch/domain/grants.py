"""Who is next: first come first served, readers share, nobody overtakes a waiting writer."""

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.lease import Holder, Lease, Mode, State
from lsp_orch.domain.scope import Scope, covered, touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A wish for all of ``scopes`` or none.

    ``ttl_s`` is how long a silent holder keeps them; ``state`` where the lease begins: ``held``, or
    ``dirty`` for a person who asks by typing and waits for as long as the buffer is unsaved.
    """

    holder: Holder
    workspace: str
    scopes: tuple[Scope, ...]
    mode: Mode
    reason: str
    ttl_s: float
    state: State = State.HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """An ask in the queue. ``place`` only grows and decides who is first; ``id`` is the ticket.

    ``expires_at`` is None for a person's dirty buffer: it waits as long as the buffer is dirty. At
    ``claims_at``, if it has one, it takes what stands in its way.
    """

    id: str
    place: int
    ask: Ask
    since: float
    expires_at: float | None
    claims_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The ask was met."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The ask waits: ``position`` 1 is next; ``conflicts`` are the leases in its way."""

    waiter: Waiter
    position: int
    conflicts: tuple[Lease, ...]


def again(ask: Ask, earlier: Ask) -> bool:
    """Whether a holder repeats what it asked for before; words and times may differ."""
    return (ask.holder.id, ask.mode, ask.scopes) == (earlier.holder.id, earlier.mode, earlier.scopes)


def blockers(ask: Ask, live: Iterable[Lease]) -> tuple[Lease, ...]:
    """The leases of others that this ask cannot live beside."""
    return tuple(
        lease
        for lease in live
        if lease.holder.id != ask.holder.id
        and Mode.WRITE in (lease.mode, ask.mode)
        and touch(lease.scopes, ask.scopes)
    )


def ahead(ask: Ask, queue: Iterable[Waiter]) -> tuple[Waiter, ...]:
    """The waiters of others that came first and that this ask must not overtake."""
    return tuple(
        waiter
        for waiter in queue
        if waiter.ask.holder.id != ask.holder.id
        and Mode.WRITE in (waiter.ask.mode, ask.mode)
        and touch(waiter.ask.scopes, ask.scopes)
    )


def giving(ask: Ask, live: Iterable[Lease]) -> tuple[Lease, ...]:
    """The holder's own leases that already give some of what is asked."""
    return tuple(
        lease
        for lease in live
        if lease.holder.id == ask.holder.id
        and (lease.mode is Mode.WRITE or ask.mode is Mode.READ)
        and any(covered(scope, lease.scopes) for scope in ask.scopes)
    )


def missing(ask: Ask, live: Iterable[Lease]) -> tuple[Scope, ...]:
    """What the holder's own leases do not yet give of all that is asked."""
    given = frozenset(scope for lease in giving(ask, live) for scope in lease.scopes)
    return tuple(scope for scope in ask.scopes if scope not in given and not covered(scope, given))


def refuse_deadlock(ask: Ask, names: Iterable[str]) -> Refusal:
    """Say who would wait for whom for ever; ``names`` begins and ends with whoever asks."""
    paths = ", ".join(scope.key for scope in ask.scopes)
    return Refusal(
        code=Code.LEASE_DEADLOCK,
        message=f"waiting for {paths} would never end: {', who waits for '.join(names)}",
        hint="let go of what you hold (end your turn, or `lsp-orch lease release`), then ask again",
    )
