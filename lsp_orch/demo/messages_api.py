"""The shapes of the Messages API that a scripted model needs: one call in, one answer out."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PATH = "/v1/messages"
SESSION_HEADER = "x-claude-code-session-id"

_SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization", "x-api-key"}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_PIECE = 400  # characters of one delta, so that long answers arrive in several events

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that a client made, and how far its answer has come.

    ``turn`` counts from 0 within its script and is -1 when nothing was scripted for it; ``status`` is 0
    until the answer has begun; ``done`` when it was sent whole, ``gone`` when the client left before.
    """

    number: int
    headers: Mapping[str, str]
    body: Json
    turn: int = -1
    status: int = 0
    done: bool = False
    gone: bool = False

    @property
    def session(self) -> str:
        """The client's session id, or empty."""
        return self.headers.get(SESSION_HEADER, "")

    @property
    def prompt(self) -> str:
        """The conversation's first user text: what tells one dispatched task from another.

        The reminders that the client puts around it (git's state, for one) are left out.
        """
        first = next((_text(each["content"]) for each in self._messages if each["role"] == "user"), "")
        return _REMINDER.sub("", first).strip()

    @property
    def text(self) -> str:
        """All that the model is told, tool results and injected context included."""
        return "\n".join(
            [_text(self.body.get("system")), *(_text(each["content"]) for each in self._messages)]
        )

    @property
    def tool_results(self) -> list[Json]:
        """The results of the tools that the previous turn called."""
        found: list[Json] = []
        for message in reversed(self._messages):
            if message["role"] == "assistant":
                break
            if message["role"] == "user" and isinstance(message["content"], list):
                found[:0] = [block for block in message["content"] if block["type"] == "tool_result"]
        return found

    @property
    def _messages(self) -> list[Json]:
        messages: list[Json] = self.body.get("messages", [])
        return messages


def scrubbed(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they may be kept: lower-case names, no secret."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: "(removed)" if name in _SECRET_HEADERS else value for name, value in lower.items()}


def message(blocks: list[Json], usage: Mapping[str, int], model: str, stop: str = "") -> Json:
    """Build the whole answer that ``blocks`` stand for; it says that it ends because of ``stop``."""
    uses_tool = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": blocks,
        "stop_reason": stop or ("tool_use" if uses_tool else "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": 100,
            "output_tokens": 20,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            **usage,
        },
    }


def events(whole: Json) -> Iterator[Json]:
    """Cut an answer into the events in which a client that streams wants it."""
    head = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": head}
    for index, block in enumerate(whole["content"]):
        empty, deltas = _deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def error(status: int, text: str) -> Json:
    """Build the body of a failed call."""
    return {"type": "error", "error": {"type": _ERROR_TYPES.get(status, "api_error"), "message": text}}


def _deltas(block: Json) -> tuple[Json, list[Json]]:
    if block["type"] == "tool_use":
        pieces = _pieces(json.dumps(block["input"]))
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": each} for each in pieces]
    pieces = _pieces(block["text"])
    return {**block, "text": ""}, [{"type": "text_delta", "text": each} for each in pieces]


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(
        _text(block["content"]) if block["type"] == "tool_result" else block.get("text", "")
        for block in content
    )
