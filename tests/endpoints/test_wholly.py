"""Work that was begun is finished, also when whoever began it is told to stop."""

import asyncio

import pytest

from lsp_orch.endpoints.wholly import wholly


async def test_a_cancelled_caller_waits_for_the_end_and_is_cancelled_then() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    done = []

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.append("done")

    caller = asyncio.create_task(wholly(work()))
    await begun.wait()
    for _ in range(2):
        caller.cancel()
        await asyncio.wait([caller], timeout=0)
        assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done == ["done"]


async def test_what_it_returns_or_raises_is_passed_on() -> None:
    async def seven() -> int:
        return 7

    async def wrong() -> None:
        raise ZeroDivisionError

    assert await wholly(seven()) == 7
    with pytest.raises(ZeroDivisionError):
        await wholly(wrong())
