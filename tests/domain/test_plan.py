"""What a planner says becomes tasks only when all of it fits."""

from typing import Any

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.plan import ANYTHING, Piece, Proposal, parse, schema
from lsp_orch.domain.plan_estimate import FEW, Typical, estimate, guess, learned, warnings
from lsp_orch.domain.plan_order import Order, arrange
from tests.fixtures.plans import WORDS, piece, said


def proposed(*tasks: Any, most: int = 12, **changes: Any) -> Proposal | Refusal:
    return parse({"summary": "so", "tasks": list(tasks)} | changes, WORDS, most)


def test_a_plan_that_fits_becomes_a_proposal() -> None:
    proposal = proposed(said("one"), said("two", after=("one",), check=" pytest -q "))
    assert proposal == Proposal(
        summary="so", pieces=(piece("one"), piece("two", after=("one",), check="pytest -q"))
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["./src//a.py"], ("src/a.py",)),
        (["src/", "src/"], ("src/",)),
        ([], (ANYTHING,)),
        (["."], (ANYTHING,)),
        (["./"], (ANYTHING,)),
    ],
)
def test_paths_come_in_one_form_and_none_means_anything(given: list[str], read: tuple[str, ...]) -> None:
    proposal = proposed(said("one", paths=tuple(given)))
    assert isinstance(proposal, Proposal)
    assert proposal.pieces[0].paths == read


def test_a_stage_that_writes_nothing_has_no_paths() -> None:
    proposal = proposed(said("one", stage="research", paths=("src/",)))
    assert isinstance(proposal, Proposal)
    assert proposal.pieces[0].paths == ()


@pytest.mark.parametrize(
    ("tasks", "code", "named"),
    [
        ([], Code.PLAN_INVALID, "no tasks"),
        ([said(f"t{number}") for number in range(500)], Code.PLAN_INVALID, "500 tasks"),
        ([said("one"), said("one")], Code.PLAN_INVALID, "named one"),
        ([said("one", after=("two",))], Code.PLAN_INVALID, "'two'"),
        ([said("one", stage="deploy")], Code.PLAN_INVALID, "stage"),
        ([said("one", role="king")], Code.PLAN_INVALID, "role"),
        ([said("one", model="gpt")], Code.PLAN_INVALID, "model"),
        ([said("One")], Code.PLAN_INVALID, "small letters"),
        ([said("a" * 41)], Code.PLAN_INVALID, "small letters"),
        ([said("one", prompt=" \n")], Code.PLAN_INVALID, "the prompt of one is empty"),
        ([said("one", prompt="x" * 65537)], Code.PLAN_INVALID, "more than 65536"),
        ([said("one", check="true\nrm -r .")], Code.PLAN_INVALID, "more than one line"),
        ([said("one", paths=("/etc/passwd",))], Code.PATH_OUTSIDE, "/etc/passwd"),
        ([said("one", paths=("src/../../x",))], Code.PATH_OUTSIDE, "src/../../x"),
        ([said("one", paths=("",))], Code.PLAN_INVALID, "no path"),
        ([said("one", paths=("a\nb",))], Code.PLAN_INVALID, "no path"),
        ([said("one", paths=("{a,b}" * 7,))], Code.PLAN_INVALID, "more than 64"),
        ([said("one") | {"sudo": "yes"}], Code.PLAN_INVALID, "sudo"),
        ([{"name": "one"}], Code.PLAN_INVALID, "missing"),
        (["one"], Code.PLAN_INVALID, "of task 1, it is no object"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_one_that_does_not_fit_is_refused_and_says_where(tasks: list[Any], code: Code, named: str) -> None:
    refusal = proposed(*tasks)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, named in refusal.message) == (code, True), refusal.message


@pytest.mark.parametrize("whole", [None, [], {"tasks": []}, {"summary": "", "tasks": [], "go": True}])
def test_what_is_no_plan_at_all_is_refused(whole: object) -> None:
    assert isinstance(parse(whole, WORDS, 12), Refusal)


def test_exactly_as_many_as_allowed_are_taken() -> None:
    tasks = [said(f"t{number}") for number in range(3)]
    assert isinstance(proposed(*tasks, most=3), Proposal)
    assert isinstance(proposed(*tasks, most=2), Refusal)


def test_the_schema_and_the_check_know_the_same_fields() -> None:
    described: Any = schema(WORDS)
    task = described["properties"]["tasks"]["items"]
    assert task["required"] == list(task["properties"]) == list(said("one"))
    assert sorted(task["properties"]) == sorted(Piece.__slots__)
    assert task["properties"]["stage"]["enum"] == list(WORDS.stages)


def told(*pieces: Piece) -> str:
    order = arrange(pieces)
    assert isinstance(order, Order)
    return "\n".join(warnings(order, estimate(order, 4, lambda _: Typical(usd=1, seconds=60))))


def test_a_chain_is_called_serial_and_what_is_wide_is_not() -> None:
    chain = [piece("a", check="t"), piece("b", after=("a",), check="t"), piece("c", after=("b",), check="t")]
    assert "a -> b -> c is 100% of the work" in told(*chain)
    assert not told(*(piece(name, check="t") for name in "abc"))
    assert not told(piece("a", check="t"))


def test_what_may_change_anything_and_what_is_not_checked_are_named() -> None:
    words = told(piece("a", paths=(ANYTHING,)), piece("b", paths=(), stage="research"))
    assert "a does not say which files" in words
    assert "nothing checks the work of a" in words


def test_what_tasks_took_lately_counts_and_few_of_them_do_not() -> None:
    past = {"haiku": [(0.1 * number, 60.0 * number) for number in range(1, FEW + 1)], "opus": [(9.0, 900.0)]}
    typical = learned(past, lambda each: "haiku" if each.model == "auto" else each.model)
    medium = typical(piece("a", size="medium"))
    assert medium.usd == pytest.approx(0.3)
    assert (medium.seconds, medium.measured) == (180, True)
    assert typical(piece("a", size="large")).seconds == 360
    assert typical(piece("a", model="opus")) == guess(piece("a", model="opus"))
    assert not typical(piece("a", model="opus")).measured
