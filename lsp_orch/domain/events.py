"""All that can happen, so that whoever pushes news sees on one screen what there is to push."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.hold import ProviderHold
from lsp_orch.domain.lease import Holder, Lease
from lsp_orch.domain.message import Pace
from lsp_orch.domain.money import Notice
from lsp_orch.domain.pause import Pause
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.session import Session
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

    Or it is unknown: another daemon did it, and its word was lost. ``by`` is who has it now, and ``reason``
    what for, when somebody else took it or was given it.
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
    """A waiter left the queue without a grant; ``why`` is one of withdrawn, expired, died, unknown."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """Something is to be told to the session, or person, ``to``."""

    to: str
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Other daemons on the same store have changed something: this is how it stands there now.

    ``missing`` are the ids of leases and tickets that are gone, and ``why`` where that was told. ``whole``
    means that what is not here is not there. ``domain/hearsay.py`` makes the other events of it.
    """

    leases: tuple[Lease, ...] = ()
    waiters: tuple[Waiter, ...] = ()
    tasks: tuple[TaskChanged, ...] = ()
    messages: tuple[MessageSent, ...] = ()
    missing: frozenset[str] = frozenset()
    why: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCame:
    """Somebody is here whose process is known, or goes on in another one."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWent:
    """Somebody took leave, or was reaped."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReapingFrozen:
    """Nobody is reaped before ``until`` (seconds since the epoch); ``longer`` when it was frozen already."""

    until: float
    why: str
    longer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReapingResumed:
    """The freeze is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """An agent knows what the file at the canonical ``path`` says, by reading or writing it."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesForgotten:
    """No agent knows any more what these files say."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignWrite:
    """Somebody wrote a file that others hold or have read, and held it not; told once for each change.

    ``path`` is canonical. ``by`` has no id when nobody we know of can be named. ``before`` and ``after`` are
    the versions of what the file said and says, empty where none is kept; ``holders`` held it, ``readers``
    (ids of agents) know it as it was.
    """

    path: str
    workspace: str
    by: Author
    at: float
    before: str
    after: str
    holders: tuple[Holder, ...]
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged:
    """A plan was begun, or came to another state: what its planner had reserved may be free."""

    id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyShort:
    """A cap stops the queue; told once of each day or task."""

    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged:
    """A provider holds tasks back, in another way than before, or with no ``hold`` no more."""

    scope: str
    hold: ProviderHold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherPaused:
    """Nothing starts any more, in one workspace or in all."""

    pause: Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherResumed:
    """It goes on there; an empty workspace is the pause of all, which is over."""

    workspace: str
    by: str


LeaseEvent = LeaseGranted | LeaseChanged | LeaseEnded | WaiterQueued | WaiterGone | ClaimMade | ClaimRefused
SessionEvent = SessionCame | SessionWent
ReaperEvent = ReapingFrozen | ReapingResumed
FileEvent = FileRead | FileWritten | FilesForgotten | ForeignWrite
TaskEvent = TaskChanged | HoldChanged | PlanChanged | MoneyShort
DispatcherEvent = DispatcherPaused | DispatcherResumed
WorkEvent = TaskEvent | DispatcherEvent | MessageSent
Event = LeaseEvent | WorkEvent | SessionEvent | ReaperEvent | FileEvent | Heard
