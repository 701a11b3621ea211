"""The words of a shell's command, expanded as bash does it: braces, values, splitting, patterns."""

import glob
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsp_orch.adapters.shell.atoms import (
    NOBODY,
    at_home,
    atoms_of,
    document_atoms,
    dollarless,
    glued,
    text_of,
)
from lsp_orch.adapters.shell.files import View
from lsp_orch.domain.shell.state import UNSURE, State, Value
from lsp_orch.domain.shell.text import Atom, Atoms, TooMuch, braces, trimmed
from lsp_orch.domain.shell.writes import UNKNOWN, Known, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 200_000
_LETTERS_A_STEP = 100
_BLANKS = re.compile(r"[ \t\n]+")


@dataclass(frozen=True, slots=True)
class Filling:
    """A value put into a word: ``many`` keeps its words apart even in quotes, ``solid`` never splits."""

    words: Value
    many: bool = False
    solid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where and when words are expanded; ``substitute`` tells what a ``$(…)`` prints, when it can be told."""

    state: State
    view: View
    environment: Mapping[str, str]
    substitute: Callable[["Node"], str | None]

    def words(self, nodes: Iterable["Node"]) -> list[Word]:
        """The arguments that these parts of a command become."""
        found = []
        for group in glued(nodes):
            for word in self._expanded(group):
                self.view.record.spend(1 + len(word.text) // _LETTERS_A_STEP)
                found.append(word)
        return found

    def value(self, nodes: Sequence["Node"]) -> Word:
        """The one text that an assignment gets: nothing splits, nothing is a pattern."""
        holes: list[Node] = []
        atoms = at_home([atom for node in nodes for atom in atoms_of(node, holes)], self.lookup("HOME").words)
        part = _Field()
        for atom in atoms:
            part.add_joined(self._filling(atom, holes))
        return part.word()

    def document(self, node: "Node", *, literal: bool) -> Word:
        """The text of a here-document's body; ``literal`` when its end is quoted."""
        if literal:
            return Word(text_of(node))
        holes: list[Node] = []
        part = _Field()
        for atom in document_atoms(node, holes):
            part.add_joined(self._filling(atom, holes))
        return part.word()

    def lookup(self, name: str) -> Filling:
        """A variable or a special parameter."""
        state = self.state
        if name in {"@", "*"}:
            return Filling(state.arguments, many=name == "@")
        if name in state.variables:
            return Filling(state.variables[name])
        if name in set("?#$!-0"):
            return Filling(UNSURE, solid=True)
        if name.isdigit():
            return Filling(_nth(state.arguments, int(name) - 1))
        here = self.view.folder if name == "PWD" else ""
        text = here or (None if state.clouded else self.environment.get(name))
        return Filling(UNSURE if text is None else (Word(text),))

    def _expanded(self, group: Sequence["Node"]) -> Iterator[Word]:
        holes: list[Node] = []
        atoms = [atom for node in group for atom in atoms_of(node, holes)]
        home = self.lookup("HOME").words
        for alternative in braces(dollarless(atoms)):
            for part in self._fields(at_home(alternative, home), holes):
                yield from self._matched(part)

    def _fields(self, atoms: Atoms, holes: Sequence["Node"]) -> list["_Field"]:
        fields = [_Field()]
        for atom in atoms:
            if atom.hole is None:
                fields[-1].add(atom.text, raw=not atom.quoted)
            elif atom.quoted:
                self._fill_quoted(self._filling(atom, holes), fields)
            else:
                self._fill_split(self._filling(atom, holes), fields)
        return [each for each in fields if each.stays]

    def _fill_quoted(self, filling: Filling, fields: list["_Field"]) -> None:
        if not filling.many:
            fields[-1].add_joined(filling)
            return
        fields[-1].vanishes = not filling.words  # "$@" without arguments is no word
        for at, word in enumerate(filling.words):
            if at:
                fields.append(_Field())
            fields[-1].add_word(word)

    def _fill_split(self, filling: Filling, fields: list["_Field"]) -> None:
        plain = "IFS" not in self.state.variables
        for at, word in enumerate(filling.words):
            if at:
                fields.append(_Field())
            if filling.solid:
                fields[-1].add_word(word)
            elif not word.exact or not plain:
                fields[-1].add_word(Word(word.text if plain else UNKNOWN, Known.ANY))
            else:
                _split(word.text, fields)

    def _matched(self, part: "_Field") -> Iterator[Word]:
        """A word, or the paths that it stands for as a pattern."""
        word = part.word()
        if not part.magic:
            yield word
        elif not word.exact or (not self.view.folder and not word.text.startswith("/")):
            yield Word(word.text, Known.ANY)
        elif (found := self.view.matches(part.pattern())) is None:
            folder = posixpath.dirname(re.split(r"[*?\[]", word.text, maxsplit=1)[0])
            yield from [Word(folder or ".", Known.BELOW)] * 2  # as it may be several words
        else:
            gone = all(self.view.settle(each) in self.view.record.files for each in found)
            yield from map(Word, [*found, word.text] if gone else found)

    def _filling(self, atom: Atom, holes: Sequence["Node"]) -> Filling:
        if atom.hole is None:
            return Filling((Word(atom.text),))
        return Filling(UNSURE) if atom.hole == NOBODY else self._fill(holes[atom.hole])

    def _fill(self, node: "Node") -> Filling:
        match node.type:
            case "simple_expansion":
                return self.lookup(text_of(node)[1:])
            case "expansion":
                return self._parameter(node)
            case "command_substitution":
                text = self.substitute(node)
                return Filling(UNSURE if text is None else (Word(text.rstrip("\n")),))
            case "arithmetic_expansion":
                return Filling(UNSURE, solid=True)
            case "process_substitution":
                return Filling((Word("/dev/fd/63"),))
            case _:
                return Filling(UNSURE)

    def _parameter(self, node: "Node") -> Filling:
        """``${name…}``."""
        name, *rest = node.children[1:-1] or [node]
        if name.type not in {"variable_name", "special_variable_name", "subscript"}:
            return Filling(UNSURE, solid=text_of(name) == "#")
        base = self._subscript(name) if name.type == "subscript" else self.lookup(text_of(name))
        if not rest:
            return base
        operator, *rest = rest
        match text_of(operator):
            case ":-" | "-" | ":=" | "=":
                return self._default(base, rest)
            case "%" | "%%" | "#" | "##" if len(base.words) == 1 and base.words[0].exact:
                pattern = self.value(rest)
                if pattern.exact:
                    cut = trimmed(base.words[0].text, text_of(operator), pattern.text.replace("[^", "[!"))
                    return Filling((Word(cut),))
        return Filling(UNSURE)

    def _default(self, base: Filling, rest: Sequence["Node"]) -> Filling:
        if any(not word.exact for word in base.words):
            return Filling(UNSURE)
        filled = any(word.text for word in base.words)
        return base if filled else Filling((self.value(rest),) if rest else ())

    def _subscript(self, node: "Node") -> Filling:
        name, _, index = text_of(node).removesuffix("]").partition("[")
        words = self.lookup(name).words
        if index in {"@", "*"}:
            return Filling(words, many=index == "@")
        return Filling(_nth(words, int(index)) if index.isdigit() else UNSURE)


