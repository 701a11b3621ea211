"""A JSON-RPC client that costs next to nothing itself, so that what it measures is the other end."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from lsprotocol.converters import get_converter
from pytest_lsp import client_capabilities

from lsp_orch.client.line import Frames, frame

INITIALIZE: dict[str, Any] = {
    "processId": None,
    "rootUri": None,
    "clientInfo": {"name": "bench"},
    "capabilities": get_converter().unstructure(client_capabilities("visual-studio-code")),
}
"""What an editor says that can do much: reading it is part of what a start costs."""

_CHUNK = 65536


class Talk:
    """One conversation over ``read`` (at most n bytes, none at the end) and ``write`` (all of them)."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
        self._read = read
        self._write = write
        self._frames = Frames(read)
        self._ids = itertools.count(1)

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask and wait for the result, passing over what is pushed meanwhile; KeyError when it is refused."""
        number = next(self._ids)
        self._write(_message({"id": number, "method": method, "params": params}))
        while (got := self._frames.next()) is not None:
            message = json.loads(got[1])
            if message.get("id") == number and "method" not in message:
                return message["result"]
        raise EOFError(f"no answer to {method}")

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Notify."""
        self._write(_message({"method": method, "params": params}))

    def shake_hands(self, folder: str = "") -> None:
        """Do what an editor does first."""
        folders = [{"uri": f"file://{folder}", "name": "bench"}] if folder else None
        self.ask("initialize", {**INITIALIZE, "workspaceFolders": folders})
        self.tell("initialized", {})

    def sample(self, method: str, params: dict[str, Any], times: int) -> list[float]:
        """Time that many requests, one after the other; seconds from the first byte out to the last one in.

        Nothing may be pushed to us meanwhile.
        """
        request = _message({"id": 0, "method": method, "params": params})
        clock, read, write = time.perf_counter, self._read, self._write
        taken = []
        answer = b""
        for _ in range(times):
            begin = clock()
            write(request)
            answer = read(_CHUNK)
            while not whole(answer):
                answer += _more(read)
            taken.append(clock() - begin)
        if b'"result"' not in answer:
            raise RuntimeError(f"{method} was refused: {answer!r}")
        return taken


def _message(message: dict[str, Any]) -> bytes:
    return frame(json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode())


def whole(data: bytes) -> bool:
    """Whether a frame has come to its end."""
    head, _, body = data.partition(b"\r\n\r\n")
    start = head.find(b"Content-Length: ")
    return start >= 0 and len(body) == int(head[start + 16 :].partition(b"\r\n")[0])


def _more(read: Callable[[int], bytes]) -> bytes:
    chunk = read(_CHUNK)
    if not chunk:
        raise EOFError("the other end hung up")
    return chunk
