"""The promises about a provider's faults over random histories, and each of them failing on a seeded bug."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import ending, hold
from lsp_orch.domain.fault import ACCOUNT, Fault, Kind
from lsp_orch.domain.hold import Patience, ProviderHold
from lsp_orch.domain.result import Ending
from lsp_orch.services import start_rules
from lsp_orch.services.holding import Holding
from lsp_orch.store.holds import HoldTable
from tests.properties.holds import HoldMachine

THOROUGH = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
)
UNTIL_FOUND = settings(THOROUGH, max_examples=300, derandomize=True, phases=[Phase.generate])

Seed = Callable[[pytest.MonkeyPatch], None]


def test_holds_keep_every_promise_in_any_history() -> None:
    run_state_machine_as_test(HoldMachine, settings=THOROUGH)


def a_429_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(ending.AFTER, Ending.PROVIDER, replace(ending.AFTER[Ending.PROVIDER], spends=True))


def forgotten_with_the_daemon(patch: pytest.MonkeyPatch) -> None:
    """Kept in memory: a daemon begins without any."""
    right, every, new = Holding.__init__, HoldTable.all, [False]

    def begin(self: Holding, *arguments: Any) -> None:
        right(self, *arguments)
        new[0] = True

    def found(self: HoldTable) -> list[ProviderHold]:
        if new[0]:
            new[0] = False
            for each in every(self):
                self.end(each.scope)
        return every(self)

    patch.setattr(Holding, "__init__", begin)
    patch.setattr(HoldTable, "all", found)


def all_at_the_reset(patch: pytest.MonkeyPatch) -> None:
    """Nobody sees that one tries."""
    right = hold.in_the_way

    def blind(found: Sequence[ProviderHold], model: str) -> list[ProviderHold]:
        return [replace(each, probe=0) for each in right(found, model)]

    patch.setattr(start_rules, "in_the_way", blind)


def no_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(start_rules, "due", lambda *_: True)


def never_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Holding, "answered", lambda *_: None)


def as_long_as_they_say(patch: pytest.MonkeyPatch) -> None:
    """Nobody caps what a provider says."""
    right = hold.begin

    def begin(fault: Fault, now: float, patience: Patience) -> ProviderHold:
        found = right(fault, now, patience)
        return found if fault.until is None else replace(found, until=max(found.until, fault.until))

    patch.setattr(hold, "begin", begin)
    patch.setattr(hold, "due", lambda each, now, _: now >= each.until)
    patch.setattr(start_rules, "due", hold.due)


def any_answer_lifts_none(patch: pytest.MonkeyPatch) -> None:
    """The probe died, and nobody takes its place."""
    patch.setattr(hold, "try_with", lambda each, run: each if each.probe else replace(each, probe=run))


SEEDS: dict[str, tuple[Seed, str]] = {
    "a 429 spends an attempt": (a_429_counts, "an attempt was spent on the provider"),
    "a hold is forgotten with its daemon": (
        forgotten_with_the_daemon,
        "started before the time|a herd at the reset",
    ),
    "all start at the reset": (all_at_the_reset, "a herd at the reset"),
    "a hold holds nobody": (no_wait, "started before the time|a herd at the reset"),
    "no answer ends a hold": (never_again, "a ready task was left lying|a hold without end"),
    "a provider may say for ever": (as_long_as_they_say, "a hold without end|a ready task was left lying"),
    "nobody tries after a dead probe": (
        any_answer_lifts_none,
        "a herd at the reset|a ready task was left lying|a hold without end",
    ),
}


@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, promise = SEEDS[name]
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=promise):
        run_state_machine_as_test(HoldMachine, settings=UNTIL_FOUND)


PATIENCE = Patience(steps=(60.0, 300.0), most_s=3600.0)
BUSY = Fault(kind=Kind.BUSY, scope=ACCOUNT)


def test_each_try_in_vain_waits_longer_and_a_run_from_before_changes_nothing() -> None:
    first = hold.begin(BUSY, 0.0, PATIENCE)
    assert first.until == 60.0
    assert hold.again(first, BUSY, 7, 10.0, PATIENCE) == first
    second = hold.again(hold.try_with(first, 8), BUSY, 8, 60.0, PATIENCE)
    assert (second.until, second.tries, second.probe, second.since) == (360.0, 2, 0, 0.0)
    third = hold.again(hold.try_with(second, 9), BUSY, 9, 360.0, PATIENCE)
    assert (third.until, third.tries) == (660.0, 3)


@pytest.mark.parametrize(("told", "until"), [(500.0, 500.0), (90_000.0, 3700.0), (50.0, 160.0)])
def test_a_told_time_counts_up_to_our_patience_and_one_that_has_passed_does_not(
    told: float, until: float
) -> None:
    limit = Fault(kind=Kind.LIMIT, scope=ACCOUNT, until=told)
    assert hold.begin(limit, 100.0, PATIENCE).until == until


def test_a_clock_that_was_put_back_does_not_hold_for_years() -> None:
    held = hold.begin(BUSY, 1_000_000.0, PATIENCE)
    assert not hold.due(held, 1_000_010.0, PATIENCE)
    assert hold.due(held, 10.0, PATIENCE)
