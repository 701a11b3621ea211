"""All that can happen, so that whoever pushes news sees on one screen what there is to push."""

from dataclasses import dataclass

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Holder, Lease
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignWrite:
    """Somebody wrote a file that others hold or have read, and held it not; told once for each change.

    ``path`` is canonical. ``by`` has no id when nobody we know of can be named. ``before`` and ``after`` are
    the versions of what the file said and says, empty where none is kept; ``holders`` held it, ``readers``
    (ids of agents) had read it.
    """

    path: str
    workspace: str
    by: Author
    at: float
    before: str
    after: str
    holders: tuple[Holder, ...]
    readers: tuple[str, ...] = ()


LeaseEvent = LeaseGranted | LeaseChanged | LeaseEnded | WaiterQueued | WaiterGone
Event = LeaseEvent | TaskChanged | ForeignWrite
