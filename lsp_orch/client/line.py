"""One connection: frames in, bytes out.

A frame is what LSP makes it: header lines, an empty line, then as many bytes as ``Content-Length`` says.
"""

# The parts of `socket`, `collections.abc` and `typing` that are there already: a hook has no time for more.
import _socket
from _collections_abc import Callable

_CHUNK = 65536


class Frames:
    """Whole frames out of ``read(n)``, which gives at most n bytes and none at the end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.rest = b""  # read, but not yet part of a frame

    def next(self) -> tuple[dict[bytes, bytes], bytes] | None:
        """Wait for a frame: its headers (names in lower case) and body; None at the end."""
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            if not self._more():
                return None
        headers = {}
        for each in self.rest[:end].split(b"\r\n"):
            name, _, value = each.partition(b":")
            headers[name.strip().lower()] = value.strip()
        self.rest = self.rest[end + 4 :]
        body = self._body(int(headers[b"content-length"]))
        return None if body is None else (headers, body)

    def _body(self, length: int) -> bytes | None:
        parts, missing = [self.rest], length - len(self.rest)
        while missing > 0:
            chunk = self._read(_CHUNK)
            if not chunk:
                return None
            parts.append(chunk)
            missing -= len(chunk)
        whole = b"".join(parts)
        self.rest = whole[length:]
        return whole[:length]

    def _more(self) -> bool:
        chunk = self._read(_CHUNK)
        self.rest += chunk
        return bool(chunk)


class Line(Frames):
    """A connection that the daemon has answered; ``pid`` and ``version`` are the daemon's."""

    def __init__(self, socket: _socket.socket) -> None:
        super().__init__(socket.recv)
        self.socket = socket
        self.pid = 0
        self.version = ""

    def write(self, data: bytes) -> None:
        """Send all of it; OSError when the daemon is gone."""
        self.socket.sendall(data)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def frame(body: bytes) -> bytes:
    """Put the header before a body."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
