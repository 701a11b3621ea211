"""The first rule that has anything against it holds a task back."""

from lsp_orch.domain.starting import Hold, Idle, Scene, held
from lsp_orch.domain.task import State, Task
from tests.fixtures.tasks import a_task

TASK = a_task(State.READY)
SCENE = Scene(now=0.0, workers=1)


def against(reason: str) -> Hold:
    return Hold(reason=reason)


def test_the_first_rule_that_objects_decides() -> None:
    def nothing(_: Task, __: Scene) -> None:
        return None

    def first(_: Task, __: Scene) -> Hold:
        return against("first")

    def second(_: Task, __: Scene) -> Hold:
        return against("second")

    assert held(TASK, SCENE, (nothing, first, second)) == against("first")
    assert held(TASK, SCENE, (nothing,)) is None
    assert held(TASK, SCENE, ()) is None


def test_who_is_idle_looks_again_at_the_earliest_time_that_is_known() -> None:
    assert Idle().until is None
    assert not Idle().waiting
    later = Idle(holds={"a": Hold(reason="a limit", until=9.0), "b": against("a lease")}, due=20.0)
    assert later.until == 9.0
    assert Idle(holds={"b": against("a lease")}).until is None
    assert Idle(holds={"b": against("a lease")}).waiting
    assert Idle(due=5.0).waiting
