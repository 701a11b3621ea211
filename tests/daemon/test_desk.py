"""The one writer: in order, many jobs in a commit, each failure its own, and no answer before the disk."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.domain.events import Event, LeaseGranted
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.leases import agent, lease


class CountingStore(SqliteStore):
    """Counts commits, and fails them when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0
        self.broken = False

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with super().transaction() as tx:
            yield tx
            if self.broken:
                raise Unavailable(Code.DISK_FULL, "the disk is full")
            self.commits += 1


class Bench:
    """A desk, what it has published, and a way to keep its thread busy."""

    def __init__(self) -> None:
        self.store = CountingStore()
        self.published: list[Event] = []
        self.desk = Desk(self.store, self.hear)
        self.go = threading.Event()

    def hear(self, events: Sequence[Event]) -> None:
        self.published.extend(events)

    async def together(self, *jobs: Callable[[Tx], object]) -> list[object]:
        """Hand jobs in while the thread is busy with another: they share the next commit."""
        busy = threading.Event()

        def wait(_: Tx) -> None:
            busy.set()
            assert self.go.wait(5)

        first = self.desk.do(wait)
        await asyncio.to_thread(busy.wait, 5)
        futures = [self.desk.do(job) for job in jobs]
        self.go.set()
        await first
        return await asyncio.gather(*futures, return_exceptions=True)

    def tokens(self) -> list[int]:
        """What is in the store."""
        with self.store.transaction() as tx:
            return [each.token for each in tx.leases.live()]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.desk.close()
    bench.store.close()


def grant(token: int) -> Callable[[Tx], int]:
    """Insert a lease and announce it."""

    def work(tx: Tx) -> int:
        new = lease(agent("a"), f"{token}.py", token=token)
        tx.leases.insert(new)
        tx.announce(LeaseGranted(lease=new))
        return token

    return work


def stumble(token: int) -> Callable[[Tx], int]:
    """Do all of that, and then fail."""

    def work(tx: Tx) -> int:
        grant(token)(tx)
        raise Misuse(Code.BAD_REQUEST, "no")

    return work


def heard(bench: Bench) -> list[int]:
    return [event.lease.token for event in bench.published if isinstance(event, LeaseGranted)]


async def test_work_is_done_in_the_order_handed_in(bench: Bench) -> None:
    done: list[int] = []

    def note(number: int, _: Tx) -> int:
        done.append(number)
        return number

    answers = await bench.together(*(partial(note, number) for number in range(300)))
    assert answers == done == list(range(300))


async def test_jobs_handed_in_together_share_one_commit(bench: Bench) -> None:
    await bench.together(*(grant(token) for token in range(1, 101)))
    assert bench.store.commits == 2  # the one that kept the thread busy, and one for all
    assert heard(bench) == bench.tokens() == list(range(1, 101))


async def test_a_crowd_is_served_in_several_commits(bench: Bench) -> None:
    await bench.together(*(lambda _: None for _ in range(600)))
    assert bench.store.commits == 1 + 3


async def test_a_job_that_raises_is_undone_alone(bench: Bench) -> None:
    answers = await bench.together(grant(1), stumble(2), grant(3))
    assert [answers[0], answers[2]] == [1, 3]
    assert isinstance(answers[1], Misuse)
    assert bench.store.commits == 2
    assert heard(bench) == bench.tokens() == [1, 3]


async def test_a_commit_that_fails_fails_every_job_in_it(bench: Bench) -> None:
    def break_it(_: Tx) -> None:
        bench.store.broken = True

    answers = await bench.together(grant(1), break_it, grant(2))
    assert [type(each) for each in answers] == [Unavailable] * 3
    bench.store.broken = False
    assert heard(bench) == bench.tokens() == []
    assert await bench.desk.do(grant(3)) == 3  # and the next goes on


async def test_a_full_disk_fails_every_job_of_the_commit_and_nothing_is_told(bench: Bench) -> None:
    [pages] = bench.store._db.execute("PRAGMA page_count").fetchone()
    bench.store._db.execute(f"PRAGMA max_page_count = {pages}")

    def fill(tx: Tx) -> None:
        for token in range(2, 1000):
            grant(token)(tx)

    answers = await bench.together(grant(1), fill, grant(1000))
    assert [each.refusal.code for each in answers if isinstance(each, Unavailable)] == [Code.DISK_FULL] * 3
    assert heard(bench) == bench.tokens() == []


