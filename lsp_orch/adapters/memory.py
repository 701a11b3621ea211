"""How much memory is free: of the machine, and of whatever limit the daemon runs under."""

from collections.abc import Iterator
from math import inf
from pathlib import Path

import psutil

_MIB = 1024**2
_GROUPS, _SELF = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def free_mb(groups: Path = _GROUPS, own: Path = _SELF) -> float:
    """MiB that more programs may use before something must give way."""
    limits = (_left(folder) for folder in _folders(groups, own))
    return min(psutil.virtual_memory().available, *limits, inf) / _MIB


def _folders(groups: Path, own: Path) -> Iterator[Path]:
    """The control groups that we are in, the nearest first; each one's limit holds for all below it."""
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            # the older kind has a tree for each controller
            top = groups / "memory" if controllers else groups
            here = top / path.lstrip("/")
            yield from (each for each in (here, *here.parents) if each == top or top in each.parents)


def _left(folder: Path) -> float:
    """Bytes under one group's limit; what is only a copy of files on disk can be given up."""
    for limit, used, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most, now = _number(folder / limit), _number(folder / used)
        if most is not None and now is not None:
            return most - now + _stat(folder / "memory.stat", cache)
    return inf


def _number(file: Path) -> float | None:
    try:
        said = file.read_text("ascii").strip()
    except OSError:  # the group has no such file, or there is no such group
        return None
    return inf if said == "max" else float(said)


def _stat(file: Path, name: str) -> float:
    try:
        rows = (line.split() for line in file.read_text("ascii").splitlines())
    except OSError:
        return 0.0
    return next((float(row[1]) for row in rows if row[0] == name), 0.0)
