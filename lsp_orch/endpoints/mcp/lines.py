"""Messages as MCP's streams have them: one line of JSON each."""

from collections.abc import Iterator

LINE_CAP = 16 * 1024 * 1024  # bytes of one message


class Lines:
    """Bytes in, as they come; whole lines out, and None for one that was too long and is skipped."""

    def __init__(self, cap: int = LINE_CAP) -> None:
        self._cap = cap
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """Take what was read and give what is complete; blank lines are nobody's."""
        *whole, rest = data.split(b"\n")
        for each in whole:
            self._buffer += each
            line, skipped = bytes(self._buffer), self._skipping
            self._buffer.clear()
            self._skipping = False
            if not skipped and len(line) > self._cap:
                yield None
            elif not skipped and line.strip():
                yield line
        self._buffer += rest
        if len(self._buffer) > self._cap:
            self._buffer.clear()
            if not self._skipping:
                self._skipping = True
                yield None
