"""The report's numbers, for one history by hand and for any against counting second by second."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lsp_orch.domain import timeline
from lsp_orch.domain.timeline import Report, Run, Story, report
from tests.fixtures.timelines import HISTORY, NOW, STORIES, run

THOROUGH = settings(max_examples=300, deadline=None, derandomize="CI" in os.environ, database=None)
UNTIL_FOUND = settings(THOROUGH, derandomize=True, phases=[Phase.generate])
END = 40


def test_a_fixed_history_has_these_numbers() -> None:
    found = report(HISTORY, STORIES, 0, NOW)
    assert (found.busy_s, found.span_s) == (150 + 100 + 60, 560)
    assert found.work_s == 100 + 100 + 30 + 40 + 60 + 60
    assert found.speedup == pytest.approx(390 / 310)
    assert (found.at_once, found.retries, found.deaths) == (2, 1, 1)
    assert found.cost_usd == 3.0
    assert found.costs == {"haiku": 0.5, "sonnet": 2.5}
    assert found.endings == {"died": 1, "done": 3, "provider": 1, "running": 1}
    assert found.states == {"done": 2, "pruned": 1, "review": 1, "running": 1}
    assert found.waits == {"queue": 30, "others": 130, "limits": None, "lease": 20, "person": 50}
    assert found.pruned == {"superseded": 1}
    assert (found.reviewed, found.acceptance) == (2, 0.5)


def test_of_nothing_nothing_is_known() -> None:
    found = report((), (), 0, NOW)
    assert (found.busy_s, found.span_s, found.work_s, found.speedup, found.acceptance) == (None,) * 5
    assert set(found.waits.values()) == {None}
    assert (found.at_once, found.cost_usd, found.bars) == (0, 0, ())


def test_what_ended_before_is_left_out_and_what_still_ran_is_not() -> None:
    found = report(HISTORY, (), 1200, NOW)
    assert [bar.run.began_at for bar in found.bars] == [1160, 1200, 1500]


spans = st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(0, 3), st.booleans())


@st.composite
def histories(draw: st.DrawFn) -> list[Run]:
    found = []
    for number, (begin, length, parked, over) in enumerate(draw(st.lists(spans, min_size=1, max_size=9))):
        end = float(begin + length) if over else None
        parked_s = float(min(parked, length if over else END - begin))
        found.append(run(f"t{number}", begin, end, "done" if over else "", parked_s=parked_s))
    return found


def counts_as_by_the_second(runs: list[Run]) -> None:
    found = report(runs, (), 0, END)
    until = {each.task_id: END if each.ended_at is None else each.ended_at for each in runs}
    at_work = [sum(each.began_at <= second < until[each.task_id] for each in runs) for second in range(END)]
    assert found.busy_s == sum(map(bool, at_work)), "another wall clock"
    assert found.work_s == sum(at_work) - sum(each.parked_s for each in runs), "another sum of the parts"
    assert len(found.bars) == len(runs), "a run was lost"
    for one in found.bars:
        for other in found.bars:
            apart = one.ends_at <= other.run.began_at or other.ends_at <= one.run.began_at
            assert one is other or apart or one.lane != other.lane, "two in one lane"
    assert found.at_once == max(at_work), "too many lanes"
    if found.speedup is not None:
        assert found.speedup <= found.at_once, "faster than all of them together"


def test_any_history_is_counted_as_by_the_second() -> None:
    THOROUGH(given(histories())(counts_as_by_the_second))()


def gaps_count(patch: pytest.MonkeyPatch) -> None:
    right = timeline.merged
    patch.setattr(timeline, "merged", lambda some: [(right(some)[0][0], right(some)[-1][1])])


def overlaps_count_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timeline, "merged", sorted)


def waiting_is_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Run, "worked_s", lambda self, now: self.until(now) - self.began_at)


def what_runs_does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Run, "until", lambda self, _: self.began_at if self.ended_at is None else self.ended_at)


def each_has_a_lane_of_its_own(patch: pytest.MonkeyPatch) -> None:
    right = timeline.lanes
    patch.setattr(
        timeline,
        "lanes",
        lambda some, now: tuple(replace(bar, lane=lane) for lane, bar in enumerate(right(some, now))),
    )


def all_are_in_one_lane(patch: pytest.MonkeyPatch) -> None:
    right = timeline.lanes
    patch.setattr(
        timeline, "lanes", lambda some, now: tuple(replace(bar, lane=0) for bar in right(some, now))
    )


SEEDS: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (gaps_count, "another wall clock"),
    (overlaps_count_twice, "another wall clock"),
    (waiting_is_work, "another sum"),
    (what_runs_does_not_count, "another wall clock"),
    (each_has_a_lane_of_its_own, "too many lanes"),
    (all_are_in_one_lane, "two in one lane"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[seed.__name__ for seed, _ in SEEDS])
def test_a_seeded_bug_is_found(
    seed: Callable[[pytest.MonkeyPatch], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        UNTIL_FOUND(given(histories())(counts_as_by_the_second))()


@pytest.mark.parametrize(
    ("endings", "retries"),
    [
        (("no-result", "done"), 1),
        (("died", "died", "done"), 2),
        (("done", "done"), 1),  # the review did not want the first
        (("provider", "ours", "put-off", "cancelled", "done"), 0),
    ],
)
def test_only_what_came_to_nothing_by_itself_makes_a_retry(endings: tuple[str, ...], retries: int) -> None:
    runs = [run("a", begin, begin + 1, ending) for begin, ending in enumerate(endings)]
    found: Report = report([*runs, run("b", 0, 1)], (), 0, END)
    assert found.retries == retries


def test_only_the_first_review_counts_for_acceptance() -> None:
    stories = [
        Story(task_id=str(number), state="done", filed_at=0, reviews=reviews)
        for number, reviews in enumerate([(True,), (True, False), (False, True), (False,), ()])
    ]
    found = report((), stories, 0, END)
    assert (found.reviewed, found.acceptance) == (4, 0.5)
