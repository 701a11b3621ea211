"""Waiting without polling: a grant is pushed, a place outlives its wait, who was taken out stays out."""

import asyncio
from asyncio import Future
from typing import Any

import pytest

from lsp_orch.domain.grants import Granted, Queued
from lsp_orch.endpoints.lobby import Lobby
from tests.endpoints.house import House
from tests.fixtures.leases import agent, ask

BOB, CAT = ask(agent("bob"), "a"), ask(agent("cat"), "a")


async def test_what_is_free_is_granted_without_a_wait(house: House) -> None:
    assert isinstance(await house.lobby.acquire(BOB, 60), Granted)
    assert len(house.lobby) == 0


async def test_a_grant_is_pushed_to_who_waits(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    waiting = asyncio.create_task(house.lobby.acquire(CAT, 60))
    await house.until(lambda: len(house.lobby) == 1)
    await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
    outcome = await waiting
    assert isinstance(outcome, Granted)
    assert outcome.lease in await house.live()


async def test_a_grant_in_the_same_commit_is_not_missed(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    waiting = asyncio.create_task(house.lobby.acquire(CAT, 60))
    await asyncio.sleep(0)  # the ask is handed in, and right behind it the release
    async with asyncio.timeout(5):
        await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
        assert isinstance(await waiting, Granted)


async def test_a_place_outlives_its_wait_and_is_taken_up_again(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    first = await house.lobby.acquire(CAT, 0.01)
    assert isinstance(first, Queued)
    again = asyncio.create_task(house.lobby.acquire(CAT, 60))
    await house.look(lambda _: None)
    await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
    outcome = await again
    assert isinstance(outcome, Granted)


async def test_two_calls_for_one_ticket_are_both_answered(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    calls = [asyncio.create_task(house.lobby.acquire(CAT, 60)) for _ in range(2)]
    await house.look(lambda _: None)
    await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
    first, second = await asyncio.gather(*calls)
    assert first == second
    assert isinstance(first, Granted)


async def test_who_is_taken_out_of_the_queue_is_not_put_back(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    waiting = asyncio.create_task(house.lobby.acquire(CAT, 60))
    await house.until(lambda: len(house.lobby) == 1)
    await house.look(lambda tx: house.leases.withdraw(tx, tx.waiters.waiting()))
    assert isinstance(await waiting, Queued)
    assert await house.look(lambda tx: tx.waiters.waiting()) == []
    assert len(house.lobby) == 0


async def test_who_is_in_the_way_at_the_end_of_the_wait_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait_in_vain(waits: list[Future[Any]], timeout: float) -> tuple[set[Any], set[Any]]:  # noqa: ASYNC109 - asyncio.wait has it
        await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
        return set(), {*waits, timeout}

    await house.lobby.acquire(BOB, 0)
    await house.lobby.acquire(ask(agent("dan"), "a"), 0)
    monkeypatch.setattr(asyncio, "wait", wait_in_vain)
    outcome = await house.lobby.acquire(CAT, 60)
    assert isinstance(outcome, Queued)
    assert ([each.holder.id for each in outcome.conflicts], outcome.position) == (["dan"], 1)


async def test_who_hangs_up_keeps_the_place(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    waiting = asyncio.create_task(house.lobby.acquire(CAT, 60))
    await house.until(lambda: len(house.lobby) == 1)
    waiting.cancel()
    await asyncio.wait([waiting])
    await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
    assert [lease.holder.id for lease in await house.live()] == ["cat"]
    assert len(house.lobby) == 0


async def test_a_long_wait_keeps_its_place_to_the_end(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    waiting = asyncio.create_task(house.lobby.acquire(CAT, 7200))
    await house.until(lambda: len(house.lobby) == 1)
    await house.pass_time(house.settings.leases_ticket_s + 1)  # bob's lease ends, and cat's place does not
    assert isinstance(await waiting, Granted)


async def test_who_waited_before_a_restart_can_sit_down_again(house: House) -> None:
    await house.lobby.acquire(BOB, 0)
    await house.lobby.acquire(CAT, 0)
    lobby = Lobby(house.desk, house.leases, await house.look(lambda tx: tx.waiters.waiting()))
    assert len(lobby) == 1
    house.lobby = lobby
    waiting = asyncio.create_task(lobby.acquire(CAT, 60))
    await house.look(lambda _: None)
    await house.look(lambda tx: house.leases.release(tx, tx.leases.of_holder("bob")))
    assert isinstance(await waiting, Granted)
