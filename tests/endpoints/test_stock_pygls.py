"""What pygls does without our cures: when one of these fails, upstream has mended it and a cure can go."""

import asyncio
import gc
import json
import threading
import weakref
from typing import Any

import pytest
from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer
from pygls.progress import Progress

INITIALIZE: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


class _Writer:
    """Keeps what is written, and by which thread."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.threads: set[int] = set()

    def write(self, data: bytes) -> None:
        self.threads.add(threading.get_ident())
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None:
        """There is nothing to close."""


def _server() -> tuple[LanguageServer, _Writer]:
    server, writer = LanguageServer("stock", "1"), _Writer()
    server.protocol.set_writer(writer)
    return server, writer


async def _feed(server: LanguageServer, *messages: dict[str, Any]) -> None:
    """Let pygls' own loop read the messages and then the end."""
    reader = asyncio.StreamReader()
    for message in messages:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        reader.feed_data(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    reader.feed_eof()
    await run_async(
        stop_event=threading.Event(),
        reader=reader,
        protocol=server.protocol,
        error_handler=server.report_server_error,
    )


def _request(msg_id: Any, method: str, params: Any) -> dict[str, Any]:
    return {"id": msg_id, "method": method, "params": params}


def _answers(writer: _Writer, msg_id: Any) -> list[dict[str, Any]]:
    return [message for message in writer.messages if message.get("id") == msg_id]


async def test_01_the_second_connection_gets_the_first_ones_answers() -> None:
    server, first = _server()
    second = _Writer()
    server.protocol.set_writer(second)
    await _feed(server, _request(1, "initialize", INITIALIZE))
    assert not first.messages
    assert _answers(second, 1)


async def test_02_exit_ends_the_process() -> None:
    server, _ = _server()
    with pytest.raises(SystemExit):
        await _feed(server, {"method": "exit", "params": None})


async def test_03_each_notification_leaves_a_future_behind() -> None:
    server, _ = _server()
    opened = {"textDocument": {"uri": "file:///a", "languageId": "x", "version": 1, "text": ""}}
    changed = {"textDocument": {"uri": "file:///a", "version": 2}, "contentChanges": [{"text": "x"}]}
    await _feed(server, _request(1, "initialize", INITIALIZE))
    await _feed(server, {"method": "textDocument/didOpen", "params": opened})
    before = len(server.protocol._request_futures)
    await _feed(server, *[{"method": "textDocument/didChange", "params": changed}] * 10)
    assert len(server.protocol._request_futures) == before + 10


async def test_04_a_dropped_server_stays_alive() -> None:
    server, _ = _server()
    await _feed(server, _request(1, "initialize", INITIALIZE))
    dropped = weakref.ref(server)
    del server
    gc.collect()
    assert dropped() is not None


async def test_05_keys_of_custom_params_are_renamed() -> None:
    server, writer = _server()
    seen: list[Any] = []
    server.feature("custom/echo")(lambda params: seen.append(params))  # noqa: PLW0108  it gets attributes
    await _feed(server, _request(1, "custom/echo", {"class": 1, "file-path": 2, "type_name": "Q"}))
    assert seen[0]._fields == ("_0", "_1")
    assert _answers(writer, 1)


async def test_06_a_nested_jsonrpc_key_breaks_the_message() -> None:
    server, writer = _server()
    server.feature("custom/echo")(lambda _: None)
    await _feed(server, _request(1, "custom/echo", {"inner": {"jsonrpc": "2.0"}}))
    assert not _answers(writer, 1)


async def test_07_what_cannot_be_structured_is_never_answered() -> None:
    server, writer = _server()
    strange = {**INITIALIZE, "trace": "chatty"}
    await _feed(server, _request(1, "initialize", strange))
    assert not _answers(writer, 1)


async def test_08_every_push_is_written_whether_or_not_anybody_reads() -> None:
    server, writer = _server()
    for _ in range(100):
        server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri="file:///a", diagnostics=[])
        )
    assert len(writer.messages) == 100


async def test_09_a_thread_handler_has_its_answer_written_by_the_thread() -> None:
    server, writer = _server()
    may_end = threading.Event()
    written = threading.Event()

    def handler(_: Any) -> None:
        may_end.wait(5)

    server.feature("custom/slow")(server.thread()(handler))
    await _feed(server, _request(1, "custom/slow", {}))
    server.protocol._request_futures[1].add_done_callback(lambda _: written.set())
    may_end.set()
    await asyncio.to_thread(written.wait, 5)
    assert threading.get_ident() not in writer.threads
    server.thread_pool.shutdown()


async def test_11_questions_and_requests_share_one_table() -> None:
    server, _ = _server()
    forever = asyncio.Event()

    async def handler(_: Any) -> None:
        await forever.wait()

    server.feature("custom/wait")(handler)
    ours = server.protocol.send_request("window/showDocument", msg_id=1)
    await _feed(server, _request(1, "custom/wait", {}))
    theirs = server.protocol._request_futures[1]
    assert theirs is not ours
    theirs.cancel()


async def test_12_a_question_outlives_the_connection() -> None:
    server, _ = _server()
    asked = server.protocol.send_request("window/showMessageRequest")
    await _feed(server)
    assert not asked.done()
    assert server.protocol._result_types


async def test_13_progress_keeps_its_token() -> None:
    server, _ = _server()
    progress = Progress(server.protocol)
    progress.begin("token", types.WorkDoneProgressBegin(title="work"))
    progress.end("token", types.WorkDoneProgressEnd())
    assert "token" in progress.tokens


async def test_14_an_error_carries_its_traceback() -> None:
    server, writer = _server()

    def handler(_: Any) -> None:
        raise ValueError("a secret")

    server.feature("custom/fail")(handler)
    await _feed(server, _request(1, "custom/fail", {}))
    [answer] = _answers(writer, 1)
    assert answer["error"]["data"]["traceback"]


async def test_15_each_server_has_a_pool_of_its_own_and_offers_no_text_document_content() -> None:
    (one, writer), (other, _) = _server(), _server()
    assert one.thread_pool is not other.thread_pool
    one.feature("workspace/textDocumentContent")(lambda _: None)
    await _feed(one, _request(1, "initialize", INITIALIZE))
    assert "textDocumentContent" not in _answers(writer, 1)[0]["result"]["capabilities"]["workspace"]


async def test_16_a_command_without_its_arguments_is_our_bug_not_the_editors() -> None:
    server, writer = _server()

    def handler(uri: str) -> str:
        return uri

    server.command("custom.open")(handler)
    await _feed(server, _request(1, "initialize", INITIALIZE))
    await _feed(server, _request(2, "workspace/executeCommand", {"command": "custom.open"}))
    assert _answers(writer, 2)[0]["error"]["code"] == -32603


async def test_17_a_method_cannot_be_a_handler() -> None:
    server, writer = _server()
    with pytest.raises(AttributeError):
        server.feature("custom/write")(writer.write)
