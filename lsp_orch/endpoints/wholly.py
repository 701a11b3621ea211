"""Work that is not left half done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def wholly(work: Coroutine[Any, Any, Result]) -> Result:
    """Do ``work`` to its end, also when we are cancelled meanwhile; that is raised only afterwards."""
    doing = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait([doing])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
    return doing.result()
