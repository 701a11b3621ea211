"""Stops the dispatcher from starting anything, and lets it go on; what runs is left alone."""

from lsp_orch.domain.events import DispatcherPaused, DispatcherResumed
from lsp_orch.domain.pause import Pause
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx


class Pausing:
    """Each method is one step inside the caller's transaction; an empty workspace is all of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def pause(self, tx: Tx, workspace: str, why: str, by: str) -> Pause:
        """From now on nothing starts there; who pauses once more says anew why."""
        pause = Pause(workspace=workspace, why=why, by=by, at=self._clock.now())
        tx.pauses.keep(pause)
        tx.announce(DispatcherPaused(pause=pause))
        return pause

    def resume(self, tx: Tx, workspace: str, by: str) -> list[Pause]:
        """Let it go on; where everything goes on, each workspace does. The pauses that this has ended."""
        known = [each for each in tx.pauses.all() if workspace in ("", each.workspace)]
        for each in known:
            tx.pauses.end(each.workspace)
            tx.announce(DispatcherResumed(workspace=each.workspace, by=by))
        return known
