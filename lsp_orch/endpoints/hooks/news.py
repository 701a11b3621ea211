"""News on the way of an event's answer: what an agent is told when its session next asks us something."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from lsp_orch.domain.inbox import ROOM, size
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.hooks.verdict import Verdict, context
from lsp_orch.endpoints.inbox import Inboxes

_CARRIES = frozenset({"PreToolUse", "PostToolUse", "UserPromptSubmit", "SessionStart"})
_SAYS, _TEXT = "hookSpecificOutput", "additionalContext"


class HookNews:
    """``settled`` returns once what a granted call should be warned of is known."""

    def __init__(self, inboxes: Inboxes, settled: Callable[[], Awaitable[None]]) -> None:
        self._inboxes = inboxes
        self._settled = settled

    def seen(self, event: HookEvent) -> None:
        """Learn where the session stands, before anything else is done about the event."""
        self._inboxes.seen(event)

    async def add(self, event: HookEvent, verdict: Verdict) -> Verdict:
        """The verdict with what waits for whoever asked; a refusal has no room for it."""
        if verdict.exit or event.name not in _CARRIES:
            return verdict
        if event.name == "PreToolUse":
            await self._settled()
        document = json.loads(verdict.text) if verdict.text else {}
        said = document.get(_SAYS, {}).get(_TEXT, "")
        text = await self._inboxes.digest(event, ROOM - size(said) - 1)
        return _more(verdict, document, event.name, f"{said}\n{text}" if said else text) if text else verdict


def _more(verdict: Verdict, document: dict[str, Any], event: str, text: str) -> Verdict:
    """The same verdict, whose context says this."""
    if not document:
        return context(event, text)
    says = {"hookEventName": event, **document.get(_SAYS, {}), _TEXT: text}
    return replace(verdict, text=json.dumps({**document, _SAYS: says}, ensure_ascii=False))
