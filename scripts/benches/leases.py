"""Leases through the daemon, against the locks of others and against floors, all in the same run.

No kill takes a lease back; a power failure may, with all who held one. Redis, etcd and the bare SQLite flush
each of theirs to the disk.
"""

import gate
import pairs
import standing
import wakes
from report import Absent, Row
from stage import stage


def run() -> list[Row | Absent]:
    """All that is promised of leases."""
    with stage() as place:
        rows = [*pairs.run(place), *wakes.run(place), *gate.run(place)]
    return [*rows, standing.scale(), standing.idle()]
