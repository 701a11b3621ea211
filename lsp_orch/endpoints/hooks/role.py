"""One hook call: one question, one verdict, and the connection is done."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from lsp_orch.domain.errors import Code, Misuse, OrchError
from lsp_orch.domain.lease import Holder, Party, Step
from lsp_orch.domain.settings import Mode
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.hooks.event import HookEvent, holder, parse
from lsp_orch.endpoints.hooks.news import HookNews
from lsp_orch.endpoints.hooks.tool_use import ToolUse
from lsp_orch.endpoints.hooks.verdict import PASS, Verdict, context, refuse, warn
from lsp_orch.endpoints.wire import Hello, Peer
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Address, Paths, SettingsOf
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx

_log = logging.getLogger(__name__)


class Recall(Protocol):
    """What a new session is given to read."""

    async def at_start(self, event: HookEvent, workspace: str) -> str:
        """The notes that matter for this session, or nothing."""


class Listener(Protocol):
    """Is told of each event, whatever is answered."""

    def heard(self, event: HookEvent, who: Holder) -> None:
        """Before it is answered."""

    def refused(self, event: HookEvent, who: Holder) -> None:
        """The tool that it asked for does not run."""


class Hooks:
    """What each event means to us; an event that is not in the table is a sign of life and no more."""

    def __init__(
        self,
        *,
        desk: Desk,
        leases: Leases,
        sessions: Sessions,
        tool_use: ToolUse,
        recall: Recall,
        paths: Paths,
        news: HookNews,
        listener: Listener | None = None,
    ) -> None:
        self._listener = listener
        self._desk = desk
        self._leases = leases
        self._sessions = sessions
        self._tool_use = tool_use
        self._recall = recall
        self._paths = paths
        self._news = news
        self._table: dict[str, Callable[[HookEvent, str], Awaitable[Verdict]]] = {
            "PostToolUse": self._tool_use.after,
            "PostToolUseFailure": self._tool_use.after,
            "PreToolUse": self._tool_use.before,
            "SessionEnd": self._session_end,
            "SessionStart": self._session_start,
            "Stop": self._stop,
            "SubagentStop": self._subagent_stop,
        }

    async def answer(self, event: HookEvent) -> Verdict:
        """Note the sign of life, then do what the event asks for."""
        name = await self._desk.do(lambda tx: self._seen(tx, event))
        self._news.seen(event)
        handler = self._table.get(event.name)
        if self._listener:
            self._listener.heard(event, holder(event, name))
        verdict = await handler(event, name) if handler else PASS
        if self._listener and verdict.exit:
            self._listener.refused(event, holder(event, name))
        return await self._news.add(event, verdict)

    def workspace(self, folder: str) -> str:
        """The checkout around a folder, or the folder itself."""
        cwd = self._paths.canonical(folder, "/")
        return self._paths.workspace(cwd) or cwd

    def _seen(self, tx: Tx, event: HookEvent) -> str:
        """The session's name: the one it was registered with (a task's title), or one from its id."""
        known = tx.sessions.by_id(event.session)
        name = known.name if known else f"Claude Code {event.session[:8]}"
        workspace = known.workspace if known else self.workspace(event.cwd)
        pid = event.pid or (known.pid if known else 0)
        self._sessions.seen(tx, event.session, Party.AGENT, name, workspace, pid)
        return name

    async def _session_start(self, event: HookEvent, _: str) -> Verdict:
        text = await self._recall.at_start(event, self.workspace(event.cwd))
        return context(event.name, text) if text else PASS

    async def _stop(self, event: HookEvent, _: str) -> Verdict:
        await self._desk.do(lambda tx: self._sessions.stopped(tx, event.session))
        return PASS

    async def _subagent_stop(self, event: HookEvent, name: str) -> Verdict:
        if not event.agent:
            return PASS
        agent = holder(event, name).id

        def work(tx: Tx) -> None:
            self._leases.withdraw(tx, tx.waiters.of_holder(agent), "closed")
            self._leases.step(tx, tx.leases.of_holder(agent), Step.STOP)

        await self._desk.do(work)
        return PASS

    async def _session_end(self, event: HookEvent, _: str) -> Verdict:
        await self._desk.do(lambda tx: self._sessions.left(tx, event.session))
        return PASS


class HookRole:
    """A hook's connection."""

    def __init__(self, peer: Peer, hooks: Hooks, settings: SettingsOf) -> None:
        self._peer = peer
        self._hooks = hooks
        self._settings = settings

    def receive(self, body: bytes) -> None:
        """Take the question: the very bytes that Claude Code gave the hook."""
        self._peer.spawn(self._answer(body))

    def lost(self, *, clean: bool) -> None:
        """Nothing to do: a waiting handler is cancelled with the connection, its ticket stays."""

    async def _answer(self, body: bytes) -> None:
        event = None
        try:
            event = _parse(body, self._peer.hello)
            verdict = await self._hooks.answer(event)
        except OrchError as error:
            said = f"[{error.refusal.code}] {error.refusal.message}. {error.refusal.hint}"
            verdict = self._failed(event, said.rstrip())
        except Exception:  # noqa: BLE001 - whatever it was, the tool call waits for a verdict
            _log.exception("a hook call failed")
            said = f"[{Code.INTERNAL}] lsp-orch failed; `lsp-orch daemon logs` says why."
            verdict = self._failed(event, said)
        text = verdict.text.encode("utf-8", "replace")
        self._peer.write(b"Exit-Code: %d\r\nContent-Length: %d\r\n\r\n%s" % (verdict.exit, len(text), text))
        self._peer.close()

    def _failed(self, event: HookEvent | None, reason: str) -> Verdict:
        """Our own failure: in `enforce` no tool call passes that we could not judge.

        Other events are only told of: to refuse a Stop would keep the agent at work for ever.
        """
        judged = event is None or event.name == "PreToolUse"
        return refuse(reason) if judged and self._mode() is Mode.ENFORCE else warn(f"lsp-orch: {reason}")

    def _mode(self) -> Mode:
        """As the hook's environment says, else the settings where it runs: its event may be what is wrong."""
        hello = self._peer.hello
        if hello.mode in set(Mode):
            return Mode(hello.mode)
        return self._settings(self._hooks.workspace(hello.cwd)).mode


def _parse(body: bytes, hello: Hello) -> HookEvent:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Misuse(Code.BAD_REQUEST, f"the hook's input is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Misuse(Code.BAD_REQUEST, "the hook's input is not a JSON object")
    inbox = Address(socket=hello.inbox, token=hello.inbox_token) if hello.inbox else None
    return parse(document, hello.pid, hello.cwd, hello.mode, inbox)
