"""What a tool call is about to write, told from its input before it runs."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lsp_orch.domain.scope import MOST, Kind, Scope
from lsp_orch.domain.settings import Mode
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.params import required
from lsp_orch.services.ports import Paths, SettingsOf, ShellWrites

# the tools that write one file, and where each names it
PATH_OF: Mapping[str, str] = {
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookEdit": "notebook_path",
    "Write": "file_path",
}
SHELL = "Bash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """``scopes`` are what the call needs for itself, all in or above the workspace that it works in.

    ``unknown``: it runs something whose writes nobody can tell, and needs the workspace until it ends.
    """

    workspace: str = ""
    scopes: tuple[Scope, ...] = ()
    unknown: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The single files among them."""
        return tuple(each.key for each in self.scopes if each.kind is Kind.FILE)

    @property
    def folders(self) -> tuple[str, ...]:
        """The whole trees among them that are named, not feared."""
        return () if self.unknown else tuple(each.key for each in self.scopes if each.kind is Kind.DIR)


NOTHING = Intent()


class Intents:
    """Reads tool calls; what lies in no workspace is nobody's to guard."""

    def __init__(self, paths: Paths, shell: ShellWrites, settings: SettingsOf) -> None:
        self._paths = paths
        self._shell = shell
        self._settings = settings

    async def of(self, event: HookEvent) -> Intent:
        """What the call writes.

        Raises:
            Misuse: the tool writes, and does not say where; or the workspace's settings are wrong.
        """
        if event.tool in PATH_OF:
            return self.file(event, required(event.tool_input, PATH_OF[event.tool], str))
        if event.tool == SHELL:
            # the grammar of a long line takes its time, and others wait for the loop
            return await asyncio.to_thread(self._line, event, required(event.tool_input, "command", str))
        return NOTHING

    def file(self, event: HookEvent, path: str) -> Intent:
        """A single file, if it lies in a workspace."""
        key = self._paths.canonical(path, event.cwd)
        workspace = self._workspace(key, self._paths.canonical(event.cwd, "/"))
        return Intent(workspace=workspace, scopes=(Scope(Kind.FILE, key),)) if workspace else NOTHING

    def _line(self, event: HookEvent, command: str) -> Intent:
        cwd = self._paths.canonical(event.cwd, "/")
        home = {"HOME": os.path.expanduser("~"), "PWD": cwd}  # noqa: PTH111 - a name that the shell knows
        writes = self._shell.writes(command, event.cwd, home)
        here = self._paths.workspace(cwd) or cwd
        scopes = {Scope(Kind.FILE, self._paths.canonical(each, "/")) for each in writes.paths}
        scopes |= {self._tree(self._paths.canonical(each, "/"), here) for each in writes.folders}
        guarded = tuple(sorted(each for each in scopes if self._workspace(each.key, cwd)))
        if len(guarded) > MOST:
            guarded = (Scope(Kind.DIR, here),)
        intent = Intent(workspace=here, scopes=guarded)
        if writes.unknown and not event.sandboxed and self._enforced(event, here):
            return replace(intent, scopes=(*guarded, Scope(Kind.DIR, here)), unknown=True)
        return intent

    def _tree(self, key: str, workspace: str) -> Scope:
        """A tree that holds the whole workspace is the workspace: the rest is nobody's."""
        if f"{workspace}/".startswith(f"{key.rstrip('/')}/"):
            return Scope(Kind.DIR, workspace)
        folder = self._paths.is_folder(key) or not self._paths.exists(key)
        return Scope(Kind.DIR if folder else Kind.FILE, key)

    def _workspace(self, key: str, cwd: str) -> str:
        inside = f"{key}/".startswith(f"{cwd.rstrip('/')}/")
        return self._paths.workspace(key) or (cwd if inside else "")

    def _enforced(self, event: HookEvent, workspace: str) -> bool:
        mode = event.mode or self._settings(workspace).mode
        return mode == Mode.ENFORCE
