"""huey with SQLite, each commit on disk. Run as a program by its own interpreter: ``huey.py FILE``."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.peer import Peer

NAME = "huey (SqliteHuey, fsync)"


@contextmanager
def serving(folder: Path) -> "Iterator[Peer]":
    """Its queue in a new file."""
    from locks import install  # noqa: PLC0415 - the peer's interpreter, which runs this file too, has no need of it

    from tasks.peer import running  # noqa: PLC0415 - the same

    folder.mkdir(exist_ok=True)
    with running([str(install.python("huey")), "-I", __file__, str(folder / "huey.db")]) as peer:
        yield peer


def _crowd(one: Callable[[], None], count: int) -> float:
    threads = [threading.Thread(target=one) for _ in range(count)]
    begin = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return time.perf_counter() - begin


def _main(file: str) -> None:
    from huey import SqliteHuey  # type: ignore[import-not-found]  # noqa: PLC0415 - in the peer's environment

    queue = SqliteHuey(filename=file, fsync=True)

    @queue.task()  # type: ignore[untyped-decorator]  # the same
    def work() -> None:
        """Nothing to do."""

    def enqueue(count: int) -> None:
        for _ in range(count):
            work()

    def drain() -> None:
        while (task := queue.dequeue()) is not None:
            queue.execute(task)

    for line in sys.stdin:
        what, count, crowd = line.split()
        one = drain if what == "drain" else partial(enqueue, int(count) // int(crowd))
        print(_crowd(one, int(crowd)), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
