"""How long a task waits before its next attempt."""

import pytest

from lsp_orch.domain.retry import backoff

STEPS = (30.0, 120.0, 600.0)


@pytest.mark.parametrize(("attempt", "wait_s"), [(1, 30), (2, 120), (3, 600), (4, 600), (99, 600)])
def test_each_failed_attempt_waits_longer_and_the_last_step_goes_on(attempt: int, wait_s: float) -> None:
    assert backoff(STEPS, attempt, 0.0) == wait_s


def test_chance_stretches_the_wait_and_never_shortens_it() -> None:
    assert backoff(STEPS, 1, 0.0) == 30
    assert 30 < backoff(STEPS, 1, 0.5) < backoff(STEPS, 1, 0.999) < 36


def test_without_steps_there_is_no_wait() -> None:
    assert backoff((), 1, 0.5) == 0
