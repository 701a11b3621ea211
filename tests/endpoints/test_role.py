"""Every frame an editor can send gets the answer it is due, whatever is wrong with it."""

import asyncio
import json
import logging
from typing import Any

import pytest
from lsprotocol import types

from lsp_orch.domain.errors import Code, Refusal, Unavailable
from tests.endpoints.editors import URI, Editor, initialized

ECHO = "lspOrch/echo"
IDS: list[Any] = [1, 0, -5, "1", "a-b", ""]


@pytest.fixture
def editor() -> Editor:
    editor = initialized()
    editor.server.methods[ECHO] = lambda params: params
    return editor


def _request(method: str, params: Any = None, msg_id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"hello", b"\xff\xfe", b'{"a": NaN', b"[" * 100_000, b"1" * 5000, b"\xef\xbb\xbf{}"]
)
def test_what_is_not_json_is_answered(editor: Editor, body: bytes) -> None:
    [answer] = editor.raw(body)
    assert answer["id"] is None
    assert answer["error"]["code"] == -32700
    assert answer["error"]["data"]["code"] == "bad-request"


@pytest.mark.parametrize(
    "message",
    [
        None,
        5,
        "text",
        [],
        [_request(ECHO)],
        {},
        {"jsonrpc": "2.0"},
        {"method": 5},
        {"method": None, "params": {}},
        {"method": ECHO, "id": None},
        {"method": ECHO, "id": True},
        {"method": ECHO, "id": 1.5},
        {"method": ECHO, "id": [1]},
        {"method": ECHO, "id": {"a": 1}},
        {"id": [], "method": []},
    ],
)
def test_what_is_no_message_is_answered(editor: Editor, message: Any) -> None:
    [answer] = editor.say(message)
    assert answer["id"] is None
    assert answer["error"]["code"] == -32600


def test_a_request_without_a_proper_method_is_answered_by_its_id(editor: Editor) -> None:
    [answer] = editor.say({"jsonrpc": "2.0", "id": 4, "method": 5})
    assert (answer["id"], answer["error"]["code"]) == (4, -32600)


@pytest.mark.parametrize("answer", [{"id": 1, "result": 5}, {"id": [], "result": 5}, {"id": "x", "error": 5}])
def test_an_answer_to_nothing_is_ignored(editor: Editor, answer: dict[str, Any]) -> None:
    assert editor.say(answer) == []


@pytest.mark.parametrize("msg_id", IDS)
def test_ids_come_back_as_they_were(editor: Editor, msg_id: Any) -> None:
    [answer] = editor.say(_request(ECHO, {"a": 1}, msg_id))
    assert answer == {"jsonrpc": "2.0", "id": msg_id, "result": {"a": 1}}
    assert type(answer["id"]) is type(msg_id)


def test_custom_params_arrive_as_they_were_sent(editor: Editor) -> None:
    params = {
        "class": 1,
        "file-path": "/a",
        "from": None,
        "type_name": "Q",
        "_0": 0,
        "jsonrpc": "1.0",
        "inner": [{"jsonrpc": "2.0", "id": 3, "method": "exit"}],
        "ünïcode": "🦆 \ud800",
    }
    [answer] = editor.say(_request(ECHO, params))
    assert answer["result"] == params


def test_a_nested_jsonrpc_key_is_data_in_lsps_own_methods_too(editor: Editor) -> None:
    seen: list[Any] = []

    def take(what: dict[str, Any]) -> None:
        seen.append(what)

    editor.server.command("custom.take")(take)
    argument = {"class": {"jsonrpc": "2.0", "id": 1, "method": "exit"}, "type_name": 1}
    [answer] = editor.say(
        _request("workspace/executeCommand", {"command": "custom.take", "arguments": [argument]})
    )
    assert answer["result"] is None
    assert seen == [argument]


@pytest.mark.parametrize("params", [[], [1], "text", 5, False])
def test_custom_params_that_are_no_object_are_refused(editor: Editor, params: Any) -> None:
    [answer] = editor.say(_request(ECHO, params))
    assert answer["error"]["code"] == -32602
    assert answer["error"]["message"] == f"{ECHO}: params must be an object"


