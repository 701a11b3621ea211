"""Who waits for whom."""

import pytest

from lsp_orch.domain import chain
from lsp_orch.domain.errors import Code
from lsp_orch.domain.task import State


def test_a_task_is_ready_when_all_it_waits_for_is_done() -> None:
    assert chain.ready([])
    assert chain.ready([State.DONE, State.DONE])


@pytest.mark.parametrize("state", [state for state in State if state is not State.DONE])
def test_nothing_but_done_lets_a_task_start(state: State) -> None:
    assert not chain.ready([State.DONE, state])
    assert chain.blockers({"a": State.DONE, "b": state}) == {"b": state}


def test_a_cycle_is_named_from_the_task_back_to_it() -> None:
    waits_for = {"b": ["a"], "c": ["b"], "d": ["c"]}
    assert chain.cycle("a", ["d"], lambda task: waits_for.get(task, [])) == ("a", "d", "c", "b", "a")


def test_a_task_cannot_wait_for_itself() -> None:
    assert chain.cycle("a", ["a"], lambda _: []) == ("a", "a")


def test_a_diamond_is_no_cycle() -> None:
    waits_for = {"b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert chain.cycle("e", ["d", "a"], lambda task: waits_for.get(task, [])) == ()


def test_a_long_chain_is_walked_without_recursion() -> None:
    last = 100_000
    path = chain.cycle("0", [str(last)], lambda task: [str(int(task) - 1)] if task != "0" else [])
    assert len(path) == last + 2


def test_the_refusal_names_the_whole_cycle() -> None:
    refusal = chain.refuse_cycle(("a", "c", "b", "a"))
    assert refusal.code is Code.TASK_CYCLE
    assert "a after c after b after a" in refusal.message
