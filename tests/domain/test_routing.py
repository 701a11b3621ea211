"""Which model a task gets, and why."""

from typing import Any

import pytest

from lsp_orch.domain.routing import (
    LADDER,
    ROUTES,
    TELLING,
    Choice,
    Failure,
    Route,
    Work,
    asked,
    choose,
    read,
    telling,
)


def work(title: str = "add a verb", **changes: Any) -> Work:
    return Work(**({"title": title} | changes))


def failed(*models: str, ending: str = "no-result") -> tuple[Failure, ...]:
    return tuple(Failure(ending=ending, model=model) for model in models)


@pytest.mark.parametrize(
    ("what", "model", "reason"),
    [
        (work(), "sonnet", "the setting tasks.model"),
        (work("Rename Lease to Claim"), "haiku", "mechanical work"),
        (work("fix a TYPO"), "haiku", "mechanical work"),
        (work("renamed files are followed"), "sonnet", "the setting"),  # a word, not a part of one
        (work("the architecture of the store"), "opus", "architecture"),
        (work("rename in the protocol"), "opus", "architecture"),  # the first rule that fits
        (work("say it", stage="plan"), "opus", "decides how others work"),
        (work(failures=failed("sonnet", "sonnet")), "opus", "two attempts"),
        (work("rename it", failures=failed("haiku", "haiku")), "opus", "two attempts"),
        # after a failure, one step up
        (work("rename it", failures=failed("haiku")), "sonnet", "haiku ended with no-result, so one step up"),
        (work(failures=failed("sonnet", ending="rejected")), "opus", "sonnet ended with rejected"),
        (work("architecture", failures=failed("haiku")), "opus", "architecture"),  # it is above already
        (work("architecture", failures=failed("opus")), "opus", "architecture"),  # there is no higher one
        (work(failures=failed("a-model-of-yours")), "sonnet", "the setting"),
    ],
)
def test_the_first_rule_that_fits_decides_and_a_failure_goes_one_step_up(
    what: Work, model: str, reason: str
) -> None:
    choice = choose(what, ROUTES, "sonnet", escalate=True)
    assert (choice.model, reason in choice.reason) == (model, True), choice


def test_what_somebody_has_asked_for_stays() -> None:
    assert asked("claude-sonnet-5-5") == Choice(model="claude-sonnet-5-5", reason="asked for")


def test_without_escalation_a_failure_changes_nothing_but_what_rules_say() -> None:
    assert choose(work("rename", failures=failed("haiku")), ROUTES, "sonnet", escalate=False).model == "haiku"
    twice = work("rename", failures=failed("haiku", "haiku"))
    assert choose(twice, ROUTES, "sonnet", escalate=False).model == "opus"


@pytest.mark.parametrize(
    ("route", "fits"),
    [
        (Route(model="m", reason="r"), True),
        (Route(model="m", reason="r", words=("verb",)), True),
        (Route(model="m", reason="r", words=("a.d",)), False),  # words are no patterns
        (Route(model="m", reason="r", paths=("docs/**", "**/*.md")), True),
        (Route(model="m", reason="r", paths=("docs/**",)), False),  # one path is elsewhere
        (Route(model="m", reason="r", roles=("testing", "security")), True),
        (Route(model="m", reason="r", roles=("testing",)), False),
        (Route(model="m", reason="r", stages=("research",)), False),
        (Route(model="m", reason="r", words=("verb",), roles=("testing",)), False),  # all of it
        (Route(model="m", reason="r", failed=1), False),
    ],
)
def test_a_rule_fits_when_all_that_it_names_does(route: Route, *, fits: bool) -> None:
    what = work("add a verb", paths=("docs/", "README.md", "a/*.md"), role="security", stage="implement")
    assert route.fits(what) is fits


def test_work_without_paths_is_within_none() -> None:
    assert not Route(model="m", reason="r", paths=("**",)).fits(work())


def test_only_what_the_model_did_counts_as_its_failure() -> None:
    kinds = (
        "gave-up",
        "provider",
        "ours",
        "died",
        "silent",
        "timed-out",
        "put-off",
        "cancelled",
        "no-result",
    )
    found = telling([Failure(ending=each, model="haiku") for each in kinds])
    assert [each.ending for each in found] == ["gave-up", "no-result"]
    assert TELLING.isdisjoint({"provider", "ours", "cancelled", "done"})


def test_rules_are_read_as_files_have_them() -> None:
    table = {"model": "haiku", "reason": "docs", "paths": ["docs/**"], "failed": 1}
    assert read([table]) == (Route(model="haiku", reason="docs", paths=("docs/**",), failed=1),)
    assert read(ROUTES) == ROUTES
    assert read([]) == ()


@pytest.mark.parametrize(
    "broken",
    [
        "haiku",
        {"model": "haiku", "reason": "r"},
        ["haiku"],
        [{"model": "haiku"}],
        [{"model": "", "reason": "r"}],
        [{"model": "haiku", "reason": "r", "words": "typo"}],
        [{"model": "haiku", "reason": "r", "words": [""]}],
        [{"model": "haiku", "reason": "r", "words": [1]}],
        [{"model": "haiku", "reason": "r", "failed": "1"}],
        [{"model": "haiku", "reason": "r", "failed": True}],
        [{"model": "haiku", "reason": "r", "failed": -1}],
        [{"model": "haiku", "reason": "r", "paths": ["{a,b}" * 7]}],
        [{"model": "haiku", "reason": "r", "else": ["x"]}],
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(broken: object) -> None:
    assert read(broken) is None


def test_our_own_rules_only_name_models_of_the_ladder() -> None:
    assert {each.model for each in ROUTES} <= set(LADDER)
    assert choose(work(), (), "opus", escalate=True) == Choice(model="opus", reason="the setting tasks.model")