def test_custom_params_may_be_missing(editor: Editor) -> None:
    [answer] = editor.say({"jsonrpc": "2.0", "id": 1, "method": ECHO})
    assert answer["result"] == {}


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("textDocument/codeAction", None, "params.textDocument"),
        ("textDocument/codeAction", {"textDocument": 5}, "params.textDocument"),
        ("textDocument/codeAction", [1], "params"),
        ("workspace/executeCommand", {"command": "custom.absent"}, "custom.absent"),
        ("workspace/executeCommand", {"command": "custom.open"}, "Expected 1 arguments, got 0"),
        (
            "workspace/executeCommand",
            {"command": "custom.open", "arguments": []},
            "Expected 1 arguments, got 0",
        ),
        ("workspace/executeCommand", {"command": "custom.open", "arguments": [1, 2]}, "got 2"),
    ],
)
def test_params_that_make_no_sense_are_answered_in_words(
    editor: Editor, method: str, params: Any, says: str
) -> None:
    def open_it(uri: str) -> str:
        return uri

    editor.server.feature(types.TEXT_DOCUMENT_CODE_ACTION)(lambda _: [])
    editor.server.command("custom.open")(open_it)
    [answer] = editor.say(_request(method, params))
    assert answer["error"]["code"] == -32602
    assert says in answer["error"]["message"]
    assert "Traceback" not in json.dumps(answer)


def test_params_nested_too_deeply_are_answered(editor: Editor) -> None:
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    editor.server.feature(types.CODE_LENS_RESOLVE)(lambda _: None)
    [answer] = editor.raw(b'{"id": 1, "method": "codeLens/resolve", "params": %b}' % deep)
    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("method", ["lspOrch/absent", "textDocument/hover", "$/absent", "window/showMessage"])
def test_an_unknown_request_is_answered_and_an_unknown_notification_is_not(
    editor: Editor, method: str
) -> None:
    [answer] = editor.say(_request(method, {}))
    assert answer["error"]["code"] == -32601
    assert answer["error"]["data"]["code"] == "unknown-method"
    assert editor.notify(method, {}) == []


