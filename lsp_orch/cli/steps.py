"""What ``setup`` does, one step after the other, and can tell before it does it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``does`` completes "setup will ..."; ``do`` raises ClientError or OSError where it can't."""

    does: str
    do: Callable[[], object]
