"""What a connection and the role that speaks on it know of each other."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The optional first message; a plain LSP client that skips it is an ``editor``.

    ``pid`` is the process that the connection speaks for (0 when unknown), ``process`` the one at its other
    end, as the system says (0 when it does not), ``mode`` what a hook
    does when we fail (``enforce``, ``advise`` or empty for the setting), ``cwd`` an absolute path,
    ``inbox`` and its token where a hook's session takes messages: kept in memory, and never shown.
    """

    role: str = "editor"
    version: str = ""
    pid: int = 0
    process: int = 0
    mode: str = ""
    cwd: str = ""
    inbox: str = field(default="", repr=False)
    inbox_token: str = field(default="", repr=False)


class Peer(Protocol):
    """The other end of one connection. Used from the event loop only."""

    @property
    def hello(self) -> Hello:
        """Who is there."""

    @property
    def backlog(self) -> int:
        """Bytes queued that the peer has not read yet."""

    async def drained(self) -> None:
        """Return once the peer has read most of its backlog; ConnectionError when it never will."""

    def send(self, message: dict[str, Any], headers: bytes = b"") -> None:
        """Queue one JSON-RPC message; a peer that does not read is dropped, never waited for."""

    def write(self, frame: bytes) -> None:
        """Queue bytes that are framed already; the same cap as ``send``."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a handler as a child of this connection: cancelled when the connection ends."""

    def close(self) -> None:
        """End the connection after what is queued has been written."""


class Role(Protocol):
    """One connection's conversation."""

    def receive(self, body: bytes) -> None:
        """Take one whole frame's body. Never blocks and never raises for what the peer sent."""

    def lost(self, *, clean: bool) -> None:
        """Learn that the connection has ended; ``clean`` when the peer said goodbye first."""


@runtime_checkable
class Stream(Role, Protocol):
    """A conversation without frames: after the hello, bytes both ways."""

    def feed(self, data: bytes) -> None:
        """Take bytes as they come, none at the end of them; the same as for ``receive``."""
