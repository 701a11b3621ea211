"""What may hold a task back that is ready: one rule after the other, the first that objects decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_orch.domain.hold import NO_PATIENCE, Patience, ProviderHold
from lsp_orch.domain.pause import Pause
from lsp_orch.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What there is when somebody is chosen: those at work now, and how many ``workers`` may be.

    ``holds`` are the providers that have said no. ``model`` says whom a task will ask.
    """

    now: float
    workers: int
    working: tuple[Task, ...] = ()
    holds: tuple[ProviderHold, ...] = ()
    pauses: tuple[Pause, ...] = ()
    patience: Patience = NO_PATIENCE
    model: Callable[[Task], str] = lambda task: task.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a task does not start, for people; ``until``, always ahead, is when to look again at the latest.

    What holds ``everyone`` is no matter of this task: nobody behind it need be asked. What holds a ``parked``
    run, too, is no matter of what it was let do when it began.
    """

    reason: str
    until: float | None = None
    everyone: bool = False
    parked: bool = False


Rule = Callable[[Task, Scene], Hold | None]
"""Looks at a task that is to start, and says what is against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nobody starts now: who is held back, by id, and when the next one's own time comes."""

    holds: Mapping[str, Hold] = field(default_factory=dict)
    due: float | None = None

    @property
    def until(self) -> float | None:
        """When to look again though nothing has changed."""
        times = [self.due, *(hold.until for hold in self.holds.values())]
        return min((time for time in times if time is not None), default=None)

    @property
    def waiting(self) -> bool:
        """Whether anything will start once its time or its room has come."""
        return bool(self.holds) or self.due is not None


def held(task: Task, scene: Scene, rules: Sequence[Rule]) -> Hold | None:
    """What the first rule says that has anything against it."""
    return next((hold for rule in rules if (hold := rule(task, scene))), None)
