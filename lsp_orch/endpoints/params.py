"""Reading parameters: the right type, or a sentence that says which one is wrong."""

import math
from typing import Any, TypeVar

from lsp_orch.domain.errors import Code, Misuse

Wanted = TypeVar("Wanted")

_LONGEST_S = 24 * 3600.0
_LARGE = 2**53  # beyond it a float no longer tells two integers apart


def required(params: dict[str, Any], name: str, kind: type[Wanted]) -> Wanted:
    """Read a parameter that must be there.

    Raises:
        Misuse: it is missing or of another type.
    """
    if name not in params:
        raise Misuse(Code.BAD_REQUEST, f"the parameter {name} is missing")
    return _typed(name, params[name], kind)


def optional(params: dict[str, Any], name: str, default: Wanted) -> Wanted:
    """Read a parameter that may be missing or null; a default's type is the type expected.

    Raises:
        Misuse: it is there and of another type.
    """
    value = params.get(name)
    return default if value is None else _typed(name, value, type(default))


def words(params: dict[str, Any], name: str, default: str) -> str:
    r"""Read text for people; half a character, which nothing could store, is written as ``\udcNN``.

    Raises:
        Misuse: it is there and no string.
    """
    return optional(params, name, default).encode("utf-8", "backslashreplace").decode()


def strings(params: dict[str, Any], name: str) -> list[str]:
    """Read a list of strings; missing means none.

    Raises:
        Misuse: it is something else.
    """
    value = params.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Misuse(Code.BAD_REQUEST, f"{name} must be a list of strings")
    return value


def seconds(params: dict[str, Any], name: str, default: float) -> float:
    """Read a time to wait or to live, at most a day: beyond it, nobody means it.

    Raises:
        Misuse: it is there and no such number.
    """
    value = optional(params, name, default)
    if not math.isfinite(value) or value < 0:
        raise Misuse(Code.BAD_REQUEST, f"{name} must be a number of seconds that is not negative")
    return min(value, _LONGEST_S)


def _typed(name: str, value: Any, kind: type[Wanted]) -> Wanted:
    if kind is float and type(value) is int and abs(value) < _LARGE:
        return float(value)  # type: ignore[return-value]  # a float was asked for
    if isinstance(value, bool) and kind is not bool:
        raise Misuse(Code.BAD_REQUEST, f"{name} must be {kind.__name__}, not a boolean")
    if not isinstance(value, kind):
        raise Misuse(Code.BAD_REQUEST, f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value
