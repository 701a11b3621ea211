"""Clients that are bytes: what each says to take a lock and to let go, one alone or many at once."""

import _socket
import select
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_CHUNK = 65536


class Client(Protocol):
    """One connection that takes a lock of its own and lets it go, over and over."""

    @property
    def sock(self) -> _socket.socket:
        """The connection itself."""

    def acquire(self) -> bytes:
        """What to say first."""

    def release(self, answer: bytes) -> bytes:
        """What to say when the lock was given by ``answer``; RuntimeError when it was not."""

    def whole(self, data: bytes) -> bool:
        """Whether an answer has come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How long it took many clients; ``waits`` has each pair of each client, in seconds."""

    seconds: float
    waits: Sequence[float]

    @property
    def median(self) -> float:
        """What half of the pairs were done in."""
        return statistics.median(self.waits)

    @property
    def each(self) -> float:
        """Seconds a pair, all clients together."""
        return self.seconds / len(self.waits)


def dial(path: str) -> socket.socket:
    """Connect to a Unix socket."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    return sock


def ask(client: Client, words: bytes) -> bytes:
    """Say it and wait for the whole answer."""
    client.sock.sendall(words)
    return hear(client)


def hear(client: Client) -> bytes:
    """Wait for a whole answer."""
    answer = _read(client)
    while not client.whole(answer):
        answer += _read(client)
    return answer


def sample(client: Client, times: int) -> list[float]:
    """Time that many pairs of acquire and release, one after the other."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        ask(client, client.release(ask(client, client.acquire())))
        taken.append(time.perf_counter() - begin)
    return taken


def crowd(clients: Sequence[Client], seconds: float) -> Crowd:
    """Let all of them at it for so long: each goes on as soon as it is answered."""
    busy = {client.sock.fileno(): _Busy(client) for client in clients}
    waits: list[float] = []
    with select.epoll() as ready:
        for number in busy:
            ready.register(number, select.EPOLLIN)
        begin = time.perf_counter()
        for each in busy.values():
            each.begin()
        while busy:
            for number, _ in ready.poll():
                each = busy[number]
                if (wait := each.go_on()) is not None:
                    waits.append(wait)
                    if time.perf_counter() - begin < seconds:
                        each.begin()
                    else:
                        del busy[number]
        taken = time.perf_counter() - begin
    return Crowd(seconds=taken, waits=waits)


class _Busy:
    def __init__(self, client: Client) -> None:
        self._client = client

    def begin(self) -> None:
        self._heard, self._holds, self._since = b"", False, time.perf_counter()
        self._client.sock.sendall(self._client.acquire())

    def go_on(self) -> float | None:
        """Read what came; the seconds that the pair took, once it is done."""
        self._heard += _read(self._client)
        if not self._client.whole(self._heard):
            return None
        if self._holds:
            return time.perf_counter() - self._since
        self._client.sock.sendall(self._client.release(self._heard))
        self._heard, self._holds = b"", True
        return None


def _read(client: Client) -> bytes:
    chunk = client.sock.recv(_CHUNK)
    if not chunk:
        raise EOFError("the other end hung up")
    return chunk
