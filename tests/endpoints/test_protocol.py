"""LSP's own methods: many editors in one process, none of whom disturbs another or leaves anything behind."""

import asyncio
import gc
import threading
import tracemalloc
import weakref
from typing import Any

import pytest
from lsprotocol import types

from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.endpoints.lsp.protocol import EditorServer
from tests.endpoints.editors import INITIALIZE, URI, Editor, initialized
from tests.fixtures.peers import FakePeer

QUESTION = types.ShowMessageRequestParams(type=types.MessageType.Info, message="Hand it over?")
SHOW_MESSAGE = "window/showMessageRequest"


def test_two_editors_have_documents_and_answers_of_their_own() -> None:
    one, other = initialized(), initialized()
    one.open("one")
    other.open("other")
    one.change("still ")
    assert (one.text, other.text) == ("still one", "other")
    one.server.methods["lspOrch/who"] = lambda _: "one"
    other.server.methods["lspOrch/who"] = lambda _: "other"
    [answer] = one.say({"jsonrpc": "2.0", "id": 7, "method": "lspOrch/who"})
    assert answer == {"jsonrpc": "2.0", "id": 7, "result": "one"}
    assert all(message.get("id") != 7 for message in other.peer.messages)


def test_exit_of_one_editor_leaves_the_other_at_work() -> None:
    one, other = initialized(), initialized()
    other.open("other")
    one.notify("exit")
    assert one.peer.closed
    assert not other.peer.closed
    other.change("still the ")
    assert other.text == "still the other"


def test_nothing_is_taken_after_exit() -> None:
    editor = initialized()
    editor.notify("exit")
    assert editor.say({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}) == []


def test_a_handler_that_fails_at_exit_does_not_keep_the_connection() -> None:
    editor = initialized()

    def fail(_: Any) -> None:
        raise RuntimeError("at the very end")

    editor.server.feature("exit")(fail)
    editor.notify("exit")
    assert editor.peer.closed


@pytest.mark.parametrize(
    ("last_words", "clean"),
    [((), False), (("shutdown",), True), (("shutdown", "exit"), True), (("exit",), True)],
)
def test_a_goodbye_is_remembered(last_words: tuple[str, ...], *, clean: bool) -> None:
    editor = initialized()
    for method in last_words:
        editor.say({"jsonrpc": "2.0", "method": method, **({"id": 1} if method == "shutdown" else {})})
    editor.role.lost(clean=False)
    assert editor.farewells == [clean]


def test_a_request_before_initialize_is_told_so_and_a_second_initialize_too() -> None:
    editor = Editor()
    [early] = editor.say({"jsonrpc": "2.0", "id": 1, "method": "shutdown"})
    assert early["error"]["code"] == -32002
    assert "error" not in editor.initialize()
    assert editor.initialize()["error"]["code"] == -32600


def test_after_shutdown_only_exit_is_taken() -> None:
    editor = initialized()
    assert editor.say({"jsonrpc": "2.0", "id": 1, "method": "shutdown"})[0]["result"] is None
    [late] = editor.say({"jsonrpc": "2.0", "id": 2, "method": "workspace/executeCommand", "params": {}})
    assert late["error"]["code"] == -32600
    editor.notify("exit")
    assert editor.peer.closed


def test_ten_thousand_changes_leave_nothing_behind() -> None:
    editor = initialized()
    seen: list[int] = []
    editor.server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(
        lambda params: seen.append(params.text_document.version) if len(seen) < 10 else None
    )
    editor.open("x")
    for _ in range(100):
        editor.change("y", at=(0, 1))  # what is built once is built by now
    gc.collect()
    tracemalloc.start()
    try:
        before, objects = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
        for _ in range(10_000):
            editor.change("y", at=(0, 1))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(seen) == 10
    assert editor.text == "y"
    assert not editor.server.protocol._request_futures
    assert len(gc.get_objects()) - objects < 100
    assert grown < 10_000  # less than a byte a change


async def test_a_command_leaves_nothing_behind_be_it_async_or_not() -> None:
    editor = initialized()

    async def later(what: str) -> str:
        await asyncio.sleep(0)
        return what

    def now(what: str) -> str:
        return what

    editor.server.command("custom.later")(later)
    editor.server.command("custom.now")(now)
    for command in ("custom.later", "custom.now"):
        params = {"command": command, "arguments": ["done"]}
        answer = await editor.ask("workspace/executeCommand", params)
        assert answer["result"] == "done"
    await editor.peer.idle()
    assert not editor.server.protocol._request_futures
    assert not editor.role._calls


