"""What may hold a task back that is ready: one rule after the other, the first that objects decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from lsp_orch.domain.hold import NO_PATIENCE, Patience, ProviderHold
from lsp_orch.domain.pause import Pause
from lsp_orch.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What there is when somebody is chosen: those at work now, and how many ``workers`` may be.

    ``resting`` are those whose runs are parked. ``holds`` are the providers that have said no. ``model`` says
    whom a task will ask, and ``free_mb`` how much memory there is.
    """

    now: float
    workers: int
    working: tuple[Task, ...] = ()
    resting: tuple[Task, ...] = ()
    holds: tuple[ProviderHold, ...] = ()
    pauses: tuple[Pause, ...] = ()
    patience: Patience = NO_PATIENCE
    model: Callable[[Task], str] = lambda task: task.model
    free_mb: Callable[[], float] = lambda: inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a task does not start, for people; ``until``, always ahead, is when to look again at the latest.

    What holds ``everyone`` is no matter of this task: nobody behind it need be asked. What holds a ``parked``
    run, too, is no matter of what it was let do when it began. What names in ``waits_for`` something that
    will end holds all tasks of the same lane, and nobody looks before that.
    """

    reason: str
    until: float | None = None
    everyone: bool = False
    parked: bool = False
    waits_for: str = ""


def until_lease(lease_id: str) -> str:
    """What a task waits for that a lease holds back."""
    return f"lease {lease_id}"


def until_task(task: Task) -> str:
    """The same of another task's run."""
    return f"task {task.id}"


def until_resumed(workspace: str) -> str:
    """The same of a pause."""
    return f"pause {workspace}"


def until_room(what: str, name: str) -> str:
    """The same of a cap: of a ``model`` or a ``workspace``."""
    return f"{what} {name}"


Rule = Callable[[Task, Scene], Hold | None]
"""Looks at a task that is to start, and says what is against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nobody starts now: who was looked at and held back, by id, and when the next one's own time comes.

    ``more`` when not all were looked at; ``lanes`` when some need no look until something ends.
    """

    holds: Mapping[str, Hold] = field(default_factory=dict)
    due: float | None = None
    more: bool = False
    lanes: bool = False

    @property
    def until(self) -> float | None:
        """When to look again though nothing has changed."""
        times = [self.due, *(hold.until for hold in self.holds.values())]
        return min((time for time in times if time is not None), default=None)

    @property
    def waiting(self) -> bool:
        """Whether anything will start once its time or its room has come."""
        return bool(self.holds) or self.lanes or self.due is not None


def held(task: Task, scene: Scene, rules: Sequence[Rule]) -> Hold | None:
    """What the first rule says that has anything against it."""
    return next((hold for rule in rules if (hold := rule(task, scene))), None)
