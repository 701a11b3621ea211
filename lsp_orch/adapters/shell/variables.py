"""Assignments and declarations: which variable becomes what."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_orch.adapters.shell.atoms import text_of
from lsp_orch.adapters.shell.words import Scene
from lsp_orch.domain.shell.state import UNSURE, State, Value
from lsp_orch.domain.shell.writes import Known, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_NOT_AS_GIVEN = frozenset("ilucn")  # declare -i, -l, -u, -c, -n: the value is not the one given
_NAMING = frozenset(("variable_assignment", "variable_name", "word"))


def assign(node: "Node", scenes: Sequence[Scene]) -> State:
    """The state after ``NAME=value…``; a value that depends on the folder is not known."""
    state = _everywhere(scenes)
    for child in [node] if node.type == "variable_assignment" else node.children:
        if child.type == "variable_assignment":
            first, *others = (assigned_by(child, replace(scene, state=state)) for scene in scenes)
            same = all(each == first for each in others)
            state = state.having(first if same else dict.fromkeys(first, UNSURE))
    return state


def declare(node: "Node", scenes: Sequence[Scene], frames: Sequence[dict[str, Value]]) -> State:
    """The state after ``export``, ``local``, ``declare``, ``unset`` and their like.

    The last of ``frames`` takes up what a function's own variable hides.
    """
    kind, words = text_of(node.children[0]), [text_of(child) for child in node.children[1:]]
    options = set("".join(word[1:] for word in words if word.startswith("-")))
    state, names = _everywhere(scenes), _declared(node)
    if any(child.is_named and child.type not in _NAMING for child in node.children[1:]):
        state = state.cloud()  # export $(cat .env)
    if frames and kind in {"local", "declare", "typeset"}:
        for name in names:
            frames[-1].setdefault(name, state.variables.get(name, UNSURE))
    if kind in {"unset", "unsetenv"}:
        left = {name: bodies for name, bodies in state.functions.items() if name not in names}
        return replace(state.having(dict.fromkeys(names, ())), functions=left)
    state = assign(node, [replace(scene, state=state) for scene in scenes])
    if kind != "export" and options & _NOT_AS_GIVEN:
        state = state.unsure_of(names)
        if "n" in options:
            scenes[0].view.record.mystery("declare -n makes a variable stand for another")
    exports = kind == "export" or "x" in options
    return replace(state, exported=state.exported | names) if exports else state


def assigned_by(node: "Node", scene: Scene) -> dict[str, Value]:
    """The variable of one assignment with its new value."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None:
        return {}
    key = text_of(name).partition("[")[0]
    if name.type == "subscript":
        return {key: UNSURE}
    before = scene.lookup(key).words if any(child.type == "+=" for child in node.children) else ()
    if value is not None and value.type == "array":
        words = scene.words([child for child in value.children if child.is_named])
        plain = not any("]=" in word.text for word in words)
        return {key: (*before, *words) if plain else (Word("", Known.ANY),)}
    word = scene.value([value]) if value is not None else Word("")
    if not before:
        return {key: (word,)}
    exact = word.exact and len(before) == 1 and before[0].exact
    return {key: (Word(before[0].text + word.text),) if exact else UNSURE}


def _declared(node: "Node") -> set[str]:
    names = set()
    for child in node.children[1:]:
        if child.type == "variable_assignment":
            names.add(text_of(child).partition("=")[0].rstrip("+").partition("[")[0])
        elif child.type in _NAMING and not text_of(child).startswith("-"):
            names.add(text_of(child))
    return names


def _everywhere(scenes: Sequence[Scene]) -> State:
    """The state of all scenes, which differ in their folders only."""
    folders = [scene.view.folder for scene in scenes if scene.view.folder]
    return scenes[0].state.at(*folders)
