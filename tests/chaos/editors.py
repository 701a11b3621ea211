"""A person's editor."""

import json
import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import frame
from tests.chaos.clients import GONE, Answer, Client, Ink
from tests.chaos.history import NEVER, Death, Tie, Verb, write

_REQUEST = "lspOrch.lease.request"


class Editor(Client):
    """Somebody's editor. Its holder is its connection, whose name nobody else has."""

    tie = Tie.CONNECTION

    def __init__(self, name: str, workspace: str, ink: Ink) -> None:
        super().__init__(name, workspace, NEVER, ink)  # what is unsaved stays
        self._lives = count()
        self._typed = count()
        self.open: set[str] = set()

    def type(self, file: str) -> None:
        """Type into a file, and ask whether it is ours by that."""
        self._dial()
        self.asks(Verb.ASK, resources=[file])
        if self._notify(*self._change(file)):
            self.open.add(file)
            wanted = {"command": _REQUEST, "arguments": [self._uri(file)]}
            self._request("workspace/executeCommand", wanted)

    def save(self, file: str) -> None:
        """What was typed is in the file."""
        self._let_go("textDocument/didSave", file)

    def close(self, file: str) -> None:
        """And is seen no more."""
        self._let_go("textDocument/didClose", file)
        self.open.discard(file)

    def vanish(self) -> None:
        """Without a goodbye."""
        self.ink(write(Death(who=self.holder, at=time.monotonic(), gone=NEVER)))
        self.hang_up()

    def hang_up(self) -> None:
        """The next window shows nothing yet."""
        super().hang_up()
        self.open.clear()

    def _dial(self) -> None:
        if self.call:
            return
        self.holder = f"{self.client}-{next(self._lives)}"
        root, info = f"file://{self.workspace}", {"name": self.holder}
        try:
            self.call = Call("editor")
        except ClientError:
            return
        if self._request(
            "initialize", {"processId": None, "rootUri": root, "capabilities": {}, "clientInfo": info}
        ):
            self._notify("initialized", {})

    def _change(self, file: str) -> tuple[str, Answer]:
        text, document = f"typed {next(self._typed)}", {"uri": self._uri(file), "version": 2}
        if file in self.open:
            changed = {"textDocument": document, "contentChanges": [{"text": text}]}
            return "textDocument/didChange", changed
        opened = {**document, "languageId": "plaintext", "text": text}
        return "textDocument/didOpen", {"textDocument": opened}

    def _let_go(self, method: str, file: str) -> None:
        self.asks(Verb.LET_GO, resources=[file])
        self._notify(method, {"textDocument": {"uri": self._uri(file)}})

    def _request(self, method: str, params: Answer) -> bool:
        """Whether it was answered; an answer that speaks of a lease or a ticket is written down."""
        assert self.call
        try:
            answer = self.call.request(method, params)
        except ClientError as error:
            if error.code == GONE:
                self.hang_up()
            return False
        if "granted" in answer:
            self.told_of(answer)
        return True

    def _notify(self, method: str, params: Mapping[str, Any]) -> bool:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **self.more}
        try:
            if self.call:
                self.call.line.write(frame(json.dumps(message).encode()))
        except OSError:
            self.hang_up()
        return self.call is not None

    def _uri(self, file: str) -> str:
        return f"file://{self.workspace}/{file}"
