"""What a shell knows while it runs: where it is, its variables and its functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from lsp_orch.domain.shell.writes import UNKNOWN, Known, Word

Value = tuple[Word, ...]
"""A variable's words: one, or those of an array; none when it is unset or empty."""

UNSURE: Value = (Word(UNKNOWN, Known.ONE),)
_MOST_FOLDERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that may be so at one point of a script.

    ``folders`` are the possible current folders, none when it is not known; ``arguments`` are ``$1`` and
    so on; ``functions`` gives each name the numbers of its possible bodies; ``clouded`` says that any
    variable may have changed that is not in ``variables``.
    """

    folders: frozenset[str] = frozenset()
    variables: Mapping[str, Value] = field(default_factory=dict)
    exported: frozenset[str] = frozenset()
    arguments: Value = ()
    functions: Mapping[str, frozenset[int]] = field(default_factory=dict)
    stack: tuple[frozenset[str], ...] = ()
    clouded: bool = False

    def at(self, *folders: str) -> "State":
        """The same in other folders; nowhere known without any."""
        return replace(self, folders=frozenset(folders))

    def having(self, values: Mapping[str, Value]) -> "State":
        """The same with these variables."""
        return replace(self, variables={**self.variables, **values}) if values else self

    def unsure_of(self, names: Iterable[str]) -> "State":
        """The same, but these variables can be anything."""
        return self.having(dict.fromkeys(names, UNSURE))

    def cloud(self) -> "State":
        """The same, but every variable can be anything."""
        return replace(self, variables={}, arguments=(Word(UNKNOWN, Known.ANY),), clouded=True)


class Ends(NamedTuple):
    """How a command can end: the state when it succeeds and when it fails, None when it cannot."""

    ok: State | None
    failed: State | None

    @property
    def either(self) -> State | None:
        """The state afterwards, whichever it was."""
        return join(self.ok, self.failed)


def ends(state: State | None) -> Ends:
    """It may succeed or fail, all the same."""
    return Ends(state, state)


def join(*states: State | None) -> State | None:
    """What is known when any of these may be the case."""
    found: State | None = None
    for state in states:
        found = state if found is None else found if state is None else _both(found, state)
    return found


def _both(one: State, other: State) -> State:
    if one == other:
        return one
    folders = one.folders | other.folders
    known = one.folders and other.folders and len(folders) <= _MOST_FOLDERS
    names = one.variables.keys() | other.variables.keys()
    bodies = one.functions.keys() | other.functions.keys()
    return State(
        folders=folders if known else frozenset(),
        variables={name: _same(one.variables.get(name), other.variables.get(name)) for name in names},
        exported=one.exported | other.exported,
        arguments=one.arguments if one.arguments == other.arguments else (Word(UNKNOWN, Known.ANY),),
        functions={
            name: one.functions.get(name, frozenset()) | other.functions.get(name, frozenset())
            for name in bodies
        },
        stack=one.stack if one.stack == other.stack else (),
        clouded=one.clouded or other.clouded,
    )


def _same(one: Value | None, other: Value | None) -> Value:
    return one if one is not None and one == other else UNSURE
