"""Who started a process, who started that one, and so on."""

from collections.abc import Iterator

import psutil

from lsp_orch.adapters.processes import began
from lsp_orch.domain.caller import Process


def ancestors(pid: int) -> tuple[Process, ...]:
    """The process itself and those that led to it, the nearest first; nothing where there is none."""
    return tuple(_upwards(pid))


def _upwards(pid: int) -> Iterator[Process]:
    try:
        found = psutil.Process(pid) if pid > 0 else None
        while found:
            yield Process(pid=found.pid, started=began(found))
            found = found.parent()
    except (psutil.Error, ValueError, OverflowError):  # it has ended meanwhile, or there never was one
        return
