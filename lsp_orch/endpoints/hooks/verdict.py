"""What a hook answers, in Claude Code's own form."""

import json
from dataclasses import dataclass
from typing import Any

BLOCK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``exit`` 0 lets the call pass, 2 refuses it; ``text`` goes to stdout for 0 and to stderr for 2.

    ``ticket`` is that of a refused call that can be made once the ticket is granted.
    """

    exit: int = 0
    text: str = ""
    ticket: str = ""


PASS = Verdict()


def refuse(reason: str, ticket: str = "") -> Verdict:
    """Stop the call; ``reason`` is told to the model."""
    return Verdict(exit=BLOCK, text=reason, ticket=ticket)


def warn(message: str) -> Verdict:
    """Let the call pass and tell the user."""
    return Verdict(text=_document({"systemMessage": message}))


def context(event: str, text: str) -> Verdict:
    """Let the event pass and give the model ``text`` to read."""
    return Verdict(
        text=_document({"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}})
    )


def headed(verdict: Verdict) -> bytes:
    """The frame that `lsp-orch hook` understands without reading JSON."""
    text = verdict.text.encode("utf-8", "replace")
    return b"Exit-Code: %d\r\nContent-Length: %d\r\n\r\n%b" % (verdict.exit, len(text), text)


def spoken(verdict: Verdict, event: str) -> bytes:
    """The document that an `http` hook answers with; there is always one, since nothing is no objection."""
    if not verdict.exit:
        return (verdict.text or "{}").encode("utf-8", "replace")
    return decision("deny", verdict.text, event)


def put_off(verdict: Verdict) -> bytes:
    """The same for a call that the client shall make again when it is resumed."""
    return decision("defer", verdict.text, "PreToolUse")


def decision(word: str, reason: str, event: str) -> bytes:
    """Say no to an event; only a tool call can be put off."""
    if event != "PreToolUse":
        return _document({"decision": "block", "reason": reason}).encode("utf-8", "replace")
    ruling = {"hookEventName": event, "permissionDecision": word, "permissionDecisionReason": reason}
    return _document({"hookSpecificOutput": ruling}).encode("utf-8", "replace")


def _document(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
