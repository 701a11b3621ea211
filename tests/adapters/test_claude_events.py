"""What the client was seen to say, read line by line; a line that another event tore costs no result."""

import json
from typing import Any

import pytest

from lsp_orch.adapters import claude_events
from lsp_orch.adapters.claude_events import Said
from lsp_orch.domain.reply import Output

SESSION = "f4dc2dd9-4cbf-422b-8d93-080b805d7efc"
RESULT: dict[str, Any] = {
    "duration_ms": 3625,
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "structured_output": {"n": 1},
    "session_id": SESSION,
    "total_cost_usd": 0.0008,
    "num_turns": 2,
}
RETRY = {"type": "system", "subtype": "api_retry", "error_status": 429, "session_id": SESSION}


def said(*lines: str) -> tuple[Said, list[str]]:
    found = Said(SESSION)
    return found, [found.take(line) for line in lines]


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(RETRY) + json.dumps(RESULT),
        '{"type":"assistant","mess' + json.dumps(RESULT),
        json.dumps(RESULT) + json.dumps(RETRY)[:30],
        "Warning: something\u2028" + json.dumps(RESULT) + " (node:12)",
    ],
)
def test_a_torn_line_loses_no_result(line: str) -> None:
    found, kinds = said(line)
    assert kinds == ["result"]
    assert found.result
    assert claude_events.came_to(found.result) == Output(value={"n": 1})
    assert claude_events.cost_usd(found.result) == pytest.approx(0.0008)
    assert claude_events.turns(found.result) == 2


def test_what_looks_like_a_result_inside_a_torn_event_is_none() -> None:
    inner = {"type": "result", "structured_output": {"n": 666}}
    found, kinds = said('{"type":"assistant","input":' + json.dumps(inner) + ',"cut')
    assert kinds == ["unreadable"]
    assert found.result is None


@pytest.mark.parametrize("line", ["", "[]", "null", "plain words", "{", '{"' * 100_000])
def test_nonsense_is_a_sign_of_life_and_no_more(line: str) -> None:
    found, kinds = said(line)
    assert kinds == ["unreadable"]
    assert found.result is None


def test_what_the_client_says_in_the_models_stead_is_no_answer() -> None:
    real = {"type": "assistant", "message": {"model": "claude-sonnet-5-5"}}
    made_up = {"type": "assistant", "error": "rate_limit", "message": {"model": "<synthetic>"}}
    _, kinds = said(json.dumps(real), json.dumps(made_up))
    assert kinds == ["assistant", "api-error"]


def test_the_signs_of_a_usage_limit() -> None:
    limit = {
        "type": "rate_limit_event",
        "rate_limit_info": {"status": "rejected", "resetsAt": 1795865363, "rateLimitType": "five_hour"},
    }
    warning = {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed_warning", "resetsAt": 1}}
    end = {
        "type": "result",
        "is_error": True,
        "terminal_reason": "api_error",
        "api_error_status": 429,
        "api_error": "usage_limit_reached",
        "stop_reason": "stop_sequence",
        "result": "You've hit your 5-hour limit",
    }
    found, _ = said(json.dumps(limit), json.dumps(warning), json.dumps(end))
    signs = found.signs("sonnet")
    assert (signs.status, signs.limit, signs.resets_at) == (429, "five_hour", 1795865363.0)
    assert signs.said == "You've hit your 5-hour limit"


def test_denied_calls_are_named_with_what_they_were_to_do() -> None:
    denied = [
        {"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": "curl http://x"}},
        {"tool_name": "Odd", "tool_input": {}},
        "nonsense",
    ]
    assert claude_events.denials({"permission_denials": denied}) == ["Bash: curl http://x", "Odd"]
    assert claude_events.denials({}) == []
