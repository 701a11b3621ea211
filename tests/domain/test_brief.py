"""What a worker is told."""

from dataclasses import replace

from lsp_orch.domain import brief
from lsp_orch.domain.task import Isolation, State
from tests.fixtures.tasks import a_task


def test_the_prompt_comes_first_and_the_rules_follow() -> None:
    task = replace(a_task(State.RUNNING), paths=("src/**",), check="make test", error="it died")
    words = brief.write(task)
    assert words.startswith("do it\n")
    for said in ("src/**", "make test", "it died", "structured result", "worktree"):
        assert said in words


def test_a_shared_task_is_told_not_to_commit() -> None:
    assert "Do not commit" in brief.write(replace(a_task(State.RUNNING), isolate=Isolation.SHARED))
