"""A whole daemon's inside without its door: editors, hooks and command lines around one real store."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from lsp_orch.adapters.paths import RealPaths
from lsp_orch.adapters.shell.bash import BashWrites
from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.caller import Process
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.events import Event
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import ABSENT, Author, Content, Version, Why
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.hooks.guests import Guests
from lsp_orch.endpoints.hooks.intent import Intents
from lsp_orch.endpoints.hooks.judge import Judge
from lsp_orch.endpoints.hooks.news import HookNews
from lsp_orch.endpoints.hooks.role import HookRole, Hooks
from lsp_orch.endpoints.hooks.tool_use import ToolUse
from lsp_orch.endpoints.inbox import Inboxes
from lsp_orch.endpoints.kin import Relatives
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.lsp.documents import Documents
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.lsp.office import Office
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.lsp.role import EditorRole
from lsp_orch.endpoints.lsp.session import EditorSession
from lsp_orch.endpoints.mail import Mail
from lsp_orch.endpoints.rpc.claims import ClaimMethods
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.endpoints.rpc.leases import LeaseMethods
from lsp_orch.endpoints.rpc.messages import MessageMethods
from lsp_orch.endpoints.rpc.role import RpcRole
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.endpoints.wire import Hello
from lsp_orch.services.callers import Callers
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.messages import Messages
from lsp_orch.services.reads import Reads
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, FakeProcesses, SerialIds
from tests.fixtures.inboxes import TOKEN, FakeMessenger, FakeRepositories
from tests.fixtures.peers import FakePeer, Talk

Result = TypeVar("Result")


class House:
    """``root`` is a checkout with the files that the test puts there."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        (root / ".git").mkdir(parents=True)
        self.root = root.resolve()
        self.settings = settings or Settings(leases_hook_wait_s=0.0)
        self._world()
        self._ears()
        self._rules()
        self._doors()
        self.office = self._office()
        self.hooks = self._hooks()
        self.judge = Judge(self.hooks, self.settings_of)

    def _world(self) -> None:
        """What is outside: a test moves it."""
        self.clock, self.ids, self.paths = FakeClock(), SerialIds(), RealPaths()
        self.processes = FakeProcesses()
        self.above: dict[int, tuple[Process, ...]] = {}  # the processes that led to one, by its pid
        self.repositories, self.messenger = FakeRepositories(), FakeMessenger()
        self.notes = ""  # what the vault would give a new session

    def _ears(self) -> None:
        """What has happened: a test looks at it."""
        self.events: list[Event] = []
        self.news = asyncio.Event()
        self.kept: list[tuple[str, str, Why, str]] = []

    def _rules(self) -> None:
        """Who may do what."""
        self.leases = Leases(self.clock, self.ids, self.settings_of)
        self.claims = Claims(self.clock, self.settings_of, self.leases)
        self.reads = Reads(self.clock)
        self.messages = Messages(self.clock, self.ids, self.settings)
        self.sessions = Sessions(self.clock, self.processes, self.leases, forget=[self.reads.forget])

    def _doors(self) -> None:
        """The store behind its desk, and what tells of each change in it."""
        self.store = SqliteStore()
        self.desk = Desk(self.store, self.publish)
        self.view = LeaseView([], [])
        self.lobby = Lobby(self.desk, self.leases, [])
        self.mail = Mail(self.desk, self.messages)
        self.inboxes = Inboxes(self.clock, self.messenger, self.lobby.expected, self.mail)
        self.relatives = Relatives(self.repositories, self.paths, [], self.inboxes.put)
        self.hub = Hub(self.view, self.relatives)
        self.relatives.show = self.hub.show

    def _office(self) -> Office:
        """What all editors share."""
        return Office(
            desk=self.desk,
            sessions=self.sessions,
            leases=self.leases,
            claims=self.claims,
            view=self.view,
            hub=self.hub,
            paths=self.paths,
            tell=self.inboxes.put,
        )

    def _hooks(self) -> Hooks:
        """What all hooks share."""
        self.guests = Guests()
        return Hooks(
            desk=self.desk,
            leases=self.leases,
            sessions=self.sessions,
            tool_use=self._tool_use(),
            recall=self,
            paths=self.paths,
            guests=self.guests,
            news=HookNews(self.inboxes, self.relatives.settled),
        )

    def _tool_use(self) -> ToolUse:
        return ToolUse(
            desk=self.desk,
            lobby=self.lobby,
            leases=self.leases,
            reads=self.reads,
            intents=Intents(self.paths, BashWrites(), self.settings_of),
            paths=self.paths,
            settings=self.settings_of,
            keep=self.keep,
        )

    def settings_of(self, workspace: str) -> Settings:  # noqa: ARG002 - one checkout, one answer
        """What counts in the checkout; a test may change it."""
        return self.settings

    async def keep(self, path: str, by: Author, why: Why) -> Version | Refusal:
        """Remember what was to be kept, with what the file said."""
        file = self.root / path
        data = file.read_bytes() if file.exists() else b""
        if why is not Why.READ:
            self.kept.append((file.name, by.name, why, data.decode()))
        now = self.clock.now()
        content = Content(digest=sha256(data).hexdigest(), size=len(data)) if file.exists() else ABSENT
        return Version(
            id=self.ids.new("version"), path=path, content=content, kept_at=now, seen_at=now, by=by, why=why
        )

    def restart_mail(self) -> None:
        """A daemon begins with the messages that the store holds."""
        with self.store.transaction() as tx:
            for to, pace in tx.messages.expected(self.clock.now()):
                self.mail.note(to, pace)

    def publish(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            self.hub.on_event(event)
            self.lobby.on_event(event)
            self.inboxes.on_event(event)
            self.relatives.on_event(event)
        self.news.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait for news until something holds."""
        async with asyncio.timeout(5):
            while not wanted():
                self.news.clear()
                await self.news.wait()

    async def at_start(self, event: HookEvent, workspace: str) -> str:
        """What the vault would give a new session."""
        assert event.session
        assert workspace == str(self.root)
        return self.notes

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and reap."""
        await self.desk.do(lambda _: None)  # what was handed in happens before
        self.clock.advance(seconds)
        await self.desk.do(self.claims.enforce)
        await self.desk.do(self.leases.reap)

    async def look(self, work: Callable[[Tx], Result]) -> Result:
        """Read the store, after all that was handed in."""
        return await self.desk.do(work)

    async def live(self) -> list[Lease]:
        """All leases there are."""
        return await self.look(lambda tx: tx.leases.live())

    async def close(self) -> None:
        """Leave."""
        await self.desk.close()
        self.store.close()

    def file(self, name: str, text: str = "") -> Path:
        """Make a file in the checkout."""
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    # --- who comes ---

    def editor(self, user: str = "ann", **initialize: Any) -> "Window":
        """Somebody opens an editor."""
        return Window(self, user, initialize)

    def ask_hook(self, document: Any, mode: str = "", pid: int = 0, inbox: str = "") -> "HookCall":
        """A hook asks; the answer comes later. ``inbox`` is the socket of its session."""
        where: dict[str, Any] = {"cwd": str(self.root), "inbox": inbox, "inbox_token": inbox and TOKEN}
        return HookCall(self, document, Hello(role="hook", pid=pid, mode=mode, **where))

    async def hook(self, document: Any, mode: str = "", pid: int = 0, inbox: str = "") -> tuple[int, str]:
        """A hook asks and is answered: its exit status and what it prints."""
        return await self.ask_hook(document, mode, pid, inbox).verdict()

    async def event(self, session: str, name: str, **more: Any) -> str:
        """Something happens in a session; what its agent is told with the answer."""
        inbox = more.pop("inbox", "")
        document = {"hook_event_name": name, "session_id": session, "cwd": str(self.root), **more}
        status, text = await self.hook(document, inbox=inbox)
        assert status == 0
        return said(text)

    async def write(self, session: str, path: Path | str, **more: Any) -> tuple[int, str]:
        """An agent is about to write a file."""
        return await self.hook(self.tool(session, path, **more))

    async def read(self, session: str, path: Path, **more: Any) -> None:
        """An agent has read a file."""
        await self.done(session, path, tool_name="Read", **more)

    async def done(self, session: str, path: Path | str, **more: Any) -> None:
        """A tool has done its work."""
        told = self.tool(session, path, **{"hook_event_name": "PostToolUse", **more})
        assert await self.hook(told) == (0, "")

    async def run(self, session: str, command: str, mode: str = "", **more: Any) -> tuple[int, str]:
        """An agent is about to run a command."""
        told = self.tool(session, "", tool_name="Bash", tool_input={"command": command}, **more)
        return await self.hook(told, mode)

    def tool(self, session: str, path: Path | str, **more: Any) -> dict[str, Any]:
        """What Claude Code tells the hook before it writes."""
        return {
            "hook_event_name": "PreToolUse",
            "session_id": session,
            "cwd": str(self.root),
            "tool_name": "Edit",
            "tool_input": {"file_path": str(path)},
            **more,
        }

    def terminal(self) -> Talk:
        """Somebody types commands."""
        callers = Callers(self.paths, lambda pid: self.above.get(pid, ()), "ann")
        requests = LeaseRequests(self.desk, callers, self.paths, self.settings_of)
        leases = LeaseMethods(self.desk, self.lobby, self.leases, requests)
        methods = {
            **ClaimMethods(self.desk, self.claims, requests).methods(),
            **leases.methods(),
            "lease.acquire": self.relatives.answering(leases.acquire),
            **MessageMethods(self.desk, self.messages, requests, self.paths, "ann").methods(),
        }
        peer = FakePeer()
        return Talk(RpcRole(peer, methods), peer)


class HookCall(FakePeer):
    """One call of the hook."""

    def __init__(self, house: House, document: Any, hello: Hello) -> None:
        super().__init__(hello)
        self.frame = b""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        HookRole(self, house.judge).receive(body)

    def write(self, frame: bytes) -> None:
        self.frame += frame

    async def verdict(self) -> tuple[int, str]:
        """The exit status and the text."""
        async with asyncio.timeout(5):
            await self.idle()
        head, _, body = self.frame.partition(b"\r\n\r\n")
        lines = dict(line.split(": ") for line in head.decode("ascii").split("\r\n"))
        assert int(lines["Content-Length"]) == len(body)
        assert self.closed
        return int(lines["Exit-Code"]), body.decode()


class Window(Talk):
    """An editor with files of the house."""

    role: EditorRole

    def __init__(self, house: House, user: str, initialize: dict[str, Any]) -> None:
        peer = FakePeer()
        server = EditorServer(peer)
        self.session = EditorSession(
            server,
            Documents(desk=house.desk, leases=house.leases, paths=house.paths, settings=house.settings_of),
            house.office,
            session_id=house.ids.new("editor"),
            user=user,
        )
        super().__init__(EditorRole(server, self.session.lost), peer)
        params = {
            "processId": None,
            "rootUri": house.root.as_uri(),
            "capabilities": {},
            "clientInfo": {"name": "Vim"},
            **initialize,
        }
        self.say({"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": params})
        self.notify("initialized", {})

    def open(self, path: Path | str, text: str | None = None) -> None:
        """Show a file as it is, or as an editor does that has kept somebody's unsaved ``text``."""
        if text is None:
            text = ""
            with suppress(OSError, ValueError):  # a file that is not there is empty
                text = Path(path).read_text(encoding="utf-8")
        document = {"uri": uri(path), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def show(self, path: Path | str, text: str) -> None:
        """The buffer now says ``text``, whoever wrote it."""
        document = {"uri": uri(path), "version": 2}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def save(self, path: Path | str) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri(path)}})

    def close(self, path: Path | str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri(path)}})

    def diagnostics(self, path: Path | str) -> list[dict[str, Any]]:
        """What the editor shows about a file now."""
        told = [
            each["params"] for each in self.peer.messages if each.get("method", "").endswith("Diagnostics")
        ]
        return next((each["diagnostics"] for each in reversed(told) if each["uri"] == uri(path)), [])

    def told(self) -> list[str]:
        """The messages shown to the person."""
        shown = [each for each in self.peer.messages if each.get("method") == "window/showMessage"]
        return [each["params"]["message"] for each in shown]

    def asked(self) -> list[dict[str, Any]]:
        """The questions put to the person."""
        return [each for each in self.peer.messages if each.get("method") == "window/showMessageRequest"]

    def answer(self, question: dict[str, Any], title: str) -> None:
        """Choose a button; an empty title closes the question."""
        chosen = {"title": title} if title else None
        self.say({"jsonrpc": "2.0", "id": question["id"], "result": chosen})

    def will_save(self, path: Path) -> None:
        self.notify("textDocument/willSave", {"textDocument": {"uri": uri(path)}, "reason": 1})

    async def execute(self, command: str, *arguments: Any) -> dict[str, Any]:
        """Give a command; the whole answer."""
        params = {"command": f"lspOrch.lease.{command}", "arguments": list(arguments)}
        return await self.ask("workspace/executeCommand", params)

    async def actions(self, path: Path | str) -> list[dict[str, Any]]:
        """What the person is offered."""
        nowhere = {"line": 0, "character": 0}
        answer = await self.ask(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": uri(path)},
                "range": {"start": nowhere, "end": nowhere},
                "context": {"diagnostics": []},
            },
        )
        return list(answer["result"] or [])

    async def command(self, command: dict[str, Any]) -> Any:
        """Choose one of them."""
        wanted = {"command": command["command"], "arguments": command["arguments"]}
        return (await self.ask("workspace/executeCommand", wanted))["result"]

    def leave(self, *, clean: bool) -> None:
        """The connection ends."""
        self.role.lost(clean=clean)


def said(answer: str) -> str:
    """The context in a hook's answer."""
    told: str = json.loads(answer)["hookSpecificOutput"]["additionalContext"] if answer else ""
    return told


def uri(path: Path | str) -> str:
    """A path as editors write it; a string is a URI already."""
    return path.as_uri() if isinstance(path, Path) else path
