"""From one holder's letting go to the next one's holding: pushed, or found out by asking again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Any

from locks import polling, redis
from locks.duel import duel
from locks.ours import Ours
from locks.wire import ask, hear
from report import Absent, Row
from stage import Stage
from turns import Sampler

_WHAT = "release to the waiter holding it"
_LONG_S = 60.0


def run(place: Stage) -> list[Row | Absent]:
    """Against a push of Redis, and against what polls at its library's own pace."""
    ours = partial(_samples, _Leases(place))
    return [
        duel(_WHAT, 1.0, ours, "Redis BLPOP, appendfsync always", lambda: _blpop(place)),
        duel(_WHAT, 0.1, ours, polling.FILELOCK, lambda: _filelock(place), rounds=6, samples=8),
        duel(_WHAT, 0.1, ours, polling.REDIS_PY, lambda: _redis_py(place), rounds=6, samples=8),
    ]


class _Leases:
    """Two holders of one file, and somebody who sees them."""

    def __init__(self, place: Stage) -> None:
        self._first, self._second = (Ours(place.repository, "woken.py") for _ in range(2))
        self._see = Ours(place.repository)
        self._held = ask(self._first, self._first.acquire())

    def wake(self) -> float:
        """Let the second one wait, let it have the file, and turn them round."""
        self._second.sock.sendall(self._second.wait(_LONG_S))
        while not self._see.call("lease.list", workspace="")["waiters"]:
            pass
        words = self._first.release(self._held)
        begin = perf_counter()
        self._first.sock.sendall(words)
        self._held = hear(self._second)
        taken = perf_counter() - begin
        hear(self._first)
        self._first, self._second = self._second, self._first
        return taken


class _Tokens:
    """The same with a list in Redis that holds the lock's token while nobody has it."""

    def __init__(self, socket: Any) -> None:
        self._first, self._second, self._see = (redis.Redis(socket) for _ in range(3))

    def wake(self) -> float:
        self._second.sock.sendall(redis.words("BLPOP", "free", "0"))
        while b"blocked_clients:1" not in ask(self._see, redis.words("INFO", "clients")):
            pass
        begin = perf_counter()
        self._first.sock.sendall(redis.words("LPUSH", "free", "token"))
        hear(self._second)
        taken = perf_counter() - begin
        hear(self._first)
        self._first, self._second = self._second, self._first
        return taken


def _samples(pair: _Leases | _Tokens, times: int) -> list[float]:
    return [pair.wake() for _ in range(times)]


@contextmanager
def _blpop(place: Stage) -> Iterator[Sampler]:
    with redis.serving(place.root / "redis-wake") as socket:
        yield partial(_samples, _Tokens(socket))


@contextmanager
def _filelock(place: Stage) -> Iterator[Sampler]:
    with polling.sampler("filelock", place.root / "polled.lock") as sampler:
        yield sampler


@contextmanager
def _redis_py(place: Stage) -> Iterator[Sampler]:
    with redis.serving(place.root / "redis-poll") as socket, polling.sampler("redis", socket) as sampler:
        yield sampler
