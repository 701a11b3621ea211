"""An editor that is newer than we are is understood as far as we can."""

from typing import Any

import pytest
from lsprotocol import types

from tests.endpoints.editors import INITIALIZE, Editor, initialized

STRANGE: dict[str, dict[str, Any]] = {
    "symbolKind": {"workspace": {"symbol": {"symbolKind": {"valueSet": [1, 99, 2, 98]}}}},
    "many": {"workspace": {"symbol": {"symbolKind": {"valueSet": [*range(1, 10), *range(90, 105), 10]}}}},
    "tagSupport": {"textDocument": {"publishDiagnostics": {"tagSupport": {"valueSet": [1, 9]}}}},
    "resourceOperations": {"workspace": {"workspaceEdit": {"resourceOperations": ["create", "teleport"]}}},
    "failureHandling": {"workspace": {"workspaceEdit": {"failureHandling": "prayer"}}},
    "positionEncodings": {"general": {"positionEncodings": ["utf-99"]}},
}


@pytest.mark.parametrize("name", STRANGE)
def test_unknown_members_do_not_keep_initialize_from_being_answered(name: str) -> None:
    assert "capabilities" in Editor().initialize(STRANGE[name])["result"]


def test_an_unknown_trace_is_overlooked() -> None:
    assert "capabilities" in Editor().initialize(trace="chatty")["result"]


def test_the_known_members_beside_an_unknown_one_are_kept() -> None:
    editor = Editor()
    editor.initialize({**STRANGE["many"], **STRANGE["tagSupport"]})
    capabilities = editor.server.client_capabilities
    assert capabilities.workspace
    assert capabilities.workspace.symbol
    assert capabilities.workspace.symbol.symbol_kind
    assert capabilities.workspace.symbol.symbol_kind.value_set == tuple(map(types.SymbolKind, range(1, 11)))
    assert capabilities.text_document
    assert capabilities.text_document.publish_diagnostics
    assert capabilities.text_document.publish_diagnostics.tag_support
    assert capabilities.text_document.publish_diagnostics.tag_support.value_set == (
        types.DiagnosticTag.Unnecessary,
    )


def test_unknown_keys_are_overlooked() -> None:
    assert "capabilities" in Editor().initialize({"telepathy": {"range": 5}}, mood="good")["result"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({**INITIALIZE, "capabilities": 5}, "params.capabilities"),
        ({"processId": None, "rootUri": None}, "params.capabilities"),
        ({**INITIALIZE, "processId": "mine"}, "params.processId"),
        ({**INITIALIZE, "workspaceFolders": [{"uri": "file:///a"}]}, "params.workspaceFolders[0].name"),
    ],
)
def test_an_initialize_that_makes_no_sense_is_told_where(params: dict[str, Any], says: str) -> None:
    [answer] = Editor().say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    assert answer["error"]["code"] == -32602
    assert says in answer["error"]["message"]


def test_unknown_members_are_overlooked_in_every_message_that_can_do_without() -> None:
    editor = initialized()
    seen: list[types.CodeActionParams] = []
    editor.server.feature(types.TEXT_DOCUMENT_CODE_ACTION)(seen.append)
    nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    diagnostic = {"range": nowhere, "message": "m", "severity": 9, "tags": [1, 7]}
    params = {
        "textDocument": {"uri": "file:///a"},
        "range": nowhere,
        "context": {"diagnostics": [diagnostic], "triggerKind": 9},
    }
    editor.say({"jsonrpc": "2.0", "id": 1, "method": "textDocument/codeAction", "params": params})
    [found] = seen[0].context.diagnostics
    assert (found.message, found.severity, found.tags) == ("m", None, (types.DiagnosticTag.Unnecessary,))


def test_an_unknown_member_that_cannot_be_left_out_is_told() -> None:
    editor = initialized()
    editor.server.feature(types.TEXT_DOCUMENT_WILL_SAVE)(lambda _: None)
    editor.server.feature(types.TEXT_DOCUMENT_WILL_SAVE_WAIT_UNTIL)(lambda _: [])
    params = {"textDocument": {"uri": "file:///a"}, "reason": 9}
    message = {"jsonrpc": "2.0", "id": 1, "method": "textDocument/willSaveWaitUntil", "params": params}
    [answer] = editor.say(message)
    assert answer["error"]["code"] == -32602
    assert "params.reason" in answer["error"]["message"]
