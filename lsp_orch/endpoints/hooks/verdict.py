"""What a hook answers, in Claude Code's own form."""

import json
from dataclasses import dataclass
from typing import Any

BLOCK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``exit`` 0 lets the call pass, 2 refuses it; ``text`` goes to stdout for 0 and to stderr for 2."""

    exit: int = 0
    text: str = ""


PASS = Verdict()


def refuse(reason: str) -> Verdict:
    """Stop the call; ``reason`` is told to the model."""
    return Verdict(exit=BLOCK, text=reason)


def warn(message: str) -> Verdict:
    """Let the call pass and tell the user."""
    return Verdict(text=_document({"systemMessage": message}))


def context(event: str, text: str) -> Verdict:
    """Let the event pass and give the model ``text`` to read."""
    return Verdict(
        text=_document({"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}})
    )


def _document(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