@dataclass(slots=True)
class _Field:
    """One word in the making."""

    parts: list[tuple[str, bool]] = field(default_factory=list)  # text, and whether it may be a pattern
    known: Known = Known.EXACTLY
    started: bool = False
    vanishes: bool = False

    @property
    def stays(self) -> bool:
        """Whether it is a word in the end."""
        return self.started and not (self.vanishes and not any(text for text, _ in self.parts))

    def add(self, text: str, *, raw: bool = False) -> None:
        """More text; also an empty one in quotes makes a word."""
        self.parts.append((text, raw))
        self.started = True

    def add_word(self, word: Word) -> None:
        """A word that may not be known."""
        self.known = max(self.known, word.known, key=_DOUBT.index)
        self.add(word.text)

    def add_joined(self, filling: Filling) -> None:
        """All words of a value as one text."""
        for at, word in enumerate(filling.words):
            if at:
                self.add(" ")
            self.add_word(Word(word.text, Known.ONE) if word.known is Known.ANY else word)
        self.started = True

    @property
    def magic(self) -> bool:
        """Whether it is a pattern."""
        return any(raw and any(letter in text for letter in "*?[") for text, raw in self.parts)

    def pattern(self) -> str:
        """The pattern, with what is quoted made plain."""
        return "".join(text if raw else glob.escape(text) for text, raw in self.parts)

    def word(self) -> Word:
        """What has come of it; a word that begins with a hyphen and goes on unknown may be any option."""
        text = "".join(text for text, _ in self.parts)
        if len(text) > _LONGEST:
            raise TooMuch("a value grows and grows")
        if self.known is Known.BELOW and len([text for text, _ in self.parts if text]) > 1:
            return Word(text, Known.ONE)
        return Word(text, Known.ANY if self.known is Known.ONE and text.startswith("-") else self.known)


_DOUBT = (Known.EXACTLY, Known.BELOW, Known.ONE, Known.ANY)


def _nth(words: Value, at: int) -> Value:
    if any(word.known is Known.ANY for word in words[: at + 1]):
        return UNSURE
    return words[at : at + 1]


def _split(text: str, fields: list[_Field]) -> None:
    for at, piece in enumerate(_BLANKS.split(text)):
        if at:
            fields.append(_Field())
        if piece:
            fields[-1].add(piece, raw=True)
