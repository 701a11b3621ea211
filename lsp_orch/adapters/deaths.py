"""Who has died, told by the kernel: a handle on each process becomes readable the moment it ends."""

import asyncio
import contextlib
import os
from collections.abc import Callable

from lsp_orch.services.ports import Processes

_MOST = 256  # each is an open file of the daemon's


class KernelDeaths:
    """Linux' pidfds on the running event loop; elsewhere, and beyond ``most``, nothing is ever told."""

    def __init__(self, processes: Processes, most: int = _MOST) -> None:
        self._processes = processes
        self._most = most
        self._open: set[int] = set()

    def __len__(self) -> int:
        """How many are watched."""
        return len(self._open)

    def watch(self, pid: int, started: float, tell: Callable[[], None]) -> Callable[[], None]:
        """Call ``tell`` once when the very process that began then has ended; the answer ends the watch."""
        loop = asyncio.get_running_loop()
        handle = self._handle(pid)
        if not self._processes.alive(pid, started):  # looked at after opening: the handle is on this very one
            self._close(handle)
            loop.call_soon(tell)
            return _nothing
        if handle is None:
            return _nothing

        def end() -> None:
            if handle in self._open:
                loop.remove_reader(handle)
                self._close(handle)

        def ended() -> None:
            end()
            tell()

        self._open.add(handle)
        loop.add_reader(handle, ended)
        return end

    def _handle(self, pid: int) -> int | None:
        if not hasattr(os, "pidfd_open") or len(self._open) >= self._most:
            return None
        with contextlib.suppress(OSError):  # it has ended, or we have no file left
            return os.pidfd_open(pid)
        return None

    def _close(self, handle: int | None) -> None:
        if handle is not None:
            self._open.discard(handle)
            os.close(handle)


def _nothing() -> None:
    """There is no watch to end."""
