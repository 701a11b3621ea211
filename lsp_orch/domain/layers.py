"""Where each setting's value comes from: a later layer wins, and every value remembers its place."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.settings import Rule, Settings, keys
from lsp_orch.domain.store_url import redacted

ENVIRONMENT = {
    "LSP_ORCH_CLAUDE": "claude",
    "LSP_ORCH_LOG": "log",
    "LSP_ORCH_MODE": "mode",
    "LSP_ORCH_STORE": "store",
}


class Source(StrEnum):
    """The layers, the weakest first."""

    DEFAULT = "default"
    USER = "user"
    WORKSPACE = "workspace"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """``where`` is ``FILE:LINE`` or the variable's or flag's name; empty for a default."""

    value: Any
    source: Source
    where: str = ""


Layer = Mapping[str, Value]  # by key


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table."""

    key: str
    field: str
    default: Any
    meaning: str
    rule: Rule
    own: bool


def table() -> dict[str, Setting]:
    """Every setting by its key."""
    known = {each.name: each for each in fields(Settings)}
    return {
        key: Setting(key=key, field=name, default=known[name].default, **known[name].metadata)
        for key, name in keys().items()
    }


def defaults() -> Layer:
    """The weakest layer; it has every key."""
    return {key: Value(value=each.default, source=Source.DEFAULT) for key, each in table().items()}


def from_environment(environment: Mapping[str, str]) -> Layer:
    """Read the variables that set something; an empty one sets nothing.

    Raises:
        Misuse: bad-setting.
    """
    return {
        key: parse_text(key, environment[name], Source.ENVIRONMENT, name)
        for name, key in ENVIRONMENT.items()
        if environment.get(name)
    }


def layered(*layers: Layer) -> dict[str, Value]:
    """Every key with the value of the strongest layer that has it; the weakest layer comes first."""
    merged: dict[str, Value] = {}
    for layer in (defaults(), *layers):
        merged |= layer
    return merged


def settings(values: Layer) -> Settings:
    """The values as the rest of the program uses them."""
    rows = table()
    return Settings(**{rows[key].field: each.value for key, each in values.items()})


def parse_text(key: str, text: str, source: Source, where: str) -> Value:
    """Read a value from where everything is text; a list is separated by commas.

    Raises:
        Misuse: bad-setting.
    """
    row = table().get(key)
    match row.default if row else None:
        case bool():
            raw: Any = {"true": True, "false": False}.get(text.lower(), text)
        case tuple():
            raw = [_number(part) for part in text.split(",")]
        case int() | float():
            raw = _number(text)
        case _:
            raw = text
    return parse(key, raw, source, where)


def parse(key: str, raw: Any, source: Source, where: str) -> Value:
    """Check one key's value and give it the setting's type.

    Raises:
        Misuse: bad-setting, saying where, what was found and what was expected.
    """
    row = table().get(key)
    if row is None:
        raise Misuse(Code.BAD_SETTING, f"{where}: there is no setting {key}", _nearest(key))
    if row.own and source is Source.WORKSPACE:
        raise Misuse(
            Code.BAD_SETTING,
            f"{where}: {key} is yours to set, not a checkout's",
            "put it into your own file, which `lsp-orch config path` names",
        )
    value = row.rule.read(raw) if row.rule.read else _typed(row.default, raw)
    if value is None or not row.rule.holds(value):
        raise Misuse(
            Code.BAD_SETTING,
            f"{where}: {key} must be {_expected(row)}, not {_shown(raw)}",
            f"it means: {row.meaning}; without it, it is {_shown(row.default)}",
        )
    return Value(value=value, source=source, where=where)


def plain(value: Any) -> Any:
    """A value as JSON has it; what a table leaves out is left out."""
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        said = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: plain(each) for name, each in said.items() if each}
    return value


def _typed(default: Any, raw: Any) -> Any:
    """``raw`` in the type of ``default``, or None when it has another."""
    match default:
        case StrEnum():
            names = {each.value: each for each in type(default)}
            return names.get(raw.lower()) if isinstance(raw, str) else None
        case str():
            return raw if isinstance(raw, str) else None
        case bool():
            return raw if isinstance(raw, bool) else None
        case float():
            return float(raw) if type(raw) in {int, float} else None
        case int():
            return raw if type(raw) is int else None
        case _:
            numbers = isinstance(raw, list | tuple) and all(type(each) in {int, float} for each in raw)
            return tuple(map(float, raw)) if numbers else None


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _expected(row: Setting) -> str:
    if isinstance(row.default, StrEnum):
        return " or ".join(each.value for each in type(row.default))
    if type(row.default) is int:
        return row.rule.says.replace("a number", "a whole number")
    return row.rule.says


def _shown(value: Any) -> str:
    """A value as its file has it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{redacted(value)}"'
        case tuple():
            return str(plain(value))
        case _:
            return str(value)


def _nearest(key: str) -> str:
    near = get_close_matches(key, table(), n=1)
    return f"did you mean {near[0]}?" if near else "`lsp-orch config show` lists all settings"
