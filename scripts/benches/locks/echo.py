"""The least that a daemon on asyncio could do: read a request, answer it, remember nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import floors
from stage import Stage
from talk import whole

from locks.wire import dial
from lsp_orch.client.line import frame

NAME = "bare asyncio echo"
_LEASE = {"id": "lease-000000000000", "token": 1, "mode": "write", "state": "held", "resources": ["file.py"]}
_WORDS = frame(b'{"jsonrpc":"2.0","id":1,"method":"echo","params":{}}')


class Echo:
    """A connection to it."""

    def __init__(self, socket: str) -> None:
        self.sock = dial(socket)

    def acquire(self) -> bytes:
        """Ask for anything."""
        return _WORDS

    def release(self, _: bytes) -> bytes:
        """Ask for anything again."""
        return _WORDS

    def whole(self, data: bytes) -> bool:
        """Whether an answer has come to its end."""
        return whole(data)


@contextmanager
def serving(place: Stage) -> Iterator[str]:
    """Run it; gives its socket."""
    socket = str(place.root / "echo.sock")
    with floors.daemon(socket, {"granted": True, "lease": _LEASE}):
        yield socket
