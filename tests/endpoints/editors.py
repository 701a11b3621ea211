"""Editors in memory, each with a hardened server of its own."""

from typing import Any

from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.lsp.role import EditorRole
from tests.fixtures.peers import FakePeer, Talk

URI = "file:///project/a.py"
INITIALIZE: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


class Editor(Talk):
    """One editor and the server it talks to."""

    role: EditorRole

    def __init__(self) -> None:
        peer = FakePeer()
        self.server = EditorServer(peer)
        self.farewells: list[bool] = []
        super().__init__(EditorRole(self.server, self._farewell), peer)

    def initialize(self, capabilities: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Shake hands; the whole answer."""
        params = {**INITIALIZE, "capabilities": capabilities or {}, **more}
        [answer] = self.say({"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": params})
        self.notify("initialized", {})
        return answer

    def open(self, text: str = "") -> None:
        """Open the one document."""
        document = {"uri": URI, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, text: str, *, version: int = 2, at: tuple[int, int] = (0, 0)) -> None:
        """Insert text on the first line, between two columns."""
        start, end = ({"line": 0, "character": column} for column in at)
        change = {"range": {"start": start, "end": end}, "text": text}
        document = {"uri": URI, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    @property
    def text(self) -> str:
        """The document as the server knows it."""
        return self.server.workspace.get_text_document(URI).source

    def _farewell(self, *, clean: bool) -> None:
        self.farewells.append(clean)


def initialized() -> Editor:
    """An editor after the handshake."""
    editor = Editor()
    editor.initialize()
    return editor
