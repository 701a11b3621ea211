"""What Claude Code says of itself, one JSON event a line, as far as its end depends on it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lsp_orch.domain.reply import Output
from lsp_orch.domain.result import Deferred
from lsp_orch.domain.signs import Signs

Event = Mapping[str, Any]

_TRIES = 64  # places in a torn line where an event may begin
_decoder = json.JSONDecoder()


class Said:
    """What the session of that id has said so far."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._result: Event | None = None
        self._error = ""
        self._limit: Event = {}

    @property
    def result(self) -> Event | None:
        """How it says that it has ended; its exit status and the event's subtype prove nothing."""
        return self._result

    def take(self, line: str) -> str:
        """The kind of the event in a line; ``api-error`` is what the client says in the model's stead."""
        try:
            event = json.loads(line)
        except ValueError:  # another event came in between: no result may be lost for that
            kinds = [self._note(event) for event in self._whole(line)]
            return "result" if "result" in kinds else "unreadable"
        return self._note(event) if isinstance(event, dict) else "unreadable"

    def signs(self, model: str) -> Signs:
        """What speaks for whose fault it is that there is no result."""
        result = self._result or {}
        status, resets_at = result.get("api_error_status"), self._limit.get("resetsAt")
        return Signs(
            model=model,
            reason=str(result.get("terminal_reason") or ""),
            status=status if isinstance(status, int) else None,
            error=self._error,
            cause=str(result.get("api_error") or ""),
            stop=str(result.get("stop_reason") or ""),
            limit=str(self._limit.get("rateLimitType") or ""),
            resets_at=float(resets_at) if isinstance(resets_at, int | float) else None,
            said=detail(result),
        )

    def _note(self, event: Event) -> str:
        match event:
            case {"type": "result"}:
                # a message that came too late makes one more turn, which has no result of its own to report
                known = (self._result or {}).get("structured_output")
                self._result = {"structured_output": known, **event}
            case {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected"} as limit}:
                self._limit = limit
            case {"type": "assistant", "error": str(word)}:
                self._error = word
                return "api-error"
            case _:
                pass
        return str(event.get("type", "unknown"))

    def _whole(self, line: str) -> Iterator[Event]:
        """The events in a torn line that are whole, and this session's."""
        place, tries = line.find('{"'), 0
        while place >= 0 and tries < _TRIES:
            tries += 1
            try:
                event, end = _decoder.raw_decode(line, place)
            except ValueError:
                end = place + 1
            else:
                if event.get("session_id") == self._session_id:
                    yield event
            place = line.find('{"', end)


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


def denials(result: Event) -> list[str]:
    """The calls that nobody had given it leave for: the tool, and what it was to do."""
    found = result.get("permission_denials")
    return [_call(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def reason(result: Event) -> str:
    """Why it ended, in its own words."""
    word = str(result.get("terminal_reason") or result.get("subtype") or "no reason given")
    status = result.get("api_error_status")
    return f"{word} {status}" if status else word


def detail(result: Event) -> str:
    """What went wrong, in its own words; empty where it says that nothing did."""
    errors = result.get("errors") or [result.get("result") or ""]
    return str(errors[0]) if result.get("is_error") else ""


def _call(denial: Event) -> str:
    tool, given = str(denial.get("tool_name", "a tool")), denial.get("tool_input")
    first = next(iter(given.values()), "") if isinstance(given, dict) else ""
    return f"{tool}: {first}" if first else tool


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
