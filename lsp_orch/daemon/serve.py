"""The daemon's day: build the application, let clients in, drain."""

import asyncio
import gc
import logging
import os
import signal

from lsp_orch import __version__
from lsp_orch.daemon.app import Build
from lsp_orch.daemon.door import Door
from lsp_orch.daemon.lifecycle import Life


def serve(door: Door, build: Build) -> None:
    """Serve until idle, signalled or replaced; raises what broke the application."""
    logging.basicConfig(
        level=logging.INFO,  # until the settings say otherwise
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    asyncio.run(_serve(door, build))


async def _serve(door: Door, build: Build) -> None:
    log = logging.getLogger(__name__)
    app = await build()
    gc.freeze()  # what was imported stays: the collector need not walk through it again and again
    logging.getLogger().setLevel(app.settings.log.upper())
    try:
        async with asyncio.TaskGroup() as tasks:
            services = tasks.create_task(app.run())
            life = Life(app, door, tasks)
            _drain_on_signals(life)
            log.info("lsp-orch %s serves, pid %d", __version__, os.getpid())
            await life.open()
            await life.until_leaving()
            await life.drain()
            services.cancel()
    finally:
        app.close()
    log.info("left in order")


def _drain_on_signals(life: Life) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        # Not `add_signal_handler`, which Windows has not.
        signal.signal(each, lambda *_: loop.call_soon_threadsafe(life.leave))
