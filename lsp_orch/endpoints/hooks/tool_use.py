"""Before a tool writes: may it, now? And what the file said before and says after."""

from typing import Protocol

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.grants import Ask, Granted, Queued
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Version, Why
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.hooks.event import HookEvent, holder
from lsp_orch.endpoints.hooks.verdict import PASS, Verdict, refuse
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.params import required
from lsp_orch.services.ports import Paths, SettingsOf

# the tools that write one file, and where each names it
PATH_OF = {
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookEdit": "notebook_path",
    "Write": "file_path",
}


class Keep(Protocol):
    """Keeps what a file says, so that it can be given back."""

    async def __call__(self, path: str, by: Author, why: Why) -> Version | Refusal:
        """Keep the canonical ``path``; it is on disk when this returns, or refused as too large."""


class ToolUse:
    """Grants a lease for the file that a tool is about to write, waits a moment for it, or refuses."""

    def __init__(self, lobby: Lobby, paths: Paths, settings: SettingsOf, keep: Keep) -> None:
        self._lobby = lobby
        self._paths = paths
        self._settings = settings
        self._keep = keep

    async def before(self, event: HookEvent, name: str) -> Verdict:
        """Answer PreToolUse; what lies in no workspace is nobody's to guard.

        Raises:
            Misuse: the tool writes, and does not say where; or the workspace's settings are wrong.
        """
        scope, workspace = self._written(event)
        if scope is None:
            return PASS
        settings = self._settings(workspace)
        ask = Ask(
            holder=holder(event, name),
            workspace=workspace,
            scopes=(scope,),
            mode=Mode.WRITE,
            reason=event.tool,
            ttl_s=settings.leases_ttl_s,
        )
        outcome = await self._lobby.acquire(ask, settings.leases_hook_wait_s)
        match outcome:
            case Granted():
                await self._keep(scope.key, _author(ask.holder), Why.BEFORE_WRITE)
                return PASS
            case Queued():
                return refuse(_explain(outcome, settings))
            case Refusal(code=code, message=message, hint=hint):
                return refuse(f"[{code}] {message}. Nothing was written: {hint}.")

    async def after(self, event: HookEvent, name: str) -> Verdict:
        """Answer PostToolUse: what the tool has written can be given back as well."""
        scope, _ = self._written(event)
        if scope:
            await self._keep(scope.key, _author(holder(event, name)), Why.AFTER_WRITE)
        return PASS

    def _written(self, event: HookEvent) -> tuple[Scope | None, str]:
        """The file that the tool writes and the workspace it lies in; nothing when it is in none."""
        if event.tool not in PATH_OF:
            return None, ""
        path = required(event.tool_input, PATH_OF[event.tool], str)
        key = self._paths.canonical(path, event.cwd)
        workspace = self._paths.workspace(key) or _within(key, self._paths.canonical(event.cwd, "/"))
        return (Scope(Kind.FILE, key) if workspace else None), workspace


def _author(who: Holder) -> Author:
    return Author(id=who.id, name=who.name)


def _within(key: str, folder: str) -> str:
    return folder if key.startswith(folder.rstrip("/") + "/") else ""


def _explain(queued: Queued, settings: Settings) -> str:
    """The refusal, in words that a model can act on."""
    ask = queued.waiter.ask
    path = shapes.resource(ask.scopes[0], ask.workspace)
    who = "; ".join(_doing(lease) for lease in queued.conflicts) or "others asked for it before you"
    minutes = round(settings.leases_ticket_s / 60)
    return (
        f"[lease-held] {path} is not yours to write now: {who}. "
        f"You are number {queued.position} in the queue (ticket {queued.waiter.id}, valid {minutes} min): "
        "the file becomes yours by itself as soon as it is free. Nothing was written. "
        "Do something else meanwhile and then repeat this very call, or end your turn and say that you wait "
        "for this file. Do not write it another way, such as through the shell."
    )


def _doing(lease: Lease) -> str:
    since = f"since {shapes.clock_time(lease.acquired_at)}"
    if lease.state is State.DIRTY:
        return f"a person, {lease.holder.name}, has unsaved changes in it {since}"
    if lease.holder.kind is Party.HUMAN:
        return f"a person, {lease.holder.name}, is editing it {since}"
    return f"{lease.holder.name} is working on it {since}"
