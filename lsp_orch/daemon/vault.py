"""The vault's part of the daemon: one thread that owns the notes, and ways to reach it from the loop."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from lsp_orch.adapters.note_files import VaultFiles
from lsp_orch.adapters.note_index import NoteIndexFile
from lsp_orch.adapters.secrets_filter import SecretsFilter
from lsp_orch.adapters.watcher import VaultWatcher
from lsp_orch.daemon.world import World
from lsp_orch.domain.errors import OrchError, Refusal
from lsp_orch.domain.task import Task
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.rpc.notes import NoteMethods
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services import learnings
from lsp_orch.services.notes import Notes, Work
from lsp_orch.services.ports import SettingsOf
from lsp_orch.services.vaults import Vaults

Result = TypeVar("Result")

# a session that goes on still has what it was told; one that was compacted has lost it
_FRESH = {"startup", "clear", "compact", ""}
_MOST_TOKENS = 2400  # Claude Code cuts what a hook says at 10,000 characters

_log = logging.getLogger(__name__)


class Vault:
    """Notes for the whole daemon. Everything that touches them runs on the one thread, in order."""

    def __init__(self, world: World, settings: SettingsOf) -> None:
        places = world.places
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._settings = settings
        files = VaultFiles(settings, places.data / "vault", world.clock)
        self._index = NoteIndexFile(places.state / f"{places.instance}-notes.db")
        self._watcher = VaultWatcher(files.root, self._changed)
        vaults = Vaults(files, self._index, self._watcher)
        self._notes = Notes(files, self._index, vaults, SecretsFilter(), world.clock, world.ids, settings)
        self._methods = NoteMethods(self._notes, files.root)

    def methods(self) -> dict[str, Method]:
        """The ``vault.*`` calls, each handed to the thread."""
        return {name: self._handed(do) for name, do in self._methods.methods().items()}

    async def at_start(self, event: HookEvent, workspace: str) -> str:
        """What a new session should know; a vault that cannot be read costs the session nothing."""
        if event.source not in _FRESH:
            return ""
        try:
            budget = min(self._settings(workspace).vault_budget_tokens, _MOST_TOKENS)
            context = await self._on_thread(lambda: self._notes.context(workspace, Work(), budget))
        except OrchError:
            _log.exception("a session starts without the notes of %s", workspace)
            return ""
        return context.text

    async def about(self, workspace: str, goal: str) -> str:
        """What the notes say of a goal; a vault that cannot be read says nothing."""
        try:
            budget = self._settings(workspace).vault_budget_tokens
            context = await self._on_thread(lambda: self._notes.context(workspace, Work(prompt=goal), budget))
        except OrchError:
            _log.exception("a plan goes without the notes of %s", workspace)
            return ""
        return context.text

    async def learn(self, task: Task) -> None:
        """Keep what an accepted task has learned; saying it twice is saying it once."""
        for draft in learnings.drafts(task):
            try:
                added = await self._on_thread(partial(self._notes.add, task.workspace, draft))
            except OrchError as error:
                _log.warning("a learning of %s was not kept: %s", task.id, error)
            else:
                if isinstance(added, Refusal):
                    _log.warning("a learning of %s was not kept: %s", task.id, added.message)

    def count(self, workspace: str) -> int:
        """How many notes a workspace has; blocks, so call it from another thread."""
        return self._thread.submit(self._notes.count, workspace).result()

    def watching(self) -> bool:
        """Whether changes from outside are noticed."""
        return self._watcher.alive

    def close(self) -> None:
        """Stop watching, finish what was begun, let go of the index."""
        self._watcher.close()
        self._thread.submit(self._index.close)
        self._thread.shutdown()

    def _changed(self, workspace: str, paths: frozenset[str] | None) -> None:
        self._thread.submit(self._take_in, workspace, paths)

    def _take_in(self, workspace: str, paths: frozenset[str] | None) -> None:
        try:
            self._notes.changed(workspace, paths)
        except OrchError:
            _log.exception(
                "a change in the vault of %s was not taken in; the next question tries again", workspace
            )

    def _handed(self, method: Callable[[dict[str, Any]], Answer]) -> Method:
        async def handed(params: dict[str, Any]) -> Answer:
            return await self._on_thread(partial(method, params))

        return handed

    async def _on_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
