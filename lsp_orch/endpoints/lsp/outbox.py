"""What goes out to one editor; of state only the newest, when the editor is slow to read."""

import contextlib
from collections.abc import Callable, Hashable
from typing import Any

from lsp_orch.endpoints.framing import frame
from lsp_orch.endpoints.wire import Peer

BACKLOG_LIMIT = 64 * 1024
"""Bytes an editor may leave unread before state is held back for it."""


class Outbox:
    """Frames and queues messages; ``encode`` makes their JSON, in ASCII."""

    def __init__(self, peer: Peer, encode: Callable[[Any], str]) -> None:
        self._peer = peer
        self._encode = encode
        self._held: dict[Hashable, bytes] = {}
        self._flushing = False
        self._closed = False

    def put(self, message: dict[str, Any]) -> None:
        """Queue a message that must arrive."""
        if not self._closed:
            self._peer.write(self._frame(message))

    def put_state(self, about: Hashable, message: dict[str, Any]) -> None:
        """Queue what makes every earlier message ``about`` the same thing worthless."""
        if self._closed:
            return
        news = self._frame(message)
        self._held.pop(about, None)
        if self._peer.backlog <= BACKLOG_LIMIT:
            self._peer.write(news)
            return
        self._held[about] = news
        if not self._flushing:
            self._flushing = True
            self._peer.spawn(self._flush())

    def close(self) -> None:
        """Let go of what is held back and drop what is yet to come: nobody is there to read it."""
        self._closed = True
        self._held.clear()

    async def _flush(self) -> None:
        # a connection that ends while we wait is told to its role by ``lost``
        with contextlib.suppress(ConnectionError):
            while self._held:
                await self._peer.drained()
                self._write_held()
        self._flushing = False

    def _write_held(self) -> None:
        while self._held and self._peer.backlog <= BACKLOG_LIMIT:
            self._peer.write(self._held.pop(next(iter(self._held))))

    def _frame(self, message: dict[str, Any]) -> bytes:
        return frame(self._encode(message).encode("ascii"))
