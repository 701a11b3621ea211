"""All that can happen, so that whoever pushes news sees on one screen what there is to push."""

from dataclasses import dataclass

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.version import Author


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
    """``why`` is one of released, expired, closed, died, upgraded, reclaimed, stolen, handed-over.

    ``by`` is who has it now, and ``reason`` what for, when somebody else took it or was given it.
    """

    lease: Lease
    why: str
    by: str = ""
    reason: str = ""


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
class ClaimMade:
    """A waiter will take these leases at ``waiter.claims_at`` unless one of their holders objects."""

    waiter: Waiter
    leases: tuple[Lease, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRefused:
    """The holder named ``by`` keeps what was claimed; the waiter waits on."""

    waiter: Waiter
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWritten:
    """A holder wrote or deleted a file at that time, so whoever shows it may show what is no more."""

    scope: Scope
    by: Author
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged:
    """A task came to another state."""

    id: str
    state: str


LeaseEvent = LeaseGranted | LeaseChanged | LeaseEnded | WaiterQueued | WaiterGone | ClaimMade | ClaimRefused
Event = LeaseEvent | FileWritten | TaskChanged
