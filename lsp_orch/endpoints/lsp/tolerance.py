"""Reads what an editor says into LSP's types, and overlooks enumeration members newer than we know."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    Converter,
    IterableValidationError,
    transform_error,
)

Path = tuple[str | int, ...]
Misread = ClassValidationError | IterableValidationError


def read(converter: Converter, value: Any, shape: Any) -> Any:
    """Structure ``value`` (which it may prune) as ``shape``; ValueError says in words what is wrong with it.

    An unknown member of a closed enumeration is left out wherever the type can do without it: LSP grows
    members, and an editor that is newer than we are must not be refused its ``initialize`` for it.
    """
    while True:
        try:
            return converter.structure(value, shape)
        except (ClassValidationError, IterableValidationError) as error:
            strangers = list(_strangers(error))
            if not strangers:
                raise ValueError(_wire_name("; ".join(transform_error(error, path="params")))) from error
            # backwards, so that taking one out of a list leaves the others' places right
            for path in reversed(strangers):
                _remove(value, path)


def _strangers(error: Misread, above: Path = ()) -> Iterator[Path]:
    """Find where a value is no member of its enumeration: keys as the wire has them, and places in lists."""
    for cause, note in error.group_exceptions()[0]:
        step = _wire_name(note.name) if isinstance(note, AttributeValidationNote) else note.index
        if isinstance(cause, Misread):
            yield from _strangers(cause, (*above, step))
        elif isinstance(cause, ValueError) and _is_enumeration(note.type):
            yield (*above, step)


def _is_enumeration(shape: Any) -> bool:
    return any(isinstance(each, type) and issubclass(each, Enum) for each in (shape, *get_args(shape)))


def _wire_name(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _remove(value: Any, path: Path) -> None:
    *above, last = path
    for step in above:
        value = value[step]
    del value[last]
