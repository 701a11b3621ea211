"""Before a tool writes: may it, now? And what the file said before and says after."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from typing import Protocol, TypeVar

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.grants import Ask, Granted, Queued
from lsp_orch.domain.lease import Holder, Mode
from lsp_orch.domain.read import Stale
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import Author, Content, Version, Why
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.hooks import refusals
from lsp_orch.endpoints.hooks.event import HookEvent, holder
from lsp_orch.endpoints.hooks.intent import SHELL, Intent, Intents
from lsp_orch.endpoints.hooks.verdict import PASS, Verdict, context, refuse
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.params import required
from lsp_orch.endpoints.resources import shown
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Paths, SettingsOf
from lsp_orch.services.reads import Reads
from lsp_orch.store.base import Tx

_READ = "Read"
_UNDER_WAY = 1024  # calls and waits that are remembered; the oldest are forgotten
_MOST_KEPT = 1000  # files of the folders that one command changes


Key = TypeVar("Key")
Value = TypeVar("Value")


class Keep(Protocol):
    """Keeps what a file says, so that it can be given back."""

    async def __call__(self, path: str, by: Author, why: Why) -> Version | Refusal:
        """Keep the canonical ``path``; it is on disk when this returns, or refused as too large."""


class ToolUse:
    """Grants a lease for all that a tool is about to write, waits a moment for it, or refuses."""

    def __init__(
        self,
        *,
        desk: Desk,
        lobby: Lobby,
        leases: Leases,
        reads: Reads,
        intents: Intents,
        paths: Paths,
        settings: SettingsOf,
        keep: Keep,
    ) -> None:
        self._desk = desk
        self._lobby = lobby
        self._leases = leases
        self._reads = reads
        self._intents = intents
        self._paths = paths
        self._settings = settings
        self._keep = keep
        self._calls: OrderedDict[str, Intent] = OrderedDict()  # by tool_use_id, until the call has ended
        self._asked: OrderedDict[tuple[str, tuple[Scope, ...]], float] = OrderedDict()

    async def before(self, event: HookEvent, name: str) -> Verdict:
        """Answer PreToolUse.

        Raises:
            Misuse: the tool writes, and does not say where; or the workspace's settings are wrong.
        """
        intent = await self._intents.of(event)
        if not intent.scopes:
            return PASS
        settings = self._settings(intent.workspace)
        ask = Ask(
            holder=holder(event, name),
            workspace=intent.workspace,
            scopes=tuple(sorted(set(intent.scopes))),
            mode=Mode.WRITE,
            reason=event.tool,
            ttl_s=settings.leases_ttl_s,
        )
        since = partial(_remember, self._asked, (ask.holder.id, ask.scopes))
        outcome = await self._lobby.acquire(
            ask, settings.leases_hook_wait_s, lambda waiter: since(waiter.since)
        )
        match outcome:
            case Granted():
                _remember(self._calls, event.call, intent)
                return await self._granted(event, ask, intent)
            case Queued():
                return refuse(refusals.held(outcome, settings), outcome.waiter.id)
            case Refusal():
                return refuse(refusals.told(outcome))

    async def after(self, event: HookEvent, name: str) -> Verdict:
        """Answer PostToolUse, also of a call that failed: what it has written can be given back as well."""
        who = holder(event, name)
        if event.tool == _READ:
            read = self._intents.file(event, required(event.tool_input, "file_path", str))
            await self._know(who, await self._kept(read.files, who, Why.READ), wrote=False)
            return PASS
        intent = self._calls.pop(event.call, None) or await self._intents.of(event)
        await self._know(who, await self._kept(intent.files, who, Why.AFTER_WRITE), wrote=True)
        if intent.unknown:
            await self._desk.do(lambda tx: self._hand_back(tx, who, intent))
        return PASS

    async def _granted(self, event: HookEvent, ask: Ask, intent: Intent) -> Verdict:
        """Keep what is about to be overwritten, and see that the agent knows it."""
        asked = self._asked.pop((ask.holder.id, ask.scopes), None)
        inside = await asyncio.to_thread(self._inside, intent.folders) if intent.folders else []
        kept = await self._kept((*intent.files, *inside), ask.holder, Why.BEFORE_WRITE)

        def work(tx: Tx) -> list[Stale]:
            found = (self._reads.stale(tx, ask.holder, path, content) for path, content in kept.items())
            return [each for each in found if each]

        stale = await self._desk.do(work, brief=not intent.folders)
        if not stale:
            return PASS
        first = stale[0]
        name = shown(Scope(Kind.FILE, first.read.path), intent.workspace)
        # what it waited for has come: an edit of text that still stands there takes nothing from anybody
        waited = asked is not None and all(_known_since(asked, each) for each in stale)
        if waited and _fits(event, await asyncio.to_thread(self._paths.text, first.read.path)):
            return context(event.name, refusals.changed_meanwhile(first, name))
        return refuse(refusals.told(refusals.stale(first, name)))

    async def _kept(self, paths: Iterable[str], who: Holder, why: Why) -> dict[str, Content]:
        """Keep what files say; those that cannot be kept are left out."""
        found = {}
        for path in paths:
            version = await self._keep(path, Author(id=who.id, name=who.name), why)
            if isinstance(version, Version):
                found[path] = version.content
        return found

    async def _know(self, who: Holder, contents: dict[str, Content], *, wrote: bool) -> None:
        """From now on the holder knows that files say this."""
        note = self._reads.wrote if wrote else self._reads.saw

        def work(tx: Tx) -> None:
            for path, content in contents.items():
                note(tx, who, path, content)

        if contents:
            await self._desk.do(work, brief=len(contents) == 1)

    def _inside(self, folders: Iterable[str]) -> list[str]:
        return [path for folder in folders for path in self._paths.files(folder, _MOST_KEPT)]

    def _hand_back(self, tx: Tx, who: Holder, intent: Intent) -> None:
        """The command has ended: the workspace was only needed as long as nobody knew what it does."""
        whole = Scope(Kind.DIR, intent.workspace)
        mine = [each for each in tx.leases.of_holder(who.id) if whole in each.scopes]
        self._leases.release(tx, [each for each in mine if each.reason == SHELL])


def _remember(memory: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    memory[key] = value
    while len(memory) > _UNDER_WAY:
        memory.popitem(last=False)


def _known_since(asked: float, stale: Stale) -> bool:
    """Whether one of those that we know has changed the file since it was asked for."""
    writer = stale.writer
    return writer is not None and bool(writer.by.id) and writer.at >= asked


def _fits(event: HookEvent, text: str) -> bool:
    """Whether what an edit replaces still stands in the file, and only there where it means."""
    edits = event.tool_input.get("edits", [event.tool_input])
    try:
        olds = [(str(each["old_string"]), bool(each.get("replace_all"))) for each in edits]
    except (LookupError, TypeError, AttributeError):  # no edit at all
        return False
    return all(old and (text.count(old) == 1 or (everywhere and old in text)) for old, everywhere in olds)
