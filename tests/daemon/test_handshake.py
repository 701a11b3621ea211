"""How a hello is answered."""

import json
from typing import Any

import pytest

from lsp_orch import __version__
from lsp_orch.client.hello import PROTOCOL
from lsp_orch.daemon.handshake import STOP, Greeting, Us, answer, judge, read
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints.wire import Hello

WORD = "open sesame"


def greeting(
    role: str = "cli", version: str = __version__, protocol: int = PROTOCOL, token: str = ""
) -> Greeting:
    return Greeting(hello=Hello(role=role, version=version), protocol=protocol, token=token)


def us(*, free: bool = True, leaving: bool = False, token: str = "") -> Us:
    return Us(pid=42, roles={"cli", "editor"}, token=token, free=free, leaving=leaving)


@pytest.mark.parametrize(
    ("version", "free", "verdict"),
    [
        (__version__, True, "ok"),
        ("0.0.9", True, "ok"),
        ("99.0.0", True, "retry"),
        ("99.0.0rc1", True, "retry"),
        ("99.0.0", False, "ok"),
        ("unknown", True, "ok"),
    ],
)
def test_within_a_protocol_only_a_newer_client_moves_only_a_free_daemon(
    version: str, verdict: str, *, free: bool
) -> None:
    assert judge(greeting(version=version), us(free=free)) == verdict


def test_ten_is_newer_than_nine() -> None:
    assert judge(greeting(version="0.10.0"), us()) == "retry"


def test_a_newer_protocol_moves_a_free_daemon_and_is_refused_by_a_busy_one() -> None:
    newer = greeting(version="99.0.0", protocol=PROTOCOL + 1)
    assert judge(newer, us(free=True)) == "retry"
    verdict = judge(newer, us(free=False))
    assert isinstance(verdict, Refusal)
    assert verdict.code == Code.VERSION_MISMATCH
    assert "pid 42" in verdict.message
    assert "The daemon is the one to upgrade" in verdict.hint


def test_an_older_protocol_is_told_to_upgrade_itself() -> None:
    verdict = judge(greeting(version="0.0.1", protocol=PROTOCOL - 1), us())
    assert isinstance(verdict, Refusal)
    assert verdict.code == Code.VERSION_MISMATCH
    assert "This side is the one to upgrade" in verdict.hint


def test_a_daemon_that_leaves_sends_everybody_on() -> None:
    assert judge(greeting(), us(leaving=True)) == "retry"
    assert judge(greeting(protocol=PROTOCOL - 1), us(leaving=True)) == "retry"


def test_whoever_is_told_to_restart_the_daemon_can() -> None:
    for protocol in (PROTOCOL - 1, PROTOCOL + 1):
        assert judge(greeting(role=STOP, protocol=protocol, version="99"), us()) == "ok"


def test_an_unknown_role_is_told_the_known_ones() -> None:
    verdict = judge(greeting(role="spy"), us())
    assert isinstance(verdict, Refusal)
    assert "'spy'" in verdict.message
    assert "cli, editor" in verdict.hint


def test_the_inbox_of_a_session_is_read_and_never_shown() -> None:
    params = {"protocol": 1, "version": "1", "role": "hook", "inbox": "/run/1.sock", "inbox_token": WORD}
    found = read(json.dumps({"method": "lspOrch/hello", "params": params}).encode())
    assert found
    assert (found.hello.inbox, found.hello.inbox_token) == ("/run/1.sock", WORD)
    assert WORD not in repr(found)
    assert "1.sock" not in repr(found)


def test_a_token_is_needed_where_there_is_one() -> None:
    assert isinstance(judge(greeting(token=""), us(token=WORD)), Refusal)
    assert isinstance(judge(greeting(role=STOP, token=WORD[1:]), us(token=WORD, leaving=True)), Refusal)
    assert judge(greeting(token=WORD), us(token=WORD)) == "ok"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"lspOrch/hello"',
        b'{"method": "initialize"}',
        b'{"method": "textDocument/didOpen", "params": {"text": "lspOrch/hello"}}',
    ],
)
def test_what_is_no_hello_is_an_editor_s_first_word(body: bytes) -> None:
    assert read(body) is None


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {},
        {"protocol": "1", "version": "1", "role": "cli"},
        {"protocol": True, "version": "1", "role": "cli"},
        {"protocol": 1, "version": "1", "role": None},
        {"protocol": 1, "version": "1", "role": "cli", "pid": "many"},
    ],
)
def test_a_broken_hello_is_refused(params: Any) -> None:
    with pytest.raises(Misuse, match="lspOrch/hello needs"):
        read(json.dumps({"method": "lspOrch/hello", "params": params}).encode())


def test_the_answer_says_the_same_in_its_headers_and_its_body() -> None:
    message, headers = answer("ok", 42)
    assert message["result"] == {"protocol": PROTOCOL, "version": __version__, "pid": 42}
    assert headers == f"Status: ok\r\nPid: 42\r\nVersion: {__version__}\r\n".encode()
    message, headers = answer(Refusal(code=Code.BAD_REQUEST, message="no", hint="do"), 42)
    assert message["error"]["data"] == {"code": "bad-request", "hint": "do"}
    assert headers.startswith(b"Status: refused\r\n")
