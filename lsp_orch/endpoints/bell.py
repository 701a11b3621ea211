"""A bell for those who wait until something about a task has changed."""

import asyncio

from lsp_orch.domain.events import Event, TaskChanged


class Bell:
    """Take ``next`` first, then look, then wait for it: nothing that happens in between is missed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """What is set at the next ring."""
        return self._next

    def ring(self) -> None:
        """Wake everybody who waits."""
        self._next.set()
        self._next = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Ring when a task has changed."""
        if isinstance(event, TaskChanged):
            self.ring()
