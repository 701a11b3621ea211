"""Find the one daemon, or start it: exactly once, however many ask.

Dial. When nobody answers, take the spawn lock and dial again, because whoever held it before us has
most likely started the daemon. Only then start it, and dial once more. Nothing sleeps or polls.
"""

import _socket
import os

from lsp_orch.client.errors import ClientError
from lsp_orch.client.hello import greeting
from lsp_orch.client.line import Line
from lsp_orch.client.places import Places, here

_HELLO_S = 30.0  # a daemon that does not say hello for so long hangs; importing everything takes one or two


class Absent(Exception):
    """Nobody listens, or who does is leaving."""


def connect(
    role: str,
    *,
    pid: int | None = None,
    mode: str = "",
    after: bytes = b"",
    start: bool = True,
    inbox: tuple[str, str] = ("", ""),
) -> Line:
    """Open a connection in a role and send ``after`` right behind the hello, in one write.

    ``pid`` is for whom we speak: 0 when that is not known, None for this very process.

    Raises ClientError: ``daemon-unreachable`` with the log's path and last lines, ``version-mismatch``,
    ``home-read-only``, ``bad-setting``; without ``start`` also when no daemon is running.
    """
    places = here()
    places.secure()
    call = (places, role, os.getpid() if pid is None else pid, mode, after, inbox)
    try:
        return meet(*call)
    except Absent as error:
        if not start:
            raise ClientError(
                "daemon-unreachable",
                "No lsp-orch daemon is running",
                "Start it with `lsp-orch daemon start`.",
            ) from error
    return _start(call)


def meet(
    places: Places, role: str, pid: int, mode: str, after: bytes, inbox: tuple[str, str] = ("", "")
) -> Line:
    """Dial and say hello to a daemon that runs; raises Absent when none does."""
    try:
        sock, token = _dial(places)
    except (OSError, ValueError) as error:  # ValueError: an endpoint file without a port
        raise Absent from error
    line = Line(sock)
    try:
        _greet(line, greeting(role, pid=pid, mode=mode, token=token, inbox=inbox) + after, places)
    except BaseException:
        line.close()
        raise
    return line


def _start(call: tuple[Places, str, int, str, bytes, tuple[str, str]]) -> Line:
    from lsp_orch.client import lock, spawn

    places = call[0]
    guard = lock.take(places.spawn_lock)
    try:
        try:
            return meet(*call)
        except Absent:
            spawned = spawn.daemon(places, guard)
        try:
            return meet(*call)
        except Absent as error:
            raise spawned.died() from error
    finally:
        lock.release(guard)


def _dial(places: Places) -> tuple[_socket.socket, str]:
    if places.tcp:
        from lsp_orch.client.tcp import dial
    else:
        from lsp_orch.client.unix import dial
    return dial(places)


def _greet(line: Line, words: bytes, places: Places) -> None:
    line.socket.settimeout(_HELLO_S)
    try:
        answer = _answer(line, words)
    except TimeoutError as error:
        raise ClientError(
            "daemon-unreachable",
            f"The lsp-orch daemon has not answered for {_HELLO_S:.0f} s",
            f"See its log, {places.log}, or replace it with `lsp-orch daemon restart`.",
        ) from error
    except OSError as error:
        raise Absent from error
    line.socket.settimeout(None)
    if answer is None or (status := answer[0].get(b"status")) == b"retry":
        raise Absent
    headers, body = answer
    if status != b"ok":
        raise _refusal(body)
    line.pid = int(headers[b"pid"])
    line.version = headers[b"version"].decode()


def _answer(line: Line, words: bytes) -> tuple[dict[bytes, bytes], bytes] | None:
    try:
        line.write(words)
    except TimeoutError:
        raise
    except OSError:
        # A daemon that refuses hangs up without reading on; what it said is still there to be read.
        return line.next()
    return line.next()


def _refusal(body: bytes) -> ClientError:
    import json  # a refusal is rare and may take its time

    error = json.loads(body)["error"]
    return ClientError(error["data"]["code"], error["message"], error["data"]["hint"])
