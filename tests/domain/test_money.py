"""Caps: what may begin, what is said, and until when."""

from datetime import UTC, datetime

import pytest

from lsp_orch.domain.money import DAY_S, Cap, Purse, Short, date, day, notice, short

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
NONE = Purse(cap_usd=0)


def told(usd: float, of_day: Purse, of_chain: Purse = NONE) -> Short:
    found = short(usd, of_day, of_chain, NOON)
    assert found
    return found


@pytest.mark.parametrize(
    ("usd", "purse"),
    [
        (2, NONE),
        (1e9, Purse(cap_usd=0, spent_usd=100)),
        (2, Purse(cap_usd=2)),
        (2, Purse(cap_usd=10, spent_usd=6, reserved_usd=2)),
    ],
)
def test_what_fits_into_what_is_left_may_begin(usd: float, purse: Purse) -> None:
    assert short(usd, purse, purse, NOON) is None


def test_what_runs_has_reserved_all_that_it_may_cost() -> None:
    found = told(2, Purse(cap_usd=10, spent_usd=5, reserved_usd=4))
    assert (found.cap, found.over, found.all) == (Cap.DAY, False, True)
    assert "$4.00 reserved" in found.reason


def test_a_day_ends_at_midnight_of_utc_and_a_chain_never() -> None:
    assert told(2, Purse(cap_usd=10, spent_usd=9)).until == NOON + DAY_S / 2
    assert told(2, NONE, Purse(cap_usd=10, spent_usd=9)).until is None
    assert day(NOON) == NOON - DAY_S / 2
    assert day(day(NOON)) == day(NOON)
    assert date(day(NOON)) == "2026-11-28"


def test_what_can_never_begin_says_so() -> None:
    found = told(30, Purse(cap_usd=20))
    assert (found.until, found.over, found.all) == (None, True, False)
    assert "more than tasks.day_usd allows at all ($20.00)" in found.reason


def test_what_is_cheap_does_not_overtake_and_what_can_never_begin_is_passed_by() -> None:
    assert told(2, Purse(cap_usd=10, spent_usd=9)).all
    assert told(2, Purse(cap_usd=10, reserved_usd=9)).all
    assert not told(30, Purse(cap_usd=20)).all


def test_the_day_is_asked_before_the_chain() -> None:
    full = Purse(cap_usd=1, spent_usd=1)
    assert told(1, full, full).cap is Cap.DAY
    chain = told(1, NONE, full)
    assert (chain.cap, chain.over) == (Cap.CHAIN, True)
    assert "tasks.chain_usd" in chain.reason


def test_a_notice_says_what_to_do_and_when_it_goes_on() -> None:
    said = notice(told(2, Purse(cap_usd=10, spent_usd=9)), "task-1", NOON)
    assert (said.cap, said.about, said.told_at) == (Cap.DAY, "2026-11-28", NOON)
    assert said.words.startswith("it may cost $2.00")
    assert said.words.endswith("raise the setting, or it goes on by itself in 12 h 0 min")
    never = notice(told(30, Purse(cap_usd=20)), "task-1", NOON)
    assert never.about == "task-1"
    assert never.words.endswith("raise the setting")
    soon = Short(cap=Cap.DAY, reason="r", until=NOON + 90, over=True, all=True)
    assert notice(soon, "task-1", NOON).words.endswith("in 2 min")
