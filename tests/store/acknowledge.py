"""A daemon's heart alone: grants without end, and prints each token when it is acknowledged."""

import asyncio
import itertools
import sys
from functools import partial

from lsp_orch.adapters.ids import RandomIds
from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.grants import Granted
from lsp_orch.domain.settings import Settings
from lsp_orch.services.leases import Leases
from lsp_orch.store.base import Store
from lsp_orch.store.postgres import PostgresStore
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock
from tests.fixtures.leases import agent, ask


async def main(address: str, run: str) -> None:
    """Work until killed, several holders at a time; what each ``run`` asks for is new."""
    leases = Leases(FakeClock(), RandomIds(), lambda _: Settings())
    desk = Desk(opened(address), lambda _: None)

    async def work(name: str) -> None:
        for number in itertools.count():
            outcome = await desk.do(
                partial(leases.acquire, ask=ask(agent(name), f"{run}-{name}-{number}.py"))
            )
            assert isinstance(outcome, Granted)
            sys.stdout.write(f"{outcome.lease.token}\n")
            sys.stdout.flush()

    await asyncio.gather(*(work(name) for name in "abcd"))


def opened(address: str) -> Store:
    """The store of that engine."""
    file = address.removeprefix("sqlite:///")
    return PostgresStore(address, "") if file == address else SqliteStore(file)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
