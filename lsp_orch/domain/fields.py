"""What a model hands back, field by field: a table says what is wanted, the schema and the check follow."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One text, or ``many`` of them; ``choices`` are all that is allowed, when there are any."""

    meaning: str
    many: bool = False
    choices: tuple[str, ...] = ()


Fields = Mapping[str, Field]


def schema(fields: Fields) -> dict[str, object]:
    """The JSON Schema of an object with exactly these fields."""
    return {
        "type": "object",
        "properties": {name: _property(field) for name, field in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }


def fault(value: object, fields: Fields) -> str:
    """The first thing in which ``value`` is no such object; empty when it is one."""
    if not isinstance(value, Mapping):
        return f"it is no object but {kind(value)}"
    if unknown := sorted(str(name) for name in value if name not in fields):
        return f"it has a field nobody knows: {unknown[0]}"
    for name, field in fields.items():
        if name not in value:
            return f"{name} is missing"
        if not _fits(value[name], field):
            return f"{name} is {kind(value[name])}, but must be {_wanted(field)}"
    return ""


def kind(value: object) -> str:
    """What a value is, for people."""
    match value:
        case None:
            return "null"
        case str():
            return f"the text {value[:40]!r}"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
        case _:
            return f"{value!r}"[:40]


def _property(field: Field) -> dict[str, object]:
    text: dict[str, object] = {"type": "string"}
    if field.choices:
        text["enum"] = list(field.choices)
    shape = {"type": "array", "items": text} if field.many else text
    return {**shape, "description": field.meaning}


def _fits(value: object, field: Field) -> bool:
    if field.many:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str) and (not field.choices or value in field.choices)


def _wanted(field: Field) -> str:
    if field.many:
        return "a list of texts"
    return f"one of {', '.join(field.choices)}" if field.choices else "a text"
