"""One accepted connection: frames to its role, messages back, and an end that leaves nothing behind."""

import asyncio
import json
import logging
import os
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Protocol, cast

from lsp_orch.daemon import handshake
from lsp_orch.daemon.app import App
from lsp_orch.daemon.door import Door, ours, process
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints.framing import FRAME_CAP, Frame, Malformed, Oversized, Parser, frame
from lsp_orch.endpoints.wire import Hello, Role, Stream

WRITE_CAP = 16 * 1024 * 1024  # bytes a peer may leave unread before it is dropped
_FLOW = 64 * 1024  # bytes unread from which on `drained` waits

_ENCODER = json.JSONEncoder(separators=(",", ":"))  # `json.dumps` would make one for each message

_log = logging.getLogger(__name__)


class House(Protocol):
    """What a connection needs of the daemon it belongs to."""

    app: App
    door: Door
    tasks: asyncio.TaskGroup
    leaving: bool

    def arrived(self, connection: "Connection") -> None:
        """Count it in."""

    def left(self, connection: "Connection") -> None:
        """Count it out."""

    def free(self, connection: "Connection") -> bool:
        """Say whether nobody but this connection needs the daemon."""

    def leave(self) -> None:
        """Begin to drain."""


class Connection(asyncio.Protocol):
    """A ``Peer``. Its first frame decides the role: a hello names it, anything else is an editor's."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._parser = Parser()
        self._role: Role | None = None
        self._stream: Stream | None = None  # the same, when it wants no frames
        self._hello = Hello()
        self._work: set[asyncio.Task[None]] = set()
        self._goodbye = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._ended = asyncio.Event()
        self._transport: asyncio.Transport

    @property
    def hello(self) -> Hello:
        """Who is there."""
        return self._hello

    @property
    def work(self) -> set[asyncio.Task[None]]:
        """The handlers that run."""
        return self._work

    @property
    def backlog(self) -> int:
        """Bytes queued that the peer has not read yet."""
        return self._transport.get_write_buffer_size()

    async def drained(self) -> None:
        """Return once the peer has read most of its backlog; ConnectionError when it never will."""
        await self._flowing.wait()
        if self._ended.is_set():
            raise ConnectionResetError

    async def ended(self) -> None:
        """Return once the connection is gone."""
        await self._ended.wait()

    def send(self, message: dict[str, Any], headers: bytes = b"") -> None:
        """Queue one JSON-RPC message; ``headers`` are whole lines, each with its CRLF."""
        self.write(frame(_ENCODER.encode(message).encode(), headers))

    def write(self, frame: bytes) -> None:
        """Queue bytes; a peer that has left more than the cap unread is dropped."""
        if self._transport.is_closing():
            return
        if (unread := self.backlog) > WRITE_CAP:
            _log.warning("dropped %s (pid %d): %d bytes unread", self._hello.role, self._hello.pid, unread)
            self._transport.abort()
            return
        self._transport.write(frame)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a handler, cancelled when the connection ends; its failure is logged and stays its own."""
        if self._ended.is_set():
            work.close()
            return
        task = self._house.tasks.create_task(_guarded(work, self._hello.role))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def close(self) -> None:
        """End the connection after what is queued has been written."""
        self._goodbye = True
        self.hang_up()

    def hang_up(self) -> None:
        """End it in the same way, although the role has not said goodbye."""
        self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let only this user's processes in."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_FLOW)
        self._house.arrived(self)
        if not ours(transport.get_extra_info("socket")):
            _log.warning("refused a connection of another user")
            self.abort()

    def pause_writing(self) -> None:
        """Learn that the peer reads slowly."""
        self._flowing.clear()

    def resume_writing(self) -> None:
        """Learn that it has caught up."""
        self._flowing.set()

    def data_received(self, data: bytes) -> None:
        """Hand each whole frame to the role, or each byte to one that wants no frames."""
        if self._stream is not None:
            self._stream.feed(data)
            return
        for item in self._parser.feed(data):
            if self._transport.is_closing():
                return  # what still comes in is not for anybody
            match item:
                case Frame(body=body):
                    self._deliver(body)
                case Oversized(length=length, request=request):
                    self._refuse_size(length, request)
                case Malformed(reason=reason):
                    self._refuse(Refusal(code=Code.BAD_REQUEST, message=f"Not a message: {reason}"), "null")
                    self.hang_up()

    def eof_received(self) -> bool:
        """Learn that the peer sends no more; a role that takes a stream hangs up once it has answered."""
        if self._stream is None:
            return False
        self._stream.feed(b"")
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how a dead peer died is no news
        """Cancel what runs for this peer and tell the role; ``clean`` when the role itself closed."""
        self._ended.set()
        self._flowing.set()
        for task in self._work:
            task.cancel()
        self._house.left(self)
        if self._role is not None:
            self._role.lost(clean=self._goodbye)

    def _deliver(self, body: bytes) -> None:
        if self._role is not None:
            self._role.receive(body)
            return
        try:
            greeting = handshake.read(body)
        except Misuse as error:
            self._answer_hello(error.refusal)
            return
        if greeting is not None:
            self._meet(greeting)
        elif self._house.door.token or self._house.leaving:
            self.hang_up()  # over TCP nobody speaks without showing the token
        else:
            self._role = self._house.app.roles["editor"](self)
            self._role.receive(body)

    def _meet(self, greeting: handshake.Greeting) -> None:
        peer = process(self._transport.get_extra_info("socket"))
        self._hello = replace(greeting.hello, process=peer)
        us = handshake.Us(
            pid=os.getpid(),
            roles=self._house.app.roles.keys(),
            token=self._house.door.token,
            free=self._house.free(self),
            leaving=self._house.leaving,
        )
        verdict = handshake.judge(greeting, us)
        if verdict == "retry" or self._hello.role == handshake.STOP:
            self._house.leave()  # before the answer: who reads it must find the door shut
        self._answer_hello(verdict)

    def _answer_hello(self, verdict: str | Refusal) -> None:
        self.send(*handshake.answer(verdict, os.getpid()))
        if verdict != "ok":
            self.hang_up()
        elif self._hello.role != handshake.STOP:
            self._role = self._house.app.roles[self._hello.role](self)
            if isinstance(self._role, Stream):
                self._stream = self._role
                if rest := self._parser.release():
                    self._stream.feed(rest)

    def _refuse_size(self, length: int, request: str) -> None:
        refusal = Refusal(
            code=Code.MESSAGE_TOO_LARGE,
            message=f"A message of {length} bytes was skipped: the limit is {FRAME_CAP} bytes",
            hint="Send less at once.",
        )
        self._refuse(refusal, request)

    def _refuse(self, refusal: Refusal, request: str) -> None:
        data = {"code": refusal.code, "hint": refusal.hint}
        error = {"code": -32600, "message": refusal.message, "data": data}
        self.send({"jsonrpc": "2.0", "id": json.loads(request), "error": error})


async def _guarded(work: Coroutine[Any, Any, None], role: str) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001 - whatever it was, it ends this handler and nothing else
        _log.exception("a handler of the role %s failed", role)
