"""All that can happen, so that whoever pushes news sees on one screen what there is to push."""

from dataclasses import dataclass

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGranted:
    """``ticket`` is the waiter's id when the grant came from the queue, else empty."""

    lease: Lease
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseChanged:
    """A live lease came to another state, or to another end."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseEnded:
    """``why`` is one of released, expired, closed, died, upgraded, reclaimed."""

    lease: Lease
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiterQueued:
    """Somebody waits."""

    waiter: Waiter


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiterGone:
    """A waiter left the queue without a grant; ``why`` is one of withdrawn, expired, died."""

    waiter: Waiter
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged:
    """A task came to another state."""

    id: str
    state: str


LeaseEvent = LeaseGranted | LeaseChanged | LeaseEnded | WaiterQueued | WaiterGone
Event = LeaseEvent | TaskChanged