def test_a_notification_that_makes_no_sense_is_logged_and_dropped(
    editor: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    assert editor.notify("textDocument/didOpen", {"textDocument": {"uri": 5}}) == []
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "textDocument/didOpen" in record.getMessage()
    assert record.exc_info is None


def _fail(_: dict[str, Any]) -> None:
    raise ValueError("a secret")


async def _fail_later(_: dict[str, Any]) -> None:
    raise ValueError("a secret")


@pytest.mark.parametrize("handler", [_fail, _fail_later])
async def test_a_bug_is_answered_without_its_traceback_and_logged_with_it(
    editor: Editor, caplog: pytest.LogCaptureFixture, handler: Any
) -> None:
    editor.server.methods["lspOrch/fail"] = handler
    answer = await editor.ask("lspOrch/fail")
    assert answer["error"]["code"] == -32603
    assert answer["error"]["data"]["code"] == "internal"
    assert "secret" not in json.dumps(answer)
    assert "Traceback" not in json.dumps(answer)
    [record] = caplog.records
    assert record.exc_info
    assert record.exc_info[0] is ValueError


async def test_a_bug_in_lsps_own_methods_is_answered_the_same_way(
    editor: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    editor.server.feature(types.TEXT_DOCUMENT_DID_SAVE)(_fail)
    editor.server.command("custom.fail")(lambda: _fail({}))
    answer = await editor.ask("workspace/executeCommand", {"command": "custom.fail"})
    assert answer["error"]["code"] == -32603
    assert "traceback" not in json.dumps(answer)
    saved = {"textDocument": {"uri": "file:///a"}}
    assert editor.notify("textDocument/didSave", saved) == []
    assert [record.getMessage() for record in caplog.records] == [
        "workspace/executeCommand failed",
        "textDocument/didSave failed",
    ]


async def test_an_error_of_ours_carries_its_code_and_its_mend(
    editor: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: dict[str, Any]) -> Refusal:
        return Refusal(code=Code.LEASE_HELD, message="Ada holds a.py", hint="wait")

    async def fail(_: dict[str, Any]) -> None:
        raise Unavailable(Code.DISK_FULL, "the disk is full", "make room")

    editor.server.methods.update({"lspOrch/refuse": refuse, "lspOrch/fail": fail})
    refused = (await editor.ask("lspOrch/refuse"))["error"]
    assert refused == {
        "code": -32803,
        "message": "Ada holds a.py",
        "data": {"code": "lease-held", "hint": "wait"},
    }
    failed = (await editor.ask("lspOrch/fail"))["error"]
    assert failed["data"] == {"code": "disk-full", "hint": "make room"}
    assert caplog.records == []


def test_a_result_that_is_no_json_is_answered_as_a_bug(
    editor: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    editor.server.methods["lspOrch/set"] = lambda _: {"a": object()}
    [answer] = editor.say(_request("lspOrch/set"))
    assert answer["error"]["code"] == -32603
    assert caplog.records


def test_a_result_may_be_one_of_lsps_types(editor: Editor) -> None:
    editor.server.methods["lspOrch/where"] = lambda _: [types.Position(1, 2), types.DiagnosticSeverity.Hint]
    [answer] = editor.say(_request("lspOrch/where"))
    assert answer["result"] == [{"line": 1, "character": 2}, 4]


class _Work:
    """An async handler that tells how far it came."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.cancelled = False

    async def run(self, _: dict[str, Any]) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


@pytest.mark.parametrize("begun", [True, False])
async def test_a_request_can_be_cancelled_also_before_it_began(editor: Editor, *, begun: bool) -> None:
    work = _Work()
    editor.server.methods["lspOrch/work"] = work.run
    msg_id = editor.start("lspOrch/work")
    if begun:
        await work.began.wait()
    editor.notify("$/cancelRequest", {"id": msg_id})
    answer = await editor.peer.answer(msg_id)
    await editor.peer.idle()
    assert answer["error"]["code"] == -32800
    assert work.cancelled is begun
    assert not editor.role._calls


async def test_an_async_command_can_be_cancelled(editor: Editor) -> None:
    work = _Work()

    async def command() -> None:
        await work.run({})

    editor.server.command("custom.work")(command)
    msg_id = editor.start("workspace/executeCommand", {"command": "custom.work"})
    await work.began.wait()
    editor.notify("$/cancelRequest", {"id": msg_id})
    assert (await editor.peer.answer(msg_id))["error"]["code"] == -32800
    assert work.cancelled


@pytest.mark.parametrize("params", [None, {}, {"id": 99}, {"id": None}, {"id": []}, {"id": {}}, [], "x"])
def test_cancelling_nothing_does_nothing(
    editor: Editor, caplog: pytest.LogCaptureFixture, params: Any
) -> None:
    assert editor.notify("$/cancelRequest", params) == []
    assert caplog.records == []


async def test_a_handler_that_is_cancelled_from_within_is_answered(editor: Editor) -> None:
    async def work(_: dict[str, Any]) -> None:
        raise asyncio.CancelledError

    editor.server.methods["lspOrch/work"] = work
    assert (await editor.ask("lspOrch/work"))["error"]["code"] == -32800


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("connection_first", [True, False])
@pytest.mark.parametrize("method", ["lspOrch/work", "workspace/executeCommand"])
async def test_handlers_end_with_the_connection(
    editor: Editor, *, begun: bool, connection_first: bool, method: str
) -> None:
    work = _Work()

    async def command() -> None:
        await work.run({})

    editor.server.methods["lspOrch/work"] = work.run
    editor.server.command("custom.work")(command)
    params = {"command": "custom.work"}
    editor.start(method, params)
    editor.notify(method, params)
    if begun:
        await work.began.wait()
    before = len(editor.peer.messages)
    if connection_first:
        await editor.peer.end()
    editor.role.lost(clean=False)
    await editor.peer.end()
    assert work.cancelled is begun
    assert not editor.role._calls
    assert len(editor.peer.messages) == before


class _Session:
    """Handlers as they really are: methods."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.opened.append(params.text_document.uri)

    async def twice(self, what: str) -> str:
        return what * 2


async def test_methods_can_be_handlers(editor: Editor) -> None:
    session = _Session()
    editor.server.feature(types.TEXT_DOCUMENT_DID_OPEN)(session.did_open)
    editor.server.command("custom.twice")(session.twice)
    editor.open()
    assert session.opened == [URI]
    answer = await editor.ask("workspace/executeCommand", {"command": "custom.twice", "arguments": ["a"]})
    assert answer["result"] == "aa"
