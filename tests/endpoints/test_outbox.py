"""An editor that does not read costs a bounded amount of memory, and misses no news that still counts."""

from typing import Any

from lsprotocol import types

from lsp_orch.endpoints.lsp.outbox import BACKLOG_LIMIT
from tests.endpoints.editors import Editor, initialized

LEASES = "lspOrch/leases"


def _publish(editor: Editor, uri: str, line: int) -> None:
    where = types.Range(types.Position(line, 0), types.Position(line, 0))
    found = types.Diagnostic(range=where, message="held")
    editor.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, [found]))


def _published(editor: Editor) -> list[tuple[str, int]]:
    return [
        (message["params"]["uri"], message["params"]["diagnostics"][0]["range"]["start"]["line"])
        for message in editor.peer.messages
        if message.get("method") == "textDocument/publishDiagnostics"
    ]


def _stopped_reading() -> Editor:
    editor = initialized()
    editor.peer.reading = False
    editor.server.protocol.notify("window/logMessage", {"type": 4, "message": "x" * BACKLOG_LIMIT})
    assert editor.peer.backlog > BACKLOG_LIMIT
    return editor


async def test_an_editor_that_reads_gets_every_push() -> None:
    editor = initialized()
    for line in range(3):
        _publish(editor, "file:///a", line)
    assert _published(editor) == [("file:///a", 0), ("file:///a", 1), ("file:///a", 2)]


async def test_an_editor_that_never_reads_does_not_grow_the_backlog() -> None:
    editor = _stopped_reading()
    backlog = editor.peer.backlog
    for turn in range(20_000):
        _publish(editor, f"file:///{turn % 2}", turn)
        editor.server.push(LEASES, {"leases": [turn]})
    assert editor.peer.backlog == backlog
    await editor.peer.end()


async def test_an_editor_that_reads_again_gets_the_newest_of_each() -> None:
    editor = _stopped_reading()
    for turn in range(100):
        _publish(editor, "file:///a", turn)
        _publish(editor, "file:///b", turn)
        editor.server.push(LEASES, {"turn": turn})
        editor.server.push("lspOrch/task", {"turn": turn}, about=str(turn % 2))
    assert _published(editor) == []
    editor.peer.reading = True
    await editor.peer.idle()
    assert _published(editor) == [("file:///a", 99), ("file:///b", 99)]
    pushed: list[Any] = [m["params"] for m in editor.peer.messages if m.get("method") == LEASES]
    assert pushed == [{"turn": 99}]
    tasks = [m["params"]["turn"] for m in editor.peer.messages if m.get("method") == "lspOrch/task"]
    assert sorted(tasks) == [98, 99]


async def test_old_news_never_comes_after_newer() -> None:
    editor = _stopped_reading()
    _publish(editor, "file:///a", 1)
    editor.peer.reading = True
    _publish(editor, "file:///a", 2)
    await editor.peer.idle()
    assert _published(editor) == [("file:///a", 2)]


async def test_news_is_held_back_again_when_the_editor_stops_again() -> None:
    editor = _stopped_reading()
    _publish(editor, "file:///a", 1)
    editor.peer.reading = True
    await editor.peer.idle()
    editor.peer.reading = False
    editor.server.protocol.notify("window/logMessage", {"type": 4, "message": "x" * BACKLOG_LIMIT})
    _publish(editor, "file:///a", 2)
    assert _published(editor) == [("file:///a", 1)]
    editor.peer.reading = True
    await editor.peer.idle()
    assert _published(editor) == [("file:///a", 1), ("file:///a", 2)]


async def test_what_must_arrive_is_never_held_back() -> None:
    editor = _stopped_reading()
    editor.server.methods["lspOrch/echo"] = lambda params: params
    assert (await editor.ask("lspOrch/echo", {"a": 1}))["result"] == {"a": 1}
    editor.server.window_show_message(types.ShowMessageParams(types.MessageType.Info, "yours"))
    assert editor.peer.messages[-1]["params"]["message"] == "yours"


async def test_news_held_back_is_dropped_with_the_editor() -> None:
    editor = _stopped_reading()
    _publish(editor, "file:///a", 1)
    editor.role.lost(clean=False)
    editor.peer.reading = True
    await editor.peer.idle()
    assert _published(editor) == []
