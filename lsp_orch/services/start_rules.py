"""The rules by which a ready task waits, in the order in which they are asked."""

from lsp_orch.domain.fault import ACCOUNT, told
from lsp_orch.domain.hold import due, in_the_way
from lsp_orch.domain.pause import told as told_pause
from lsp_orch.domain.starting import Hold, Rule, Scene
from lsp_orch.domain.task import Task


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
            return Hold(reason=told_pause(pause), everyone=not pause.workspace, parked=True)
    return None


RULES: tuple[Rule, ...] = (paused, provider, room)
