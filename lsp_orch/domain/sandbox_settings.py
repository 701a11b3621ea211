"""How a worker's shell is shut in, in the form that Claude Code's settings have."""

from collections.abc import Iterable, Sequence
from typing import Any


def sandbox(writable: Sequence[str], *, nested: bool) -> dict[str, Any]:
    """Build the value of ``sandbox``: what a command starts writes below its folder and ``writable`` only.

    ``nested``: this machine is itself a container that gives no fresh /proc. The network stays as it was: the
    sandbox is here for other people's files.
    """
    return {
        "enabled": True,
        "failIfUnavailable": True,
        "autoAllowBashIfSandboxed": True,
        "allowUnsandboxedCommands": False,
        "enableWeakerNestedSandbox": nested,
        "filesystem": {"allowWrite": list(writable)},
        "network": {"allowedDomains": ["*"], "allowAllUnixSockets": True},
    }


def fenced(document: dict[str, Any], before: Iterable[str], now: Sequence[str]) -> dict[str, Any]:
    """The session's local settings with the paths ``now`` that may not be written, ``before`` taken away.

    All else that is there stays, and what becomes empty goes.
    """
    taken = set(before)
    denied = _list(document, "sandbox", "filesystem", "denyWrite")
    kept = [each for each in denied if each not in taken]
    return _with(
        document, ("sandbox", "filesystem", "denyWrite"), [*kept, *(each for each in now if each not in kept)]
    )


def named(document: dict[str, Any]) -> frozenset[str]:
    """The paths that may not be written."""
    return frozenset(map(str, _list(document, "sandbox", "filesystem", "denyWrite")))


def _list(document: Any, *keys: str) -> list[Any]:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return list(document) if isinstance(document, list) else []


def _with(document: dict[str, Any], keys: tuple[str, ...], value: Any) -> dict[str, Any]:
    first, *rest = keys
    if rest:
        inner = document.get(first)
        value = _with(inner if isinstance(inner, dict) else {}, tuple(rest), value)
    if value:
        return {**document, first: value}
    return {name: each for name, each in document.items() if name != first}
