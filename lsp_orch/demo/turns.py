"""What a scripted model says: one turn of a conversation, or a function that makes it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsp_orch.demo.messages_api import Call, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer: ``text``, then ``tools``, as content blocks; or one of the ways in which answers fail.

    ``status`` answers with that HTTP error, ``headers`` and ``text`` as its message. ``delay_s`` passes
    before the first byte. ``hold`` opens the stream and waits for the event; ``hang`` does so for ever;
    ``cut`` drops the connection in mid-answer. ``usage`` overrides token counts, ``stop`` the reason why the
    answer ends where it does.
    """

    text: str = ""
    tools: tuple[Json, ...] = ()
    usage: Mapping[str, int] = field(default_factory=dict)
    stop: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    hold: threading.Event | None = None
    hang: bool = False
    cut: bool = False


Play = Turn | Callable[[Call], Turn]


def text(words: str) -> Turn:
    """Say something and end the turn."""
    return Turn(text=words)


def tool(name: str, /, **arguments: Any) -> Turn:
    """Call one tool."""
    return Turn(tools=({"name": name, "input": arguments},))


def answer(**fields: Any) -> Turn:
    """Give the result that ``--json-schema`` asks for; it ends the client's turn."""
    return tool("StructuredOutput", **fields)
