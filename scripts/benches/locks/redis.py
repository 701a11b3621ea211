"""The usual lock on Redis: SET NX PX, and a script that deletes only what is one's own."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locks import install
from locks.servers import server
from locks.wire import ask, dial

NAME = "Redis, appendfsync always"
_OWN = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
_numbers = itertools.count()


class Redis:
    """A connection with a key of its own. ``socket`` is the server's."""

    def __init__(self, socket: Path) -> None:
        key = f"lock{next(_numbers)}"
        self.sock = dial(str(socket))
        digest = ask(self, words("SCRIPT", "LOAD", _OWN)).split()[1].decode()
        self._take = words("SET", key, "token", "NX", "PX", "120000")
        self._give = words("EVALSHA", digest, "1", key, "token")

    def acquire(self) -> bytes:
        """Set the key unless it is there."""
        return self._take

    def release(self, answer: bytes) -> bytes:
        """Delete it if it is ours."""
        if answer != b"+OK\r\n":
            raise RuntimeError(f"a free lock was not given: {answer!r}")
        return self._give

    def whole(self, data: bytes) -> bool:
        """Whether an answer has come to its end: one line, or as many bytes as it says."""
        if data.startswith(b"-"):
            raise RuntimeError(data.decode())
        return data.endswith(b"\r\n") and (data[:1] not in (b"$", b"*") or _complete(data))


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """Run a Redis that flushes each write before it answers; gives its socket."""
    install.program("redis-server", "redis-server")
    folder.mkdir()
    socket = folder / "socket"
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--dir": str(folder),
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--save": "",
    }
    command = ["redis-server", *(word for option in options.items() for word in option)]
    with server(command, lambda: _serves(socket)):
        yield socket


def words(*parts: str) -> bytes:
    """A command as Redis reads it."""
    told = [f"${len(part.encode())}\r\n{part}\r\n" for part in parts]
    return f"*{len(told)}\r\n{''.join(told)}".encode()


def _complete(data: bytes) -> bool:
    """Whether every part that the answer announces is there."""
    head, _, rest = data.partition(b"\r\n")
    if head.startswith(b"$"):
        return head == b"$-1" or len(rest) == int(head[1:]) + 2
    return head == b"*-1" or rest.count(b"\r\n") >= 2 * int(head[1:])


def _serves(socket: Path) -> bool:
    try:
        sock = dial(str(socket))
    except OSError:
        return False
    with sock:
        sock.sendall(words("PING"))
        return sock.recv(100) == b"+PONG\r\n"
