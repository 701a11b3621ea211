"""Frames as LSP makes them: header lines, an empty line, then as many bytes as ``Content-Length`` says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FRAME_CAP = 64 * 1024 * 1024  # bytes of one body
_HEADER_CAP = 8 * 1024  # bytes of all header lines
_HEAD = 256  # bytes of an oversized body that are looked at for its id
_NUMBER = re.compile(rb"\d{1,15}")
_PLAIN = re.compile(rb"Content-Length: (\d{1,9})\r\n\r\n")  # the only header that most clients send
_ID = re.compile(rb'\s*\{[^{}\[\]]*?"id"\s*:\s*(\d{1,18}|"[^"\\]{1,64}")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One whole body."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """A body over the cap, which is being skipped; ``request`` is its id as JSON, ``null`` when not seen."""

    length: int
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Nothing after this can be understood, and the parser takes nothing more."""

    reason: str


Item = Frame | Oversized | Malformed


class Parser:
    """Bytes in, as they come; frames out. Header names may be in any case, other headers are ignored."""

    def __init__(self, cap: int = FRAME_CAP) -> None:
        self._cap = cap
        self._buffer = bytearray()
        self._length: int | None = None  # of the body that is next, once its header is read
        self._skip = 0  # bytes of an oversized body still to come
        self._broken = False

    def feed(self, data: bytes) -> Iterator[Item]:
        """Take what was read and give what is complete; run it to its end before the next call."""
        if self._broken:
            return
        if (body := self._alone(data)) is not None:
            yield Frame(body=body)
            return
        self._buffer += data
        while (item := self._next()) is not None:
            yield item

    def release(self) -> bytes:
        """What was read and is no frame: from here on the peer speaks otherwise, and nothing comes back."""
        rest, self._buffer, self._broken = bytes(self._buffer), bytearray(), True
        return rest

    def _alone(self, data: bytes) -> bytes | None:
        """The body when just one whole frame was read and nothing is left of others: mostly so."""
        if self._buffer or self._skip or self._length is not None or not (head := _PLAIN.match(data)):
            return None
        length = int(head[1])
        return data[head.end() :] if len(data) == head.end() + length and length <= self._cap else None

    def _next(self) -> Item | None:
        self._pass_over()
        if self._length is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0 or end > _HEADER_CAP:
                return self._give_up("the header is too long") if len(self._buffer) > _HEADER_CAP else None
            self._length = _content_length(self._take(end + 4))
            if self._length is None:
                return self._give_up("the header has no valid Content-Length")
        if self._length > self._cap:
            return self._oversized(self._length)
        if len(self._buffer) < self._length:
            return None
        body = self._take(self._length)
        self._length = None
        return Frame(body=body)

    def _oversized(self, length: int) -> Item | None:
        if len(self._buffer) < min(_HEAD, length):
            return None
        found = _ID.match(self._buffer[:_HEAD])
        self._length, self._skip = None, length
        self._pass_over()
        return Oversized(length=length, request=found[1].decode() if found else "null")

    def _pass_over(self) -> None:
        skipped = min(self._skip, len(self._buffer))
        del self._buffer[:skipped]
        self._skip -= skipped

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _give_up(self, reason: str) -> Malformed:
        self._broken = True
        self._buffer.clear()
        return Malformed(reason=reason)


def frame(body: bytes, headers: bytes = b"") -> bytes:
    """Put the header before a body; ``headers`` are whole lines, each with its CRLF."""
    return b"%bContent-Length: %d\r\n\r\n%b" % (headers, len(body), body)


def _content_length(header: bytes) -> int | None:
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and _NUMBER.fullmatch(value.strip()):
            return int(value)
    return None
