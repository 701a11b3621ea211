"""procrastinate on PostgreSQL. Run as a program by its own interpreter: ``procrastinate.py URL``."""

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.peer import Peer

NAME = "procrastinate on PostgreSQL"
_MOST = 9  # connections: one a worker, and one to fetch with


@contextmanager
def serving() -> "Iterator[Peer]":
    """Its queue in the tests' throw-away cluster, which flushes here.

    Raises:
        Missing: there is no PostgreSQL here, or no package.
    """
    from locks import install  # noqa: PLC0415 - the peer's interpreter, which runs this file too, has no need of it

    from tasks.peer import running  # noqa: PLC0415 - the same

    python = install.python("procrastinate")
    sys.path.append(str(Path(__file__).parents[3]))
    from tests.fixtures.postgres import Cluster  # noqa: PLC0415 - found just now

    try:
        cluster = Cluster(fsync="on")
    except AssertionError as error:
        raise install.Missing(str(error)) from error
    try:
        with running([str(python), "-I", __file__, cluster.database("bench")]) as peer:
            yield peer
    finally:
        cluster.end()


async def _main(url: str) -> None:
    from procrastinate import App, PsycopgConnector  # type: ignore[import-not-found]  # noqa: PLC0415 - in the peer's environment

    logging.disable(logging.WARNING)  # of an app that is the main module
    app = App(connector=PsycopgConnector(conninfo=url, min_size=_MOST, max_size=_MOST))

    @app.task(name="work")  # type: ignore[untyped-decorator]  # the same
    async def work() -> None:
        """Nothing to do."""

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        while line := await asyncio.to_thread(sys.stdin.readline):
            what, count, crowd = line.split()
            begin = time.perf_counter()
            if what == "drain":
                await _drain(app, int(crowd))
            else:
                await asyncio.gather(*(_enqueue(work, int(count) // int(crowd)) for _ in range(int(crowd))))
            print(time.perf_counter() - begin, flush=True)


async def _enqueue(work: Any, count: int) -> None:
    for _ in range(count):
        await work.defer_async()


async def _drain(app: Any, workers: int) -> None:
    await app.run_worker_async(
        concurrency=workers, wait=False, listen_notify=False, install_signal_handlers=False
    )


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
