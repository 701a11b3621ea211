"""The parts of a word as the grammar gives them: plain letters, quoted text, and holes for values."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from lsp_orch.domain.shell.state import Value
from lsp_orch.domain.shell.text import Atom, Atoms, unescaped

if TYPE_CHECKING:
    from tree_sitter import Node

NOBODY = -1
HOLES = frozenset(
    "simple_expansion expansion command_substitution arithmetic_expansion process_substitution ERROR".split()
)
_LITERAL: Mapping[str, Callable[[str], str]] = {
    "raw_string": lambda text: text[1:-1],
    "ansi_c_string": lambda text: unescaped(text[2:-1]) or "",
}
_SPECIAL = re.compile(r"[{},*?\[~\\$]")
_LETTER = re.compile(r"\\(.)|.", re.DOTALL)
_IN_QUOTES = re.compile(r'\\([$`"\\\n])')
_IN_HEREDOC = re.compile(r"\\([$`\\\n])")


def text_of(node: "Node") -> str:
    """The source of a node."""
    return (node.text or b"").decode("utf-8", "surrogateescape")


def glued(nodes: Iterable["Node"]) -> Iterator[list["Node"]]:
    """Nodes that touch are parts of one word; a backslash at a line's end is no space."""
    group: list[Node] = []
    for node in nodes:
        if group and not _touch(group[-1], node):
            yield group
            group = []
        group.append(node)
    if group:
        yield group


def _touch(node: "Node", after: "Node") -> bool:
    gap, whole = after.start_byte - node.end_byte, after.parent
    if gap <= 0 or gap % 2 or whole is None or node.start_byte < whole.start_byte:
        return gap == 0
    start = node.end_byte - whole.start_byte
    return bool(re.fullmatch(rb"(?:\\\n)+", (whole.text or b"")[start : start + gap]))


def atoms_of(node: "Node", holes: list["Node"], *, quoted: bool = False) -> list[Atom]:
    """The parts of a word; what is to be filled in goes to ``holes``."""
    kind = node.type
    if kind in HOLES or (kind == "ansi_c_string" and unescaped(text_of(node)[2:-1]) is None):
        holes.append(node)
        return [Atom("", quoted=quoted, hole=len(holes) - 1)]
    if kind in _LITERAL:
        return [Atom(_LITERAL[kind](text_of(node)), quoted=True)]
    if kind == "string":
        return [Atom("", quoted=True), *_inside(node, holes, _IN_QUOTES, trim=1)]
    if kind == "translated_string":
        return [atom for child in node.children if child.is_named for atom in atoms_of(child, holes)]
    return _mixed(node, holes) if node.child_count else _raw(text_of(node))


def document_atoms(body: "Node", holes: list["Node"]) -> list[Atom]:
    """The parts of a here-document whose end is not quoted."""
    return _inside(body, holes, _IN_HEREDOC)


def dollarless(atoms: Atoms) -> list[Atom]:
    """``$"text"`` is its text: the dollar only asks for a translation."""
    kept = [
        replace(atom, text=atom.text[:-1])
        if atom.text.endswith("$")
        and not atom.quoted
        and atom.hole is None
        and after == Atom("", quoted=True)
        else atom
        for atom, after in zip_longest(atoms, atoms[1:])
    ]
    return [atom for atom in kept if atom.text or atom.quoted or atom.hole is not None]


def at_home(atoms: Atoms, home: Value) -> list[Atom]:
    """The word with its ``~`` filled in; ``NOBODY`` is the hole of a home that is not known."""
    if not atoms or atoms[0].text != "~" or atoms[0].quoted or atoms[0].hole is not None:
        return list(atoms)
    after = atoms[1] if len(atoms) > 1 else Atom("/")
    mine = len(home) == 1 and home[0].exact and after.text.startswith("/") and not after.quoted
    return [Atom(home[0].text, quoted=True) if mine else Atom("", quoted=True, hole=NOBODY), *atoms[1:]]


def _mixed(node: "Node", holes: list["Node"]) -> list[Atom]:
    text, start = node.text or b"", node.start_byte
    atoms, at = [], start
    for child in node.children:
        atoms += _raw(text[at - start : child.start_byte - start].decode("utf-8", "surrogateescape"))
        atoms += atoms_of(child, holes)
        at = child.end_byte
    return atoms + _raw(text[at - start :].decode("utf-8", "surrogateescape"))


def _inside(node: "Node", holes: list["Node"], escapes: re.Pattern[str], *, trim: int = 0) -> list[Atom]:
    """The parts of a text in quotes, or of a here-document."""
    text, start = node.text or b"", node.start_byte
    atoms, at = [], start + trim
    for child in node.children:
        if child.type in HOLES:
            atoms.append(_plain(text[at - start : child.start_byte - start], escapes))
            atoms += atoms_of(child, holes, quoted=True)
            at = child.end_byte
    return [*atoms, _plain(text[at - start : len(text) - trim], escapes)]


def _plain(text: bytes, escapes: re.Pattern[str]) -> Atom:
    return Atom(escapes.sub(_escaped, text.decode("utf-8", "surrogateescape")), quoted=True)


def _escaped(match: re.Match[str]) -> str:
    return match[1].replace("\n", "")


def _raw(text: str) -> list[Atom]:
    if not _SPECIAL.search(text):
        return [Atom(text)] if text else []
    return [
        Atom(_escaped(match), quoted=True) if match[1] else Atom(match[0]) for match in _LETTER.finditer(text)
    ]
