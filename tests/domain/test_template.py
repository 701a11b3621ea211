"""Templates: what makes sense, what goes where, and what nobody reads twice."""

from dataclasses import replace

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.template import (
    Kind,
    Shelf,
    Template,
    check,
    filled,
    planner_prompt,
    task_prompt,
    tools,
)
from tests.fixtures.plans import piece

STAGE = Template(kind=Kind.STAGE, name="implement", about="Does it.", text="Do it for {{goal}}.")
READS = replace(STAGE, name="research", about="Finds out.", tools=("Read", "Bash"), writes=False)
ROLE = Template(kind=Kind.ROLE, name="security", about="Looks for holes.", text="Look for holes.")
PIPELINE = Template(
    kind=Kind.PIPELINE, name="full", about="all", text="Split it.", stages=("research", "implement")
)
SHELF = Shelf(
    of={
        Kind.PIPELINE: {"full": PIPELINE},
        Kind.STAGE: {"implement": STAGE, "research": READS},
        Kind.ROLE: {"security": ROLE},
    }
)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (replace(STAGE, name="Implement"), "small letters"),
        (replace(ROLE, name="none"), "cannot be named none"),
        (replace(STAGE, about=" "), "about is missing"),
        (replace(STAGE, text=""), "says nothing"),
        (replace(PIPELINE, stages=()), "needs stages"),
        (replace(STAGE, stages=("x",)), "only a pipeline"),
        (replace(STAGE, tools=("Bash(rm:*)",)), "no name of a tool"),
        (replace(STAGE, text="{{ secret }}"), "{{secret}}"),
        (replace(STAGE, text="{{}}"), "{{}}"),
    ],
)
def test_what_makes_no_sense_is_named(template: Template, told: str) -> None:
    assert told in check(template)


@pytest.mark.parametrize("template", [STAGE, READS, ROLE, PIPELINE])
def test_what_does_is_taken(template: Template) -> None:
    assert not check(template)


def test_a_goal_that_looks_like_a_place_is_not_filled_again() -> None:
    assert filled("for {{goal}}, {{ goal }}", "{{goal}} \\1") == "for {{goal}} \\1, {{goal}} \\1"


def test_the_planner_is_told_the_goal_and_all_words() -> None:
    prompt = planner_prompt(PIPELINE, SHELF, "be quick", 7)
    assert prompt.startswith("Split it.\n\nThe goal:\nbe quick")
    for said in ("- research: Finds out. It changes no files.", "- security", "- none", "At most 7 tasks"):
        assert said in prompt


def test_a_task_is_told_its_own_prompt_first() -> None:
    parts = SHELF.parts("implement", "security")
    assert task_prompt(piece("a"), parts, "speed") == "do a well\n\nDo it for speed.\n\nLook for holes."
    assert SHELF.parts("gone", "none") == ()


def test_tools_are_only_ever_taken_away() -> None:
    assert tools([STAGE, ROLE]) is None
    assert tools([READS, ROLE]) == ("Read", "Bash")
    assert tools([READS, replace(ROLE, tools=("Bash", "Edit"))]) == ("Bash",)
    assert tools([READS, replace(ROLE, tools=("Edit",))]) == ()


def test_a_pipeline_is_whole_or_refused() -> None:
    assert SHELF.pipeline("full") == PIPELINE
    assert SHELF.words(PIPELINE).stages == {"research": False, "implement": True}
    missing = SHELF.pipeline("fast")
    assert isinstance(missing, Refusal)
    assert (missing.code, "full" in missing.hint) == (Code.TEMPLATE_NOT_FOUND, True)
    torn = Shelf(of={Kind.PIPELINE: {"full": PIPELINE}, Kind.STAGE: {}}).pipeline("full")
    assert isinstance(torn, Refusal)
    assert "research" in torn.message
