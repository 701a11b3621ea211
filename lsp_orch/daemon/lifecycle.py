"""When the daemon leaves: idle, asked, or for a newer version; and how it does so in order."""

import asyncio
import logging
from collections.abc import Sequence

from lsp_orch.client import lock
from lsp_orch.daemon.app import App
from lsp_orch.daemon.door import BACKLOG, Door
from lsp_orch.daemon.handshake import STOP
from lsp_orch.daemon.listen import Connection

FINISH_S = 5.0  # what requests in flight get to finish, and peers to read what was written for them

_log = logging.getLogger(__name__)


class Life:
    """The connections, the idle timer and the end. The ``House`` of every connection."""

    def __init__(self, app: App, door: Door, tasks: asyncio.TaskGroup) -> None:
        self.app = app
        self.door = door
        self.tasks = tasks
        self.leaving = False
        self._connections: set[Connection] = set()
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._timer = self._wind()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Let in who has been queueing, and everybody after."""
        self._server = await self._loop.create_server(
            lambda: Connection(self), sock=self.door.sock, backlog=BACKLOG
        )

    def arrived(self, connection: Connection) -> None:
        """Count a connection in."""
        self._timer.cancel()
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        """Count a connection out; the last one starts the idle timer."""
        self._connections.discard(connection)
        if not (self._connections or self.leaving):
            self._timer = self._wind()

    def free(self, connection: Connection) -> bool:
        """Say whether nobody but this connection needs the daemon."""
        return self._connections <= {connection} and not self.app.busy()

    def leave(self) -> None:
        """Shut the door; ``drain`` follows. Being told twice is being told once."""
        if not self.leaving:
            self.leaving = True
            self._timer.cancel()
            self.door.remove()
            if self._server is not None:
                self._server.close()
            self._over.set()

    async def until_leaving(self) -> None:
        """Wait for the end of the daemon's day."""
        await self._over.wait()

    async def drain(self) -> None:
        """Let what is in flight finish, hang up, and bring the application to its end."""
        work = {task for each in self._connections for task in each.work}
        if work:
            await asyncio.wait(work, timeout=FINISH_S)
        # Roles have their last word before the application ends. Who asked us to stop waits for the very end.
        await _hang_up([each for each in self._connections if each.hello.role != STOP])
        await self.app.drain()
        await _hang_up(tuple(self._connections))

    def _wind(self) -> asyncio.TimerHandle:
        return self._loop.call_later(self.app.settings.daemon_idle_exit_s, self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        """Leave only under the spawn lock: a client that holds it is about to dial."""
        guard = lock.try_take(self.door.places.spawn_lock)
        if guard is not None:
            try:
                if not (self._connections or self.app.busy() or self.door.waiting()):
                    _log.info("idle: leaving")
                    self.leave()
            finally:
                lock.release(guard)
        if not self.leaving:
            self._timer = self._wind()


async def _hang_up(connections: Sequence[Connection]) -> None:
    ends = [asyncio.ensure_future(each.ended()) for each in connections]
    for each in connections:
        each.hang_up()
    if ends and (await asyncio.wait(ends, timeout=FINISH_S))[1]:
        for each in connections:
            each.abort()  # it has not read what we wrote
        await asyncio.wait(ends)
