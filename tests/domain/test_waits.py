"""What a task waited for, second by second, and what its reviews said."""

from typing import Any

import pytest

from lsp_orch.domain.timeline import WAITS
from lsp_orch.domain.waits import Stay, reviews, waits
from tests.fixtures.timelines import run


def stay(*runs: Any, **changes: Any) -> Stay:
    return Stay(
        **({"filed_at": 0.0, "ready_at": 0.0, "settled_at": None, "chained": False, "runs": runs} | changes)
    )


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (stay(), {"queue": 100}),
        (stay(chained=True, ready_at=None), {"others": 100}),
        (stay(chained=True, ready_at=30.0), {"others": 30, "queue": 70}),
        (stay(run("a", 10, None, "")), {"queue": 10}),
        (stay(run("a", 40, None, ""), chained=True, ready_at=30.0), {"others": 30, "queue": 10}),
        (stay(run("a", 10, 20)), {"queue": 10, "person": 80}),
        (stay(run("a", 10, 20), settled_at=50.0), {"queue": 10, "person": 30}),
        (stay(run("a", 10, 20, "no-result"), run("a", 50, None, "")), {"queue": 10, "limits": 30}),
        (stay(run("a", 10, 20, "provider")), {"queue": 10, "limits": 80}),
        (stay(run("a", 10, 20, "ours"), run("a", 25, None, "")), {"queue": 15}),
        (stay(run("a", 10, 20), run("a", 70, 80), settled_at=95.0), {"queue": 10, "person": 65}),
        (stay(run("a", 0, 50, parked_s=20.0), settled_at=50.0), {"lease": 20}),
        (stay(run("a", 0, 50, "gave-up"), settled_at=50.0), {}),
        (stay(settled_at=40.0), {"queue": 40}),  # cancelled before it began
    ],
)
def test_each_second_is_for_something(what: Stay, expected: dict[str, float]) -> None:
    found = waits(what, 100.0)
    assert found == expected
    assert set(found) <= set(WAITS)


@pytest.mark.parametrize(
    ("state", "endings", "rejected", "expected"),
    [
        ("done", ["done"], False, (True,)),
        ("done", ["died", "done"], False, (True,)),
        ("done", ["done", "done"], False, (False, True)),
        ("review", ["done"], False, ()),
        ("review", ["done", "done"], False, (False,)),
        ("failed", ["done"], True, (False,)),
        ("failed", ["gave-up"], False, ()),
        ("running", ["done", ""], True, (False,)),
        ("cancelled", ["done"], False, ()),
    ],
)
def test_reviews_are_told_from_the_runs(
    state: str, endings: list[str], *, rejected: bool, expected: tuple[bool, ...]
) -> None:
    assert reviews(state, endings, rejected=rejected) == expected
