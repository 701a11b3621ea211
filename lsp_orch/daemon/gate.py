"""The address on loopback that workers' clients ask before each tool call."""

import asyncio

from lsp_orch.endpoints.hooks.guests import Guests
from lsp_orch.endpoints.hooks.http import PATH, HttpConnection, Judge
from lsp_orch.services.ports import Entry

_MOST = 256  # connections; a client has one or two


class Gate:
    """Open while the daemon runs; a worker has its own token for as long as it works."""

    def __init__(self, judge: Judge, guests: Guests) -> None:
        self._judge = judge
        self._guests = guests
        self._connections: set[HttpConnection] = set()
        self._server: asyncio.Server | None = None
        self._address = ""

    async def open(self) -> None:
        """Listen on a port that the system chooses; workers do not outlive the daemon, so it may change."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", 0)
        self._address = "{}:{}".format(*self._server.sockets[0].getsockname())

    def admit(self, session: str, *, sandboxed: bool = False) -> Entry:
        """Let a worker's session ask."""
        guest = self._guests.admit(session, sandboxed=sandboxed)
        return Entry(url=f"http://{self._address}{PATH}", token=guest.token)

    def put_off(self, session: str) -> tuple[str, str]:
        """The ticket that a call of it was put off for, and the reason; empty where none was."""
        return self._guests.put_off(session)

    def dismiss(self, session: str) -> None:
        """Its token is worth nothing from now on, and its connections end."""
        self._guests.dismiss(session)
        for each in [each for each in self._connections if each.session == session]:
            each.close()

    def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for each in tuple(self._connections):
            each.close()

    def _connect(self) -> asyncio.BaseProtocol:
        if len(self._connections) >= _MOST:
            return _Turned()
        connection = HttpConnection(self._judge, self._guests, self._address, self._connections.discard)
        self._connections.add(connection)
        return connection


class _Turned(asyncio.Protocol):
    """Too many are here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
