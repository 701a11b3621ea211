"""Two daemons' insides on one database: what one does the other knows, pushed, whatever breaks between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

import pytest

from lsp_orch.adapters.ids import RandomIds
from lsp_orch.daemon import echo
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.echo import Echo
from lsp_orch.daemon.news import News
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.events import Event, LeaseEnded, LeaseGranted, TaskChanged
from lsp_orch.domain.grants import Ask, Granted
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services.leases import Leases
from lsp_orch.store import queries
from lsp_orch.store.base import Store
from lsp_orch.store.postgres import PostgresStore
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock
from tests.fixtures.leases import agent, ask
from tests.fixtures.postgres import Cluster

NUMBERS = count()
WAIT_S = 20.0
NEVER_S = 1.0  # what a seeded bug is given to be no bug


class Inside:
    """What of a daemon has to do with leases."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.view = LeaseView([], [])
        own, news = News(), News()
        self.echo = Echo(store, self.view, own, news)
        self.desk = Desk(store, self.echo.publish)
        self.leases = Leases(FakeClock(), RandomIds(), lambda _: Settings())
        self.lobby = Lobby(self.desk, self.leases, [])
        self.heard: list[Event] = []
        self.own: list[Event] = []
        self._news = asyncio.Event()
        news.subscribe(self.lobby.on_event)
        news.subscribe(self._hear)
        own.subscribe(self.own.append)
        self.listening = asyncio.get_running_loop().create_task(self.echo.run(self.desk))

    def _hear(self, event: Event) -> None:
        self.view.on_event(event)
        self.heard.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[], bool], limit_s: float = WAIT_S) -> None:
        """Wait for news until something holds."""
        async with asyncio.timeout(limit_s):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    async def hold(self, who: str, name: str) -> Lease:
        outcome = await self.desk.do(partial(self.leases.acquire, ask=ask(agent(who), name)))
        assert isinstance(outcome, Granted)
        return outcome.lease

    def release(self, lease: Lease) -> Awaitable[None]:
        return self.desk.do(lambda tx: self.leases.release(tx, [lease]))

    async def wait_for(self, wish: Ask, limit_s: float = WAIT_S) -> "asyncio.Task[object]":
        """Sit down in the lobby; returns when the place in the queue is sure."""
        waiting = asyncio.get_running_loop().create_task(self.lobby.acquire(wish, limit_s))
        await self.until(lambda: bool(self.view.waiters()))
        return waiting

    def granted_ticket(self) -> str:
        """The last ticket that was met."""
        return next(each.ticket for each in reversed(self.heard) if isinstance(each, LeaseGranted))

    async def close(self) -> None:
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)
        await self.desk.close()
        self.store.close()


Pair = tuple[Inside, Inside, Lease]


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[Inside]:
    inside = Inside(store)
    try:
        yield inside
    finally:
        await inside.close()


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    name = f"echo_{next(NUMBERS)}"
    cluster.database(name)
    yield name
    cluster.drop(name)


@pytest.fixture
async def pair(cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    """Two daemons that share a database; the first holds x, and both know it."""
    monkeypatch.setattr(echo, "_AGAIN_S", 0.05)
    url = cluster.url(database)
    async with running(PostgresStore(url, "here")) as here, running(PostgresStore(url, "there")) as there:
        held = await here.hold("a", "x")
        await there.until(lambda: there.view.leases() == [held])  # from now on it listens
        yield here, there, held


async def test_a_release_at_one_daemon_is_a_grant_at_the_other(pair: Pair) -> None:
    here, there, held = pair
    waiting = await there.wait_for(ask(agent("b"), "x"))
    await here.release(held)
    outcome = await waiting
    assert isinstance(outcome, Granted)
    assert outcome.lease.holder.id == "b"
    await there.until(lambda: there.view.leases() == [outcome.lease])
    assert there.heard[-2:] == [
        LeaseEnded(lease=held, why="released"),
        LeaseGranted(lease=outcome.lease, ticket=there.granted_ticket()),
    ]
    await here.until(lambda: here.view.leases() == [outcome.lease])
    assert not there.view.waiters()


async def test_what_is_heard_is_not_taken_for_ones_own(pair: Pair) -> None:
    here, there, held = pair
    assert LeaseGranted(lease=held) in here.own
    assert there.own == []


async def test_a_change_of_a_task_is_heard(pair: Pair) -> None:
    here, there, _ = pair
    changed = TaskChanged(id="task-1", state="done")
    await here.desk.do(lambda tx: tx.announce(changed))
    await there.until(lambda: changed in there.heard)


async def test_what_was_missed_while_the_line_was_cut_is_made_up_for(
    pair: Pair, cluster: Cluster, database: str
) -> None:
    here, there, held = pair
    waiting = await there.wait_for(ask(agent("b"), "x"))
    cut_and_released = asyncio.gather(asyncio.to_thread(_cut_ears, cluster, database), here.release(held))
    await cut_and_released
    assert isinstance(await waiting, Granted)


async def test_a_commit_whose_end_was_unknown_is_made_up_for(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, held = pair
    theirs = await there.hold("b", "z")
    await here.until(lambda: theirs in here.view.leases())  # from now on it listens
    _lose_the_next_answer(here, monkeypatch)
    with pytest.raises(Unavailable, match="seeded"):
        await here.hold("a", "y")
    await here.until(lambda: here.view.leases() not in ([held], [held, theirs]))
    assert [each.holder.id for each in here.view.leases()] == ["a", "b", "a"]


async def test_nonsense_on_the_channel_disturbs_nobody(pair: Pair, cluster: Cluster, database: str) -> None:
    here, there, held = pair
    await asyncio.to_thread(partial(cluster.sql, "NOTIFY lsp_orch, 'nonsense'", database=database))
    await here.release(held)
    await there.until(lambda: not there.view.leases())


async def test_a_file_has_nobody_else_to_hear() -> None:
    async with running(SqliteStore()) as alone:
        async with asyncio.timeout(WAIT_S):
            await alone.listening
        held = await alone.hold("a", "x")
        assert alone.view.leases() == [held]
        assert alone.own == alone.heard == [LeaseGranted(lease=held)]


async def test_without_the_notice_the_waiter_would_not_wake(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, held = pair
    waiting = await there.wait_for(ask(agent("b"), "x"))
    monkeypatch.setitem(queries.load(queries.POSTGRES), "store.tell", "SELECT :told")
    await here.release(held)
    with pytest.raises(TimeoutError):
        await there.until(lambda: there.view.leases() != [held], NEVER_S)
    waiting.cancel()


async def test_without_a_look_at_the_whole_store_what_was_missed_would_stay_so(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, held = pair
    theirs = await there.hold("b", "z")
    await here.until(lambda: theirs in here.view.leases())
    monkeypatch.setattr(echo, "_everything", lambda _: None)
    _lose_the_next_answer(here, monkeypatch)
    with pytest.raises(Unavailable, match="seeded"):
        await here.hold("a", "y")
    with pytest.raises(TimeoutError):
        await here.until(lambda: here.view.leases() != [held, theirs], NEVER_S)


def _cut_ears(cluster: Cluster, database: str) -> None:
    listening = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    cluster.sql(f"{listening} AND datname = '{database}'")


def _lose_the_next_answer(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is done, and the connection gone before its answer."""
    store = inside.store
    assert isinstance(store, PostgresStore)
    right = store._commit

    def commit() -> None:
        right()
        monkeypatch.setattr(store, "_commit", right)
        store._unsure()
        raise Unavailable(Code.STORE_UNREACHABLE, "seeded")

    monkeypatch.setattr(store, "_commit", commit)