async def test_dropped_editors_are_collected() -> None:
    dropped = []
    for _ in range(20):
        editor = initialized()
        editor.open("text")
        editor.server.protocol.get_message_type("textDocument/hover")
        asked = editor.server.window_show_message_request(QUESTION)
        editor.role.lost(clean=False)
        assert asked.done()
        dropped.append(weakref.ref(editor.server))
        del editor, asked
    gc.collect()
    assert [ref for ref in dropped if ref() is not None] == []


@pytest.mark.parametrize(
    ("offered", "chosen", "column"),
    [
        (["utf-8", "utf-16"], "utf-8", 4),
        (["utf-16"], "utf-16", 2),
        (["utf-99", "utf-32"], "utf-32", 1),
        ([], "utf-16", 2),
    ],
)
def test_positions_are_counted_as_the_editor_likes_best(offered: list[str], chosen: str, column: int) -> None:
    editor = Editor()
    answer = editor.initialize({"general": {"positionEncodings": offered}} if offered else {})
    assert answer["result"]["capabilities"]["positionEncoding"] == chosen
    editor.open("🦆!")
    editor.change("quack", at=(column, column))
    assert editor.text == "🦆quack!"


def test_what_pygls_does_not_offer_can_be_offered() -> None:
    editor = Editor()

    def offer(capabilities: types.ServerCapabilities) -> None:
        capabilities.experimental = {"lspOrch": {"version": 1}}
        assert capabilities.workspace
        capabilities.workspace.text_document_content = types.TextDocumentContentOptions(schemes=["lsp-orch"])

    editor.server.offer = offer
    offered = editor.initialize()["result"]["capabilities"]
    assert offered["experimental"] == {"lspOrch": {"version": 1}}
    assert offered["workspace"]["textDocumentContent"] == {"schemes": ["lsp-orch"]}


def test_all_editors_share_one_converter_and_one_pool() -> None:
    one, other = Editor().server, Editor().server
    assert one.protocol._converter is other.protocol._converter
    assert one.thread_pool is other.thread_pool


def test_a_thread_handler_cannot_be_registered() -> None:
    with pytest.raises(Misuse, match="thread"):
        Editor().server.thread()


async def test_a_slow_handler_of_one_editor_does_not_hold_up_another() -> None:
    slow, quick = initialized(), initialized()
    may_end = threading.Event()

    async def work(_: dict[str, Any]) -> bool:
        return await asyncio.to_thread(may_end.wait, 5)

    slow.server.methods["lspOrch/slow"] = work
    quick.server.methods["lspOrch/ping"] = lambda _: "pong"
    msg_id = slow.start("lspOrch/slow")
    assert (await quick.ask("lspOrch/ping"))["result"] == "pong"
    assert all(message.get("id") != msg_id for message in slow.peer.messages)
    may_end.set()
    assert (await slow.peer.answer(msg_id))["result"] is True


async def test_handlers_of_lsps_own_methods_may_be_async() -> None:
    editor = Editor()
    seen: list[str] = []

    async def initialize(params: types.InitializeParams) -> None:
        await asyncio.sleep(0)
        seen.append(f"initialize {params.process_id}")

    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        await asyncio.sleep(0)
        seen.append(editor.server.workspace.get_text_document(params.text_document.uri).source)

    editor.server.feature(types.INITIALIZE)(initialize)
    editor.server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    assert "capabilities" in (await editor.ask("initialize", {**INITIALIZE, "processId": 7}))["result"]
    editor.open("text")
    await editor.peer.idle()
    assert seen == ["initialize 7", "text"]


async def test_the_editors_answer_comes_back_in_lsps_types() -> None:
    editor = initialized()
    asking = asyncio.create_task(editor.server.ask(SHOW_MESSAGE, QUESTION, timeout_s=5))
    question = await editor.peer.request(SHOW_MESSAGE)
    assert question["params"] == {"type": 3, "message": "Hand it over?"}
    editor.say({"jsonrpc": "2.0", "id": question["id"], "result": {"title": "Yes"}})
    assert await asking == types.MessageActionItem(title="Yes")
    assert not editor.server.protocol._request_futures
    assert not editor.server.protocol._result_types


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"error": {"code": -32601, "message": "I cannot"}}, "I cannot"),
        ({"error": "rubbish"}, "rubbish"),
        ({"result": [1]}, "makes no sense"),
        ({"result": 5}, "makes no sense"),
    ],
)
async def test_an_answer_that_is_no_answer_is_told_to_who_asked(answer: dict[str, Any], says: str) -> None:
    editor = initialized()
    asking = asyncio.create_task(editor.server.ask(SHOW_MESSAGE, QUESTION, timeout_s=5))
    question = await editor.peer.request(SHOW_MESSAGE)
    editor.say({"jsonrpc": "2.0", "id": question["id"], **answer})
    with pytest.raises(Unavailable, match=says) as caught:
        await asking
    assert caught.value.refusal.code is Code.EDITOR_SILENT
    assert not editor.server.protocol._request_futures
    assert not editor.server.protocol._result_types


