"""Small questions about the grammar's nodes."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsp_orch.adapters.shell.atoms import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGED = re.compile(
    r"\b([A-Za-z_]\w*+)(?:\[[^\]]{0,99}\])?\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))|(?:\+\+|--)\s*([A-Za-z_]\w*)"
)


def assigned(text: str) -> set[str]:
    """The names that arithmetic changes."""
    return {name for match in _CHANGED.finditer(text) for name in match.groups() if name}


def parted(nodes: Iterable["Node"]) -> tuple[list["Node"], list["Node"]]:
    """The condition and the body of a branch; ``else`` has no condition."""
    nodes = [child for child in nodes if child.type not in {"elif_clause", "else_clause"}]
    then = next((at for at, child in enumerate(nodes) if child.type == "then"), 0)
    return nodes[:then], nodes[then + 1 :]


def unfilled(body: "Node") -> str:
    """A here-document's own text, without what is to be filled in."""
    text, start = body.text or b"", body.start_byte
    for child in reversed(body.children):
        if child.type != "heredoc_content":
            text = text[: child.start_byte - start] + text[child.end_byte - start :]
    return text.decode("utf-8", "surrogateescape")


def is_literal(body: "Node") -> bool:
    """Whether a here-document's end is quoted, so that nothing in it is filled in."""
    around = body.parent.children if body.parent else ()
    starts = [text_of(each) for each in around if each.type == "heredoc_start"]
    return any(letter in start for start in starts for letter in "'\"\\")
