"""Hook calls over HTTP/1.1 on loopback: a worker's client asks, and is always answered with a verdict."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any, Protocol, cast

import h11

from lsp_orch.endpoints.framing import FRAME_CAP
from lsp_orch.endpoints.hooks.guests import Guest, Guests
from lsp_orch.endpoints.hooks.judge import Judged, Question
from lsp_orch.endpoints.hooks.verdict import put_off, spoken
from lsp_orch.endpoints.wire import Hello

PATH = "/hook"
WHOLE_S = 10.0  # a question that is not whole by then is no client's of ours
_HEAD_CAP = 16 * 1024
_SCHEME = "bearer "

_log = logging.getLogger(__name__)


class Judge(Protocol):
    """Makes the verdict."""

    async def judge(self, question: Question) -> Judged:
        """Give the verdict; nothing is raised but a cancellation."""


class Denied(Exception):
    """A request that is no question of a guest's, with the status to say so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class HttpConnection(asyncio.Protocol):
    """One client, one question after the other; what it waits for ends with the connection.

    ``address`` is what the Host header must say: a name that leads here is not ours. ``lost`` is told of the
    end.
    """

    def __init__(
        self, judge: Judge, guests: Guests, address: str, lost: Callable[["HttpConnection"], None]
    ) -> None:
        self._judge = judge
        self._guests = guests
        self._address = address
        self._lost = lost
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_CAP)
        self._guest: Guest | None = None
        self._body = bytearray()
        self._work: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    @property
    def session(self) -> str:
        """Whose latest question it was; empty before the first."""
        return self._guest.session if self._guest else ""

    def close(self) -> None:
        """Hang up, whatever is under way."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to be patient."""
        self._transport = cast("asyncio.Transport", transport)
        self._be_patient()

    def data_received(self, data: bytes) -> None:
        """Take what has come; a question that comes before the last one is answered is nobody's."""
        if self._work is not None:
            self.close()
            return
        if self._patience is None:
            self._be_patient()
        try:
            self._http.receive_data(data)
            while self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._deny(Denied(error.error_status_hint, str(error)))
        except Denied as error:
            self._deny(error)

    def eof_received(self) -> None:
        """Nobody who wants an answer hangs up half: None closes the rest."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how a client died is no news
        """Cancel what runs for it: a waiter is free, its ticket stays."""
        self._end_patience()
        if self._work is not None:
            self._work.cancel()
        self._lost(self)

    def _take(self, event: Any) -> bool:
        """Take one event of the protocol; whether there may be another one already."""
        match event:
            case h11.Request():
                self._guest = self._admit(event)
                self._body.clear()
                if self._http.they_are_waiting_for_100_continue:
                    self._send(h11.InformationalResponse(status_code=100, headers=[]))
            case h11.Data(data=data):
                self._body += data
                if len(self._body) > FRAME_CAP:
                    raise Denied(413, f"more than {FRAME_CAP} bytes")
            case h11.EndOfMessage():
                self._end_patience()
                self._work = asyncio.get_running_loop().create_task(self._answer())
                return False
            case _:  # NEED_DATA; or PAUSED or ConnectionClosed, after which nothing comes
                return False
        return True

    def _admit(self, request: h11.Request) -> Guest:
        headers = {name: value.decode("latin-1") for name, value in request.headers}
        token = headers.get(b"authorization", "")
        if headers.get(b"host", "") != self._address:
            raise Denied(403, f"this is {self._address} and nobody else")
        guest = self._guests.known(token[len(_SCHEME) :]) if token.lower().startswith(_SCHEME) else None
        if guest is None:
            raise Denied(401, "the token is not that of a worker")
        if request.target.decode("latin-1") != PATH:
            raise Denied(404, f"there is only {PATH}")
        if request.method != b"POST":
            raise Denied(405, "a hook posts its event")
        if int(headers.get(b"content-length", "0")) > FRAME_CAP:
            raise Denied(413, f"more than {FRAME_CAP} bytes")
        return guest

    async def _answer(self) -> None:
        guest = cast("Guest", self._guest)
        hello = Hello(role="hook", mode="enforce")
        question = Question(
            body=bytes(self._body), hello=hello, session=guest.session, sandboxed=guest.sandboxed
        )
        judged = await self._judge.judge(question)
        self._respond(200, _worded(guest, judged))
        if self._http.our_state is h11.MUST_CLOSE or self._http.trailing_data[0]:
            self._transport.close()
        else:
            self._http.start_next_cycle()
            self._work = None

    def _respond(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        kind, size = ("Content-Type", "application/json"), ("Content-Length", str(len(body)))
        self._send(h11.Response(status_code=status, headers=[kind, size, *headers]))
        self._send(h11.Data(data=body))
        self._send(h11.EndOfMessage())

    def _deny(self, denied: Denied) -> None:
        """Say why, if there is a way to say it, and hang up."""
        _log.warning("refused a request to the hooks' address: %d %s", denied.status, denied)
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            words = json.dumps({"error": str(denied)}).encode()
            self._respond(denied.status, words, ("Connection", "close"))
        self._transport.close()

    def _send(self, event: Any) -> None:
        self._transport.write(self._http.send(event) or b"")

    def _be_patient(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(WHOLE_S, self._too_slow)

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        self._patience = None
        self._deny(Denied(408, f"no whole question within {WHOLE_S:g} s"))


def _worded(guest: Guest, judged: Judged) -> bytes:
    """The verdict as JSON; a call that waits for a ticket is put off where the client can do that."""
    event, verdict = judged.event, judged.verdict
    if event is None:
        return spoken(verdict, "PreToolUse")
    guest.heed(event)
    if verdict.ticket and guest.put_off(event, verdict.ticket, verdict.text.partition(". ")[0]):
        return put_off(verdict)
    return spoken(verdict, event.name)
