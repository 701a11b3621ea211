"""How endpoints reach the store: work is handed in, and the answer comes when it is durable."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from lsp_orch.store.base import Tx

Result = TypeVar("Result")


class Desk(Protocol):
    """The one writer, seen from the event loop."""

    def do(self, work: Callable[[Tx], Result], *, brief: bool = False) -> Awaitable[Result]:
        """Run ``work`` in a transaction, in the order handed in; answer once it is safe.

        It is ``brief`` when it touches a few rows and nothing but the store, so that it can be undone and
        done again.
        """
