"""How long a task waits before its next attempt."""

from collections.abc import Sequence

_SPREAD = 0.2  # so that workers which died together do not come back together


def backoff(steps: Sequence[float], attempt: int, chance: float) -> float:
    """Seconds to wait after the failed ``attempt`` (1 is the first).

    ``steps`` are the waits in their order, the last one holds for every further attempt; ``chance`` is a
    random number in [0, 1) that stretches the wait by up to a fifth.
    """
    if not steps:
        return 0.0
    step = steps[min(max(attempt, 1), len(steps)) - 1]
    return step * (1 + _SPREAD * chance)
