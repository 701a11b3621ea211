"""The rules by which a ready task waits, in the order in which they are asked."""

from lsp_orch.domain.starting import Hold, Rule, Scene
from lsp_orch.domain.task import Task


def room(_: Task, scene: Scene) -> Hold | None:
    """No more workers than may be at once."""
    if len(scene.working) < scene.workers:
        return None
    return Hold(reason=f"{len(scene.working)} of {scene.workers} workers are at work", everyone=True)


RULES: tuple[Rule, ...] = (room,)
