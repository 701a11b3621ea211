"""An agent's client on one connection: lines of JSON both ways, spoken by the official SDK."""

import asyncio
import json
import logging
from collections.abc import Mapping
from importlib import import_module

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints.mcp.lines import LINE_CAP, Lines
from lsp_orch.endpoints.mcp.site import Site
from lsp_orch.endpoints.rpc.role import INVALID_REQUEST, Method, failure
from lsp_orch.endpoints.wire import Peer

_SPOKEN = "lsp_orch.endpoints.mcp.conversation"
_MOST = 1000  # lines that may wait: a client that asks on and on without reading is sent away

_log = logging.getLogger(__name__)


class McpRole:
    """Serves the tools by ``methods``; ``site`` says who calls. ``version`` is ours."""

    def __init__(self, peer: Peer, methods: Mapping[str, Method], site: Site, version: str) -> None:
        self._peer = peer
        self._methods = methods
        self._site = site
        self._version = version
        self._lines = Lines()
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        peer.spawn(self._talk())

    def receive(self, body: bytes) -> None:
        """Never called: after the hello there are no frames.

        Raises:
            Misuse: it was.
        """
        raise Misuse(Code.BAD_REQUEST, f"{len(body)} bytes in a frame, where lines are expected")

    def feed(self, data: bytes) -> None:
        """Take bytes as they come; an empty piece is the end."""
        if not data:
            self._waiting.put_nowait(None)  # after all that came before it
            return
        for line in self._lines.feed(data):
            if line is None:
                self._refuse_size()
            elif self._waiting.qsize() < _MOST:
                self._waiting.put_nowait(line)
            else:
                _log.warning("an MCP client (pid %d) asks without reading", self._peer.hello.pid)
                self._peer.close()
                return

    def lost(self, *, clean: bool) -> None:  # noqa: ARG002 - MCP knows no goodbye
        """Let go of what the client had."""
        self._site.left()

    async def _talk(self) -> None:
        # a second of imports, and 50 MB: for the first such client alone, and not on the loop of all others
        await asyncio.to_thread(import_module, _SPOKEN)
        from lsp_orch.endpoints.mcp.conversation import converse  # noqa: PLC0415 - as said

        await converse(self._waiting.get, self._write, self._methods, self._site, self._version)
        self._peer.close()

    def _write(self, line: bytes) -> None:
        self._peer.write(line)

    def _refuse_size(self) -> None:
        refusal = Refusal(
            code=Code.MESSAGE_TOO_LARGE,
            message=f"A message of over {LINE_CAP} bytes was skipped",
            hint="Send less at once.",
        )
        answer = {"jsonrpc": "2.0", "id": None, "error": failure(INVALID_REQUEST, refusal)}
        self._write(json.dumps(answer).encode() + b"\n")
