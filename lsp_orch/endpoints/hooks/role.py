"""One hook call: one question, one verdict, and the connection is done."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from lsp_orch.domain.lease import Holder, Party, Step
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.hooks import reaped
from lsp_orch.endpoints.hooks.event import HookEvent, holder
from lsp_orch.endpoints.hooks.guests import Guests
from lsp_orch.endpoints.hooks.judge import Judge, Question
from lsp_orch.endpoints.hooks.news import HookNews
from lsp_orch.endpoints.hooks.tool_use import ToolUse
from lsp_orch.endpoints.hooks.verdict import PASS, Verdict, context, headed
from lsp_orch.endpoints.wire import Peer
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Paths
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx


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

    def __init__(  # noqa: PLR0913 - all that the events are about, put together in one place
        self,
        *,
        desk: Desk,
        leases: Leases,
        sessions: Sessions,
        tool_use: ToolUse,
        recall: Recall,
        paths: Paths,
        guests: Guests,
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
        self._guests = guests
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
        name, refused = await self._desk.do(lambda tx: self._seen(tx, event), brief=True)
        self._news.seen(event)
        if refused:
            return refused
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

    def _seen(self, tx: Tx, event: HookEvent) -> tuple[str, Verdict | None]:
        """The session's name: the one it was registered with (a task's title), or one from its id.

        Whoever was taken for dead, and does not know it, is refused.
        """
        known = tx.sessions.by_id(event.session)
        name = known.name if known else f"Claude Code {event.session[:8]}"
        workspace = known.workspace if known else self.workspace(event.cwd)
        pid = event.pid or (known.pid if known else 0)
        refused = reaped.refusal(tx, self._sessions, event, known)
        note = self._sessions.register if reaped.registers(event) else self._sessions.seen
        note(tx, event.session, Party.AGENT, name, workspace, pid)
        return name, refused

    async def _session_start(self, event: HookEvent, _: str) -> Verdict:
        text = await self._recall.at_start(event, self.workspace(event.cwd))
        return context(event.name, text) if text else PASS

    async def _stop(self, event: HookEvent, _: str) -> Verdict:
        await self._desk.do(lambda tx: self._sessions.stopped(tx, event.session), brief=True)
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
        """One whose call was put off comes back: what it holds and waits for stays."""
        leave = self._sessions.rested if self._guests.put_off(event.session)[0] else self._sessions.left
        await self._desk.do(lambda tx: leave(tx, event.session))
        return PASS


class HookRole:
    """A hook's connection."""

    def __init__(self, peer: Peer, judge: Judge) -> None:
        self._peer = peer
        self._judge = judge

    def receive(self, body: bytes) -> None:
        """Take the question: the very bytes that Claude Code gave the hook."""
        self._peer.spawn(self._answer(body))

    def lost(self, *, clean: bool) -> None:
        """Nothing to do: a waiting handler is cancelled with the connection, its ticket stays."""

    async def _answer(self, body: bytes) -> None:
        judged = await self._judge.judge(Question(body=body, hello=self._peer.hello))
        self._peer.write(headed(judged.verdict))
        self._peer.close()
