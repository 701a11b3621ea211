"""Who waits for whom."""

import pytest

from lsp_orch.domain import chain
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.task import State


def test_a_task_is_ready_when_all_it_waits_for_is_done() -> None:
    assert chain.ready([])
    assert chain.ready([State.DONE, State.DONE])


@pytest.mark.parametrize("state", [state for state in State if state is not State.DONE])
def test_nothing_but_done_lets_a_task_start(state: State) -> None:
    assert not chain.ready([State.DONE, state])
    assert chain.blockers({"a": State.DONE, "b": state}) == {"b": state}


def test_the_refusal_names_the_whole_cycle() -> None:
    refusal = chain.refuse_cycle(("a", "c", "b", "a"))
    assert refusal.code is Code.TASK_CYCLE
    assert "a after c after b after a" in refusal.message


def test_a_batch_is_put_in_order_or_its_cycle_is_named() -> None:
    assert chain.order({"c": ["b", "other"], "b": ["a"], "a": []}) == ("a", "b", "c")
    refusal = chain.order({"c": ["b"], "b": ["a"], "a": ["c"], "d": ["a"]})
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.TASK_CYCLE
    found = refusal.message.split(": ")[1]
    turns = ("a after c after b after a", "b after a after c after b", "c after b after a after c")
    assert found in turns
