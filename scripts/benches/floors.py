"""What the machine itself costs: the least that could do the same work, and the usual way to do it.

Run as programs of their own: ``floors.py daemon SOCKET RESULT``, ``floors.py pipe SOCKET``,
``floors.py pygls METHOD RESULT``, ``floors.py http``. RESULT is the JSON that every request is answered with.
"""

import _socket
import _thread
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator

_CHUNK = 65536
_ENCODER = json.JSONEncoder(separators=(",", ":"))  # `json.dumps` would make one for each answer

HOOK = """
import _socket, sys
sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
sock.connect(sys.argv[1])
sock.sendall(b"Content-Length: 32\\r\\n\\r\\n" + b'{"id":1,"method":"","params":{}}')
sock.recv(65536)
"""
"""The least that a hook could be: ``python3 -S -c`` with one round trip to the floor's daemon."""


@contextlib.contextmanager
def daemon(socket: str, result: object) -> Iterator[None]:
    """Run the floor's daemon."""
    word, told = os.pipe()
    command = [sys.executable, __file__, "daemon", socket, json.dumps(result)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, told, 1)])
    os.close(told)
    os.read(word, 1)  # it listens
    os.close(word)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


@contextlib.contextmanager
def http() -> Iterator[str]:
    """Run a server that answers every POST with an empty object; gives its address."""
    word, told = os.pipe()
    command = [sys.executable, __file__, "http"]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, told, 1)])
    os.close(told)
    port = os.read(word, 16).decode()
    os.close(word)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def pipe(socket: str) -> list[str]:
    """The command of a byte pipe to the floor's daemon: two threads, as ours."""
    return [sys.executable, __file__, "pipe", socket]


def pygls(method: str, result: object) -> list[str]:
    """The command of a language server as pygls is usually used: no daemon, standard input and output."""
    return [sys.executable, __file__, "pygls", method, json.dumps(result)]


class _Echo(asyncio.BufferedProtocol):
    """Reads into a buffer of its own: asyncio's own, of 256 KiB, may be mapped and unmapped for each read."""

    def __init__(self, result: object) -> None:
        self._result = result
        self._space = bytearray(_CHUNK)
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a socket's transport is
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's signature
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        self._unread += self._space[:nbytes]
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            length = int(self._unread[self._unread.find(b":") + 1 : end])
            body = self._unread[end + 4 : end + 4 + length]
            if len(body) < length:
                return
            self._unread = self._unread[end + 4 + length :]
            answer = {"jsonrpc": "2.0", "id": json.loads(body)["id"], "result": self._result}
            text = _ENCODER.encode(answer).encode()
            self._transport.write(b"Content-Length: %d\r\n\r\n%b" % (len(text), text))


class _Http(asyncio.Protocol):
    """Reads head and body, as many bytes as the head says."""

    _ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

    def __init__(self) -> None:
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a socket's transport is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if end and len(body) >= length:
            json.loads(body)
            self._unread = b""
            self._transport.write(self._ANSWER)


async def _http() -> None:
    server = await asyncio.get_running_loop().create_server(_Http, "127.0.0.1", 0)
    os.write(1, str(server.sockets[0].getsockname()[1]).encode())
    await server.serve_forever()


async def _daemon(socket: str, result: object) -> None:
    server = await asyncio.get_running_loop().create_unix_server(lambda: _Echo(result), socket)
    os.write(1, b".")
    await server.serve_forever()


def _pipe(socket: str) -> None:
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    sock.connect(socket)
    _thread.start_new_thread(_upwards, (sock,))
    while chunk := sock.recv(_CHUNK):
        os.write(1, chunk)


def _upwards(sock: _socket.socket) -> None:
    while chunk := os.read(0, _CHUNK):
        sock.sendall(chunk)
    sock.shutdown(_socket.SHUT_WR)


def _pygls(method: str, result: object) -> None:
    from pygls.lsp.server import LanguageServer  # noqa: PLC0415 - the other floors must not pay for it

    server = LanguageServer("stock", "1")
    server.feature(method)(lambda _: result)
    server.start_io()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["daemon", socket, result]:
            asyncio.run(_daemon(socket, json.loads(result)))
        case ["http"]:
            asyncio.run(_http())
        case ["pipe", socket]:
            _pipe(socket)
        case ["pygls", method, result]:
            _pygls(method, json.loads(result))
        case _:
            sys.exit(__doc__)
