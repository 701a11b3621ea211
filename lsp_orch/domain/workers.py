"""How many workers may be at once, of one model."""

from collections.abc import Mapping
from typing import Any


def read(raw: Any) -> tuple[str, ...] | None:
    """``{opus = 1}``, or ``["opus=1"]``, as the latter; None when it is neither."""
    if isinstance(raw, Mapping):
        raw = [f"{model}={most}" if type(most) is int else "" for model, most in raw.items()]
    if not isinstance(raw, list | tuple) or not all(isinstance(each, str) and _pair(each) for each in raw):
        return None
    return tuple(raw)


def caps(setting: tuple[str, ...]) -> dict[str, int]:
    """The most workers of each model that has a cap."""
    return dict(pair for each in setting if (pair := _pair(each)))


def _pair(text: str) -> tuple[str, int] | None:
    model, _, most = text.rpartition("=")
    return (model.strip(), int(most)) if model.strip() and most.strip().isdecimal() else None
