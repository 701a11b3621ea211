"""A bell for those who wait until something about a task has changed."""

import asyncio

from lsp_orch.domain.events import Event, TaskChanged
from lsp_orch.domain.task import SETTLED


class Bell:
    """Take ``next`` or ``next_end`` first, then look, then wait for it: nothing in between is missed.

    Workers speak many times a second, and tasks change at each step: whoever waits for an end hears neither.
    """

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self._next_end = asyncio.Event()

    def next(self) -> asyncio.Event:
        """What is set when next a task has changed or its worker has said something."""
        return self._next

    def next_end(self) -> asyncio.Event:
        """What is set when next a task has settled, and those that wait for it with it."""
        return self._next_end

    def ring(self) -> None:
        """A worker has said something."""
        self._next.set()
        self._next = asyncio.Event()

    def ring_end(self) -> None:
        """Something may have settled."""
        self.ring()
        self._next_end.set()
        self._next_end = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Ring when a task has changed."""
        if isinstance(event, TaskChanged):
            if event.state in SETTLED:
                self.ring_end()
            else:
                self.ring()
