"""A part of the tasks' work: what it answers, what it hears, and what it does by itself."""

from typing import Protocol

from lsp_orch.domain.events import Event
from lsp_orch.endpoints.rpc.role import Method


class Part(Protocol):
    """As ``Labour`` sees it. Called from the event loop only."""

    def methods(self) -> dict[str, Method]:
        """The calls that it answers, by their names."""

    def on_event(self, event: Event) -> None:
        """Hear of what was committed."""

    def busy(self) -> bool:
        """Whether it has work, which forbids the daemon to leave."""

    async def run(self) -> None:
        """Do what is to be done unasked, until cancelled or drained."""

    async def drain(self) -> None:
        """Begin nothing more, and bring what runs to a safe stop."""


class Plain:
    """A part that does nothing of all this; what another one does, it says itself."""

    def methods(self) -> dict[str, Method]:
        """None."""
        return {}

    def on_event(self, event: Event) -> None:
        """Nothing follows from it."""

    def busy(self) -> bool:
        """Never."""
        return False

    async def run(self) -> None:
        """Nothing is done unasked."""

    async def drain(self) -> None:
        """Nothing runs."""
