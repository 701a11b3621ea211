"""What would collide if it were merged now."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The work of a task collides in ``paths`` with that of ``other``, or with what is checked out ('')."""

    task_id: str
    other: str
    paths: tuple[str, ...]
    at: float


def seen_by(forecast: Forecast, task_id: str) -> str:
    """The other side, seen from a task."""
    return forecast.task_id if forecast.other == task_id else forecast.other