async def test_a_question_that_nobody_answers_is_taken_back() -> None:
    editor = initialized()
    with pytest.raises(Unavailable, match="did not answer"):
        await editor.server.ask(SHOW_MESSAGE, QUESTION, timeout_s=0)
    question = await editor.peer.request(SHOW_MESSAGE)
    taken_back = await editor.peer.request("$/cancelRequest")
    assert taken_back["params"] == {"id": question["id"]}
    assert not editor.server.protocol._request_futures
    assert not editor.server.protocol._result_types
    assert editor.say({"jsonrpc": "2.0", "id": question["id"], "result": None}) == []


@pytest.mark.parametrize("how", ["lost", "shutdown"])
async def test_questions_fail_when_the_editor_leaves(how: str) -> None:
    editor = initialized()
    asking = asyncio.create_task(editor.server.ask(SHOW_MESSAGE, QUESTION, timeout_s=5))
    await editor.peer.request(SHOW_MESSAGE)
    if how == "lost":
        editor.role.lost(clean=False)
    else:
        editor.say({"jsonrpc": "2.0", "id": 1, "method": "shutdown"})
    with pytest.raises(Unavailable, match="left"):
        await asking
    assert not editor.server.protocol._request_futures
    assert not editor.server.protocol._result_types
    with pytest.raises(Unavailable, match="left"):
        await editor.server.ask(SHOW_MESSAGE, QUESTION, timeout_s=5)


async def test_an_editors_id_may_equal_one_of_ours() -> None:
    editor = initialized()
    editor.server.methods["lspOrch/later"] = _never
    asked = editor.server.window_show_message_request(QUESTION)
    ours = (await editor.peer.request(SHOW_MESSAGE))["id"]
    editor.say({"jsonrpc": "2.0", "id": ours, "method": "lspOrch/later"})
    editor.notify("$/cancelRequest", {"id": ours})
    assert (await editor.peer.answer(ours))["error"]["code"] == -32800
    assert not asked.done()
    editor.say({"jsonrpc": "2.0", "id": ours, "result": None})
    assert asked.result(timeout=0) is None


def test_our_ids_are_ours_to_choose() -> None:
    with pytest.raises(Misuse):
        initialized().server.protocol.send_request(SHOW_MESSAGE, QUESTION, msg_id=1)


def test_progress_can_use_its_token_again() -> None:
    editor = initialized()
    progress = editor.server.work_done_progress
    for _ in range(2):
        progress.create("token")
        [*_, create] = editor.peer.messages
        editor.say({"jsonrpc": "2.0", "id": create["id"], "result": None})
        progress.begin("token", types.WorkDoneProgressBegin(title="work"))
        progress.end("token", types.WorkDoneProgressEnd())
        assert progress.tokens == {}


def test_progress_that_is_under_way_is_cancelled_when_the_editor_leaves() -> None:
    editor = initialized()
    progress = editor.server.work_done_progress
    progress.begin("token", types.WorkDoneProgressBegin(title="work"))
    cancelled = progress.tokens["token"]
    editor.role.lost(clean=False)
    assert cancelled.cancelled()
    assert progress.tokens == {}


def test_nothing_is_sent_to_an_editor_that_has_left() -> None:
    editor = initialized()
    editor.role.lost(clean=True)
    before = len(editor.peer.messages)
    editor.server.window_show_message(types.ShowMessageParams(types.MessageType.Info, "too late"))
    editor.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(URI, []))
    assert len(editor.peer.messages) == before


def test_pygls_does_not_log_payloads(caplog: pytest.LogCaptureFixture) -> None:
    editor = initialized()
    editor.open("a secret")
    EditorServer(FakePeer())
    assert caplog.records == []


async def _never(_: dict[str, Any]) -> None:
    await asyncio.Event().wait()
