"""What a worker says is kept without secrets, and stays the JSON that it was."""

import json

import pytest

from lsp_orch.adapters.log_secrets import LogSecrets
from tests.adapters.test_secrets_filter import PATTERNS

LOG = LogSecrets(["known-to-us"])


@pytest.mark.parametrize(("text", "secret", "kind"), PATTERNS)
def test_no_pattern_of_a_secret_gets_into_the_log(text: str, secret: str, kind: str) -> None:
    event = {
        "type": "user",
        "message": {"content": [{"type": "tool_result", "content": f"one\n{text}\nend"}]},
    }
    line = LOG.event(json.dumps(event))
    assert secret not in line
    assert f"[removed: {kind}]" in line
    assert json.loads(line)["type"] == "user"
    assert secret not in LOG.event(f"claude: {text}")


def test_a_name_in_json_tells_that_its_value_is_a_secret() -> None:
    event = {"input": {"api_key": "four words", "password": "hunter2", "path": "src/api_key.py", "n": 1}}
    kept = json.loads(LOG.event(json.dumps(event)))["input"]
    assert kept == {
        "api_key": "[removed: Password]",
        "password": "[removed: Password]",
        "path": "src/api_key.py",
        "n": 1,
    }


def test_what_we_know_is_removed_wherever_it_stands() -> None:
    assert LOG.event('{"a": ["it is known-to-us"]}') == '{"a": ["it is [removed]"]}'
    assert LOG.text("known-to-us") == "[removed]"


def test_an_ordinary_event_stays_as_it_is() -> None:
    event = {
        "type": "assistant",
        "message": {"id": "msg_354cb976604d469eaac835dd", "content": [{"type": "text", "text": "ümläut ok"}]},
        "session_id": "f4dc2dd9-4cbf-422b-8d93-080b805d7efc",
        "timestamp": "2026-11-21T04:02:31.104Z",
        "usage": {"output_tokens": 20},
    }
    assert json.loads(LOG.event(json.dumps(event))) == event


def test_a_line_that_is_no_text_for_people_is_shortened() -> None:
    kept = json.loads(LOG.event(json.dumps({"text": "short\n" + "x" * 100_000})))["text"]
    assert kept.startswith("short\nxxx")
    assert kept.endswith("(95904 characters left out)")
