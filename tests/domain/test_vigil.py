"""When the time can be trusted: what each clock says, and the table of what follows."""

import itertools
from dataclasses import replace

import pytest

from lsp_orch.domain.vigil import (
    STEPS,
    Moment,
    State,
    Step,
    alarm,
    begin,
    believe,
    broken,
    look,
    mourn,
    thaw,
    too_many,
)

NOON = Moment(wall=1_800_000_000.0, steady=5000.0, awake=3000.0)


def later(wall: float, steady: float, awake: float) -> Moment:
    return Moment(wall=NOON.wall + wall, steady=NOON.steady + steady, awake=NOON.awake + awake)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (later(5, 5, 5), ""),
        (later(9, 5, 5), ""),  # a few seconds are no jump
        (later(1, 5, 5), ""),
        (later(3605, 5, 5), "the clock was set forward by 60 min"),
        (later(-55, 5, 5), "the clock was set back by 60 s"),
        (later(5, 5, 1), ""),
        (later(65, 65, 5), "the machine slept for 60 s"),
        (later(30, 30, 30), ""),
        (later(31, 31, 31), "lsp-orch did not run for 31 s"),
    ],
)
def test_each_clock_tells_what_the_others_do_not(now: Moment, said: str) -> None:
    assert broken(begin(NOON), now) == said


def test_small_steps_of_the_clock_add_up_until_it_is_believed() -> None:
    once, twice = later(8, 5, 5), later(16, 10, 10)
    seen = look(begin(NOON), once)
    assert broken(begin(NOON), once) == ""
    assert broken(seen, twice) == "the clock was set forward by 6 s"
    assert broken(believe(look(seen, twice)), later(21, 15, 15)) == ""


def test_a_freeze_lasts_by_the_steady_clock_and_is_told_by_the_wall() -> None:
    vigil = alarm(begin(NOON), "why", 120.0)
    assert thaw(vigil, later(0, 0, 0)) == NOON.wall + 120
    assert thaw(vigil, later(3600, 20, 20)) == NOON.wall + 3600 + 100
    assert look(vigil, later(119, 119, 119)).state is State.FROZEN
    over = look(vigil, later(-1000, 120, 60))
    assert (over.state, over.why, thaw(over, over.seen)) == (State.WATCHING, "", None)


def test_a_further_alarm_makes_it_longer_and_never_shorter() -> None:
    vigil = alarm(look(alarm(begin(NOON), "one", 120.0), later(60, 60, 60)), "two", 120.0)
    assert (vigil.until, vigil.why) == (NOON.steady + 180, "two")
    assert alarm(vigil, "three", 10.0).until == NOON.steady + 180


def test_three_who_die_within_half_a_minute_are_too_many_and_one_who_dies_thrice_is_one() -> None:
    vigil = mourn(mourn(mourn(begin(NOON), ["a"]), ["a", "b"]), ["a"])
    assert too_many(vigil) == ""
    assert too_many(mourn(vigil, ["c"])) == "3 sessions died within 30 s"
    assert too_many(mourn(look(vigil, later(30, 30, 30)), ["c", "d"])) == ""
    assert too_many(mourn(look(vigil, later(29, 29, 29)), ["c"])) == "3 sessions died within 30 s"


def test_an_alarm_counts_its_deaths_once() -> None:
    vigil = alarm(mourn(begin(NOON), ["a", "b", "c"]), "many", 120.0)
    assert too_many(mourn(vigil, ["d"])) == ""


def test_only_a_freeze_can_lapse() -> None:
    assert set(itertools.product(State, Step)) - set(STEPS) == {(State.WATCHING, Step.LAPSE)}
    vigil = begin(NOON)
    assert look(vigil, later(5, 5, 5)) == replace(vigil, seen=later(5, 5, 5))
