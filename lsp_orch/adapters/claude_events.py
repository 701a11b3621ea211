"""What Claude Code says of itself, one JSON event a line, as far as its end depends on it."""

import json
from collections.abc import Mapping
from typing import Any

from lsp_orch.domain.result import Deferred, Output

Event = Mapping[str, Any]


class Said:
    """What a session has said so far."""

    def __init__(self) -> None:
        self._result: Event | None = None

    @property
    def result(self) -> Event | None:
        """How it says that it has ended; its exit status and the event's subtype prove nothing."""
        return self._result

    def take(self, line: str) -> str:
        """The kind of the event in a line."""
        try:
            event = json.loads(line)
        except ValueError:
            return "unreadable"
        if not isinstance(event, dict):
            return "unreadable"
        if event.get("type") == "result":
            # a message that came too late makes one more turn, which has no result of its own to report
            known = (self._result or {}).get("structured_output")
            self._result = {"structured_output": known, **event}
        return str(event.get("type", "unknown"))


def came_to(result: Event) -> Output | Deferred | None:
    """What a session handed back, or the call before which it has ended; None where it is neither."""
    match result:
        case {"structured_output": output} if output is not None:
            return Output(value=output)
        case {"deferred_tool_use": {"name": str(tool)}}:
            return Deferred(tool=tool)
        case _:
            return None


def cost_usd(result: Event) -> float:
    """What it has cost in all; of a resumed session also what it cost before."""
    return _number(result.get("total_cost_usd"))


def turns(result: Event) -> int:
    """How many turns its model has had."""
    return int(_number(result.get("num_turns")))


def reason(result: Event) -> str:
    """Why it ended, in its own words."""
    word = str(result.get("terminal_reason") or result.get("subtype") or "no reason given")
    status = result.get("api_error_status")
    return f"{word} {status}" if status else word


def detail(result: Event) -> str:
    """What went wrong, in its own words; empty where it says that nothing did."""
    errors = result.get("errors") or [result.get("result") or ""]
    return str(errors[0]) if result.get("is_error") else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
