"""Which checkout each workspace lies in: git is asked off the loop, and the store never waits for it."""

import asyncio
import logging
from collections.abc import Collection

from lsp_orch.domain.repository import Checkout
from lsp_orch.services.ports import Paths, Repositories

_log = logging.getLogger(__name__)


class Whereabouts:
    """``of`` may be called from any thread."""

    def __init__(self, paths: Paths, repositories: Repositories) -> None:
        self._paths = paths
        self._repositories = repositories
        self._roots: dict[str, str] = {}  # by workspace
        self._failed: dict[str, Checkout] = {}

    def of(self, workspace: str) -> Checkout | None:
        """What is known of it, if that still holds."""
        root = self._roots.get(workspace)
        return self._failed.get(workspace) or (None if root is None else self._repositories.known(root))

    async def find(self, workspaces: Collection[str]) -> None:
        """Find out; one of which that is not possible is a repository of its own until the daemon ends."""
        for each in workspaces:
            try:
                await asyncio.to_thread(self._find, each)
            except Exception:  # noqa: BLE001 - whatever it is, it must not keep all tasks from starting
                _log.exception("which repository %s is of was not found out", each)
            if self.of(each) is None:  # also when it changes under our hands
                self._failed[each] = Checkout(root=each, repository=each)

    def _find(self, workspace: str) -> None:
        root = self._paths.workspace(workspace) or workspace
        self._repositories.find(root)
        self._roots[workspace] = root
