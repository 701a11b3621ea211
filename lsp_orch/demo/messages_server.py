"""The HTTP side of a scripted model: takes calls, asks a player for the turn, and sends it as asked."""

import json
import select
import sys
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, Protocol, cast

from lsp_orch.demo import messages_api
from lsp_orch.demo.messages_api import Call, Json
from lsp_orch.demo.turns import Play, Turn

_PING_S = 0.2  # how often a waiting stream looks whether its client is still there


class Player(Protocol):
    """Who chooses the turns."""

    def record(self, headers: Mapping[str, str], body: Json) -> tuple[Call, Play]:
        """Log a call and choose its turn."""

    def update(self, number: int, **changes: Any) -> None:
        """Note how far a call's answer has come."""


class Server(ThreadingHTTPServer):
    """One thread a connection, all joined by ``end``; ``failures`` is what a turn's function raised."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, player: Player) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.player = player
        self.failures: list[BaseException] = []
        self._lock = threading.Lock()
        self._open: set[socket] = set()

    def end(self) -> None:
        """Cut what is still open, so that every thread ends."""
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the client may have left a moment ago
                    connection.shutdown(SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a served connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class' own
        """Keep what went wrong for the end."""
        failure = sys.exception()
        if failure is not None and not isinstance(failure, ConnectionError):  # a vanished client is no news
            self.failures.append(failure)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' signature
        """Say nothing: the calls are the log."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.partition("?")[0] != messages_api.PATH:
            self._json(404, messages_api.error(404, f"no such path: {self.path}"), {})
            return
        player = cast("Server", self.server).player
        call, play = player.record(dict(self.headers.items()), body)
        turn = play if isinstance(play, Turn) else play(call)
        try:
            if turn.delay_s:
                self._stay(turn.delay_s)
            player.update(call.number, status=turn.status)
            self._answer(call, turn)
        except ConnectionError:
            player.update(call.number, gone=True)
            raise
        player.update(call.number, done=not turn.cut)

    def _answer(self, call: Call, turn: Turn) -> None:
        if turn.status >= 400:  # noqa: PLR2004 - HTTP's own line between answers and errors
            self._json(
                turn.status, messages_api.error(turn.status, turn.text or "scripted error"), turn.headers
            )
            return
        whole = messages_api.message(_blocks(turn), turn.usage, call.body.get("model", "scripted"), turn.stop)
        if call.body.get("stream"):
            self._stream(whole, turn)
        else:
            self._json(turn.status, whole, turn.headers)

    def _stream(self, whole: Json, turn: Turn) -> None:
        events = list(messages_api.events(whole))
        self._head(
            turn.status, {"content-type": "text/event-stream", "transfer-encoding": "chunked", **turn.headers}
        )
        self._event(events[0])
        self._event({"type": "ping"})
        hold = threading.Event() if turn.hang else turn.hold
        while hold and not hold.wait(_PING_S):
            self._stay(0)
            self._event({"type": "ping"})
        for event in events[1 : len(events) // 2 if turn.cut else None]:
            self._event(event)
        if turn.cut:
            self.close_connection = True
        else:
            self._chunk(b"")

    def _stay(self, seconds: float) -> None:
        """Wait while the client does; it has nothing to send before its answer, so input means goodbye."""
        if select.select([self.connection], [], [], seconds)[0]:
            raise ConnectionResetError

    def _json(self, status: int, value: Json, headers: Mapping[str, str]) -> None:
        data = json.dumps(value).encode()
        self._head(status, {"content-type": "application/json", "content-length": str(len(data)), **headers})
        self.wfile.write(data)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"request-id": f"req_{uuid.uuid4().hex[:20]}", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _event(self, event: Json) -> None:
        self._chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def _blocks(turn: Turn) -> list[Json]:
    said = [{"type": "text", "text": turn.text}] if turn.text else []
    return said + [
        {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:24]}", **each} for each in turn.tools
    ]
