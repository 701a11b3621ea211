"""Who would wait for themselves."""

from lsp_orch.domain.cycles import cycle


def test_a_cycle_is_named_from_the_waiter_back_to_it() -> None:
    waits_for = {"b": ["a"], "c": ["b"], "d": ["c"]}
    assert cycle("a", ["d"], lambda task: waits_for.get(task, [])) == ("a", "d", "c", "b", "a")


def test_nobody_can_wait_for_themselves() -> None:
    assert cycle("a", ["a"], lambda _: []) == ("a", "a")


def test_a_diamond_is_no_cycle() -> None:
    waits_for = {"b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert cycle("e", ["d", "a"], lambda task: waits_for.get(task, [])) == ()


def test_a_long_chain_is_walked_without_recursion() -> None:
    last = 100_000
    path = cycle("0", [str(last)], lambda task: [str(int(task) - 1)] if task != "0" else [])
    assert len(path) == last + 2
