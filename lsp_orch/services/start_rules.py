"""The rules by which a ready task waits, in the order in which they are asked."""

from collections.abc import Sequence

from lsp_orch.domain.fault import ACCOUNT, told
from lsp_orch.domain.hold import due, in_the_way
from lsp_orch.domain.pause import told as told_pause
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Hold, Rule, Scene, until_resumed, until_room
from lsp_orch.domain.task import State, Task
from lsp_orch.domain.workers import caps

_AGAIN_S = 10.0  # nobody tells when memory is free again


def room(_: Task, scene: Scene) -> Hold | None:
    """No more workers than may be at once."""
    if len(scene.working) < scene.workers:
        return None
    return Hold(reason=f"{len(scene.working)} of {scene.workers} workers are at work", everyone=True)


def provider(task: Task, scene: Scene) -> Hold | None:
    """Nobody asks a provider that has said no, but one run that tries at its time."""
    if not scene.holds:
        return None  # which model it is need not be known
    for hold in in_the_way(scene.holds, scene.model(task)):
        everyone = hold.scope == ACCOUNT
        if not due(hold, scene.now, scene.patience):
            return Hold(reason=told(hold.kind, hold.said), until=hold.until, everyone=everyone, parked=True)
        if any(each.run == hold.probe for each in scene.working):
            reason = f"one run tries whether {hold.scope} is served again"
            return Hold(reason=reason, everyone=everyone, parked=True)
    return None


def paused(task: Task, scene: Scene) -> Hold | None:
    """Nothing starts, and nothing goes on, where somebody said so."""
    for pause in scene.pauses:
        if pause.workspace in ("", task.workspace):
            waits_for = until_resumed(pause.workspace) if pause.workspace else ""
            reason = told_pause(pause)
            return Hold(reason=reason, everyone=not pause.workspace, parked=True, waits_for=waits_for)
    return None


def capped(settings: Settings) -> tuple[Rule, ...]:
    """The rules that have a number of their own in the settings."""
    models, most, floor_mb = (
        caps(settings.tasks_model_workers),
        settings.tasks_workspace_workers,
        settings.tasks_memory_floor_mb,
    )

    def memory(_: Task, scene: Scene) -> Hold | None:
        """A worker more would have others wait for memory, or die of its lack."""
        if not floor_mb or (free_mb := scene.free_mb()) >= floor_mb:
            return None
        reason = f"only {free_mb:.0f} MiB of memory are free, less than tasks.memory_floor_mb ({floor_mb})"
        return Hold(reason=reason, until=scene.now + _AGAIN_S, everyone=True)

    def of_model(task: Task, scene: Scene) -> Hold | None:
        """No more workers with one model than may be at once."""
        if (
            not models
            or task.state is State.PARKED
            or (cap := models.get(model := scene.model(task))) is None
        ):
            return None
        return _full(model_workers(scene.working, model), cap, "with", until_room("model", model))

    def of_workspace(task: Task, scene: Scene) -> Hold | None:
        """Nor in one workspace."""
        if not most or task.state is State.PARKED:
            return None
        at_work = workspace_workers(scene.working, task.workspace)
        return _full(at_work, most, "in", until_room("workspace", task.workspace))

    return (memory, of_model, of_workspace)


def model_workers(working: Sequence[Task], model: str) -> int:
    """How many are at work with that model."""
    return sum(each.chosen_model == model for each in working)


def workspace_workers(working: Sequence[Task], workspace: str) -> int:
    """How many are at work in that workspace."""
    return sum(each.workspace == workspace for each in working)


def _full(at_work: int, cap: int, how: str, waits_for: str) -> Hold | None:
    if at_work < cap:
        return None
    what = waits_for.partition(" ")[2]
    return Hold(reason=f"{at_work} of {cap} workers {how} {what} are at work", waits_for=waits_for)


RULES: tuple[Rule, ...] = (paused, provider, room)