async def test_who_is_cancelled_loses_the_answer_and_nothing_else(bench: Bench) -> None:
    futures: list[asyncio.Future[int]] = []

    def cancelled_meanwhile(tx: Tx) -> int:
        bench.desk._loop.call_soon_threadsafe(futures[0].cancel)
        return grant(1)(tx)

    futures.append(bench.desk.do(cancelled_meanwhile))
    assert await bench.desk.do(grant(2)) == 2
    assert futures[0].cancelled()
    assert heard(bench) == bench.tokens() == [1, 2]


async def test_news_is_told_before_the_caller_goes_on(bench: Bench) -> None:
    await bench.desk.do(grant(1))
    assert heard(bench) == [1]


async def test_a_listeners_bug_costs_no_caller_its_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def deaf(_: Sequence[Event]) -> None:
        raise RuntimeError

    monkeypatch.setattr(bench.desk, "_publish", deaf)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(5):
            assert await bench.together(grant(1), grant(2)) == [1, 2]
    assert "did not reach everybody" in caplog.text


async def test_close_finishes_what_was_handed_in() -> None:
    bench = Bench()
    futures = [bench.desk.do(grant(token)) for token in range(1, 301)]
    await bench.desk.close()
    assert await asyncio.gather(*futures) == bench.tokens() == list(range(1, 301))
    assert not bench.desk._thread.is_alive()
    bench.store.close()


async def test_work_that_comes_after_the_close_is_refused_and_not_left_waiting() -> None:
    bench = Bench()
    await bench.desk.close()
    with pytest.raises(Unavailable, match="leaving"):
        await bench.desk.do(grant(1))
    bench.store.close()


async def together_briefly(bench: Bench, *jobs: Callable[[Tx], object]) -> list[object]:
    """Hand brief jobs in within one turn of the loop."""
    return await asyncio.gather(*(bench.desk.do(job, brief=True) for job in jobs), return_exceptions=True)


async def test_brief_work_is_done_on_the_loop_and_shares_one_commit(bench: Bench) -> None:
    threads: set[int] = set()

    def note(token: int, tx: Tx) -> int:
        threads.add(threading.get_ident())
        return grant(token)(tx)

    jobs = [partial(note, token) for token in range(1, 101)]
    assert await together_briefly(bench, *jobs) == list(range(1, 101))
    assert threads == {threading.get_ident()}
    assert bench.store.commits == 1
    assert heard(bench) == bench.tokens() == list(range(1, 101))


async def test_brief_work_waits_its_turn_behind_other_work(bench: Bench) -> None:
    done: list[int] = []

    def note(number: int, _: Tx) -> None:
        done.append(number)

    work = [bench.desk.do(partial(note, number), brief=number % 3 > 0) for number in range(12)]
    await asyncio.gather(*work)
    assert done == list(range(12))
    assert bench.store.commits == 8  # one brief pair and one other, four times over


async def test_a_brief_job_that_raises_is_undone_alone(bench: Bench) -> None:
    answers = await together_briefly(bench, grant(1), stumble(2), grant(3))
    assert [answers[0], answers[2]] == [1, 3]
    assert isinstance(answers[1], Misuse)
    assert heard(bench) == bench.tokens() == [1, 3]


async def test_brief_work_in_a_commit_that_fails_fails_whole(bench: Bench) -> None:
    bench.store.broken = True
    answers = await together_briefly(bench, grant(1), grant(2))
    assert [type(each) for each in answers] == [Unavailable] * 2
    bench.store.broken = False
    assert heard(bench) == bench.tokens() == []


async def test_a_store_that_is_far_away_is_never_waited_for_on_the_loop(bench: Bench) -> None:
    bench.store.prompt = False
    threads = await together_briefly(bench, lambda _: threading.get_ident())
    assert threads == [bench.desk._thread.ident]


async def test_the_store_is_tidied_by_the_thread_before_more_is_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    threads: list[int] = []

    def tidy() -> None:
        bench.store._commits = 0
        threads.append(threading.get_ident())
        raise RuntimeError

    monkeypatch.setattr(bench.store, "tidy", tidy)
    monkeypatch.setattr(bench.store, "_commits", 10**6)
    with caplog.at_level(logging.ERROR):
        assert await bench.desk.do(grant(1), brief=True) == 1
    assert threads == [bench.desk._thread.ident]
    assert "could not be tidied" in caplog.text


async def test_close_finishes_brief_work_as_well() -> None:
    bench = Bench()
    futures = [bench.desk.do(grant(token), brief=token % 2 == 0) for token in range(1, 301)]
    await bench.desk.close()
    assert await asyncio.gather(*futures) == bench.tokens() == list(range(1, 301))
    bench.store.close()
