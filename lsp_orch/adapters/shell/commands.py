"""Single commands of a script: their words, redirections, functions, and what their rules say they write."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_orch.adapters.shell import python
from lsp_orch.adapters.shell.atoms import text_of
from lsp_orch.adapters.shell.builtins import BUILTINS, Builtin
from lsp_orch.adapters.shell.files import Record, View
from lsp_orch.adapters.shell.variables import assign, assigned_by, declare
from lsp_orch.adapters.shell.words import Scene
from lsp_orch.domain.shell.programs import meaning_changes
from lsp_orch.domain.shell.rules import effects
from lsp_orch.domain.shell.state import UNSURE, Ends, State, Value, ends, join
from lsp_orch.domain.shell.text import Place, printed
from lsp_orch.domain.shell.writes import (
    Call,
    Code,
    Effect,
    File,
    Known,
    Link,
    Mystery,
    NewFolder,
    Run,
    Tree,
    Word,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_orch.adapters.shell.walk import Walk

_SHOWN = 12  # letters of an option or a subcommand that go into a reason
_OPENS = frozenset((">", ">>", ">|", "&>", "&>>", ">&", "<>"))


class Commands:
    """Runs commands as far as what they write, in each folder where they may run."""

    def __init__(self, walk: "Walk", record: Record, environment: Mapping[str, str]) -> None:
        self.walk = walk
        self.record = record
        self.environment = environment
        self._locals: list[dict[str, Value]] = []

    # parts of commands, for the walk

    def run(self, node: "Node", state: State, more: Sequence["Node"], redirects: Sequence["Node"]) -> Ends:
        """A simple command, with words and redirections that come after it."""
        named = [
            child
            for at, child in enumerate(node.children)
            if node.field_name_for_child(at) in {"name", "argument"}
        ]
        nodes = [
            part for child in named for part in (child.children if child.type == "command_name" else [child])
        ]
        opened = [*node.children_by_field_name("redirect"), *redirects]
        assignments = [child for child in node.children if child.type == "variable_assignment"]
        if any(child.type == "ERROR" for child in node.children):
            self.record.mystery("part of a command cannot be read")
        found: list[Ends] = []
        for scene in self._scenes(state):
            self._open(opened, scene)
            words = scene.words([part for part in (*nodes, *more) if part.text])
            if not words:
                return self.assign(node, state)
            for each in assignments:
                if meaning_changes(text_of(each)) or words[0].text == "cd":
                    self.record.mystery(f"{text_of(each)} gives the command another meaning")
            given = {name: value for each in assignments for name, value in assigned_by(each, scene).items()}
            at = (
                scene.state.having(given)
                if words[0].text in state.functions or _runs_text(words[0])
                else scene.state
            )
            at = replace(at, exported=at.exported | given.keys()) if at is not scene.state else at
            found.append(self.command(words, replace(scene, state=at), self._stdin(opened, scene)))
        return _joined(found)

    def redirected(self, redirects: Sequence["Node"], state: State) -> State:
        """Open files for a whole statement."""
        for scene in self._scenes(state):
            self._open(redirects, scene)
        return state

    def assign(self, node: "Node", state: State) -> Ends:
        """``NAME=value…`` without a command."""
        return ends(assign(node, self._scenes(state)))

    def declare(self, node: "Node", state: State) -> Ends:
        """``export``, ``local``, ``unset`` and their like."""
        return ends(declare(node, self._scenes(state), self._locals))

    def words(self, nodes: Sequence["Node"], state: State) -> list[Word]:
        """What words become, in whichever folder."""
        found = [scene.words(nodes) for scene in self._scenes(state)]
        return list(dict.fromkeys(word for words in found for word in words)) if len(found) > 1 else found[0]

    # what a command does

    def command(self, words: Sequence[Word], scene: Scene, stdin: Word | None = None) -> Ends:
        """A command from its words."""
        name, state = words[0], scene.state
        if not name.exact:
            self.record.mystery(f"a command that is not known runs: {name.text}")
            return ends(state)
        if bodies := state.functions.get(name.text):
            return _joined([self._call(number, words[1:], state) for number in sorted(bodies)])
        if builtin := BUILTINS.get(name.text):
            return builtin(Builtin(words=tuple(words), scene=scene, commands=self, stdin=stdin))
        for effect in effects(Call(name=name.text, words=tuple(words[1:]), look=scene.view, stdin=stdin)):
            self._effect(effect, words, scene)
        return ends(state)

    def _call(self, number: int, arguments: Sequence[Word], state: State) -> Ends:
        """A function, in a frame of its own."""
        node = self.walk.bodies[number]
        body = node.child_by_field_name("body")
        if body is None:
            return ends(state)
        walk, here = self.walk, replace(state, arguments=tuple(arguments))
        here = self.redirected([child for child in node.children if child.type == "file_redirect"], here)
        outer, walk.escapes = walk.escapes, []
        loops, walk.loops = walk.loops, 0
        walk.calls += 1
        self._locals.append({})
        found = walk.deeper(lambda: walk.statement(body, here))
        escaped = join(*walk.escapes)
        walk.calls -= 1
        walk.loops, walk.escapes = loops, outer
        gone = self._locals.pop()
        return Ends(*(self._left(join(each, escaped), gone, state) for each in found))

    @staticmethod
    def _left(after: State | None, gone: Mapping[str, Value], before: State) -> State | None:
        """The state after a function: its own variables may hide those outside, so that neither is known."""
        if after is None:
            return None
        hidden = [name for name, value in gone.items() if after.variables.get(name) != value]
        return replace(after.unsure_of(hidden), arguments=before.arguments)

    def _effect(self, effect: Effect, words: Sequence[Word], scene: Scene) -> None:
        match effect:
            case File(word, verb) | Tree(word, verb):
                self._write(
                    word, f"{_label(words)} {verb} {word.text}", scene, whole=isinstance(effect, Tree)
                )
            case NewFolder(word) | Link(word):
                if word.exact and (scene.view.folder or word.text.startswith("/")):
                    note = self.record.links.add if isinstance(effect, Link) else self.record.folder
                    note(scene.view.settle(word.text))
            case Mystery(why):
                self.record.mystery(why)
            case Run():
                self._run(effect, scene)
            case Code("python", program):
                for each in python.effects(program):
                    self._effect(each, words, scene)
            case Code(_, program, arguments):
                self.script(program, arguments, scene)

    def _run(self, effect: Run, scene: Scene) -> None:
        words = effect.words
        folder = scene.view.folder
        if effect.elsewhere:
            words = tuple(_absolute(word, scene.view) for word in words)
            folder = ""
        elif effect.folder is not None:
            known = effect.folder.exact and (folder or effect.folder.text.startswith("/"))
            folder = scene.view.settle(effect.folder.text) if known else ""
        if words:
            self.walk.deeper(lambda: self.command(words, self._scene(scene.state, folder), effect.stdin))

    def script(self, program: Word, arguments: Sequence[Word], scene: Scene) -> None:
        """``bash -c``: a shell of its own, that sees what is exported."""
        state = scene.state
        inside = {name: value for name, value in state.variables.items() if self._is_seen(name, state)}
        hidden = dict.fromkeys(state.variables.keys() - inside.keys(), UNSURE)
        fresh = replace(
            state, variables={**inside, **hidden}, arguments=tuple(arguments), functions={}, stack=()
        )
        fresh = fresh.at(*[scene.view.folder] if scene.view.folder else [])
        walk = self.walk
        before, walk.loops, walk.calls = (walk.loops, walk.calls), 0, 0
        walk.program(program.text, fresh)
        walk.loops, walk.calls = before

    def _is_seen(self, name: str, state: State) -> bool:
        return name in state.exported or name in self.environment

    def _write(self, word: Word, why: str, scene: Scene, *, whole: bool) -> None:
        """Note a file or a tree that changes, as far as its path is known."""
        if word.exact and not word.text:
            return  # no file has no name
        if word.known in {Known.ONE, Known.ANY}:
            self.record.mystery(f"{why}, a path that is not known")
        elif not scene.view.folder and not word.text.startswith("/"):
            self.record.mystery(f"{why}, in a folder that is not known")
        elif whole or word.known is Known.BELOW:
            self.record.tree(scene.view.settle(word.text), why)
        else:
            self.record.file(scene.view.settle(word.text), why)

    # redirections

    def _open(self, redirects: Iterable["Node"], scene: Scene) -> None:
        for redirect in redirects:
            kinds = [
                text_of(child) for child in redirect.children if not child.is_named or child.type == "ERROR"
            ]
            kind = "".join(kinds)
            target = redirect.child_by_field_name("destination")
            if redirect.type != "file_redirect" or kind not in _OPENS or target is None:
                continue
            if kind == ">&" and target.type == "number":
                continue  # another descriptor
            for word in scene.words([target]):
                self._write(word, f"{kind} writes {word.text}", scene, whole=False)

    def _stdin(self, redirects: Iterable["Node"], scene: Scene) -> Word | None:
        found = None
        for redirect in redirects:
            if redirect.type == "herestring_redirect":
                found = scene.value([child for child in redirect.children if child.is_named])
            elif redirect.type == "heredoc_redirect":
                parts = {child.type: child for child in redirect.children}
                start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
                literal = start is not None and any(letter in text_of(start) for letter in "'\"\\")
                found = scene.document(body, literal=literal) if body is not None else Word("")
            elif redirect.children and redirect.children[0].type == "<":
                found = None
        return found

    # places

    def _scenes(self, state: State) -> list[Scene]:
        return [self._scene(state, folder) for folder in sorted(state.folders) or [""]]

    def _scene(self, state: State, folder: str) -> Scene:
        here = state.at(*[folder] if folder else [])
        view = View(folder, self.record)
        return Scene(
            state=here,
            view=view,
            environment=self.environment,
            substitute=lambda node: self._substitute(node, here, view),
        )

    def _substitute(self, node: "Node", state: State, view: View) -> str | None:
        """What a ``$(…)`` prints, when it is one of the few commands for which that is known."""
        inside = [child for child in node.children if child.is_named]
        if len(inside) != 1 or inside[0].type != "command" or not view.folder:
            return None
        if any(
            child.type != "command_name" and inside[0].field_name_for_child(at) != "argument"
            for at, child in enumerate(inside[0].children)
        ):
            return None
        scene = self._scene(state, view.folder)
        nodes = [
            part
            for child in inside[0].children
            for part in (child.children if child.type == "command_name" else [child])
        ]
        words = scene.words(nodes)
        if words and words[0].text in state.functions:
            return None
        temporary = self.environment.get("TMPDIR", "/tmp")  # noqa: S108 (what mktemp takes by itself)
        return printed(words, Place(folder=view.folder, look=view, temporary=temporary))


def _joined(found: Sequence[Ends]) -> Ends:
    return Ends(join(*(each.ok for each in found)), join(*(each.failed for each in found)))


def _label(words: Sequence[Word]) -> str:
    """A command as a reason names it: ``sed -i``, ``git checkout``."""
    name = posixpath.basename(words[0].text)
    first = words[1].text if len(words) > 1 and words[1].exact else ""
    telling = first.startswith("-") or name == "git"
    return f"{name} {first}" if telling and 1 < len(first) <= _SHOWN else name


def _absolute(word: Word, view: View) -> Word:
    return Word(view.settle(word.text), word.known) if word.known is Known.BELOW and view.folder else word


def _runs_text(name: Word) -> bool:
    return posixpath.basename(name.text) in {
        "bash",
        "sh",
        "dash",
        "zsh",
        "ksh",
        "eval",
        "env",
        "sudo",
        "xargs",
        "find",
    }
