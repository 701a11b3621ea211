"""What the daemon carries: everything that is imported after the socket listens."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.wire import Peer, Role


class App(Protocol):
    """The whole application, as the daemon sees it. Called from the event loop only."""

    @property
    def settings(self) -> Settings:
        """The daemon itself reads ``daemon_idle_exit_s``."""

    @property
    def roles(self) -> Mapping[str, Callable[[Peer], Role]]:
        """Who may speak: the name in the hello, and what begins its conversation; ``editor`` is one."""

    def busy(self) -> bool:
        """Say whether a task, lease or waiter lives, which forbids leaving idle."""

    async def run(self) -> None:
        """Run the background services until cancelled."""

    async def drain(self) -> None:
        """Bring what runs to a safe stop; no connection is accepted any more."""

    def close(self) -> None:
        """Let go of stores and files; called once, last, also after a failure."""


Build = Callable[[], Awaitable[App]]
