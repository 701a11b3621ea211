"""How it is put together: every object of the daemon, made once, on one screen."""

import asyncio
import getpass
import os
from collections.abc import Callable, Mapping

from lsp_orch import __version__
from lsp_orch.adapters.ancestors import ancestors
from lsp_orch.adapters.claude_inbox import ClaudeInbox
from lsp_orch.adapters.repositories import GitRepositories
from lsp_orch.adapters.settings_files import SettingsFiles
from lsp_orch.adapters.shell.bash import BashWrites
from lsp_orch.client import lock
from lsp_orch.client.places import here
from lsp_orch.daemon import checkup
from lsp_orch.daemon.claim import claim
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.labour import Labour
from lsp_orch.daemon.news import News
from lsp_orch.daemon.reaping import Reaping
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.vault import Vault
from lsp_orch.daemon.world import World
from lsp_orch.endpoints.hooks.intent import Intents
from lsp_orch.endpoints.hooks.news import HookNews
from lsp_orch.endpoints.hooks.role import HookRole, Hooks
from lsp_orch.endpoints.hooks.tool_use import ToolUse
from lsp_orch.endpoints.inbox import Inboxes
from lsp_orch.endpoints.kin import Relatives
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.lsp.documents import Documents
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.lsp.role import EditorRole
from lsp_orch.endpoints.lsp.session import EditorSession
from lsp_orch.endpoints.rpc.config import ConfigMethods
from lsp_orch.endpoints.rpc.guard import GuardMethods
from lsp_orch.endpoints.rpc.leases import LeaseMethods
from lsp_orch.endpoints.rpc.role import RpcRole
from lsp_orch.endpoints.rpc.status import Daemon, Parts, StatusMethods
from lsp_orch.endpoints.rpc.watch import LeaseWatch
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.endpoints.wire import Peer, Role
from lsp_orch.services.callers import Callers
from lsp_orch.services.claims import Claims
from lsp_orch.services.guard import Guard
from lsp_orch.services.leases import Leases
from lsp_orch.services.reads import Reads
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore


class Application:
    """The whole application; see ``daemon/app.py`` for what the daemon asks of it."""

    def __init__(
        self, world: World, files: SettingsFiles, store: SqliteStore, name: str, claimed: int
    ) -> None:
        self._world, self._files, self._store, self._claimed = world, files, store, claimed
        self.settings = settings = files.of()
        self._leases = leases = Leases(world.clock, world.ids, files.sound)
        self._claims = claims = Claims(world.clock, files.sound, leases)
        self._sessions = Sessions(world.clock, world.processes, leases)
        with store.transaction() as tx:
            self._sessions.restart(tx)
            live, waiting = tx.leases.live(), tx.waiters.waiting()
        news = News()
        self._desk = desk = Desk(store, news.publish)
        self._view = LeaseView(live, waiting)
        self._watch = LeaseWatch(world.clock, self._view)
        self._lobby = lobby = Lobby(desk, leases, waiting)
        self.inboxes = inboxes = Inboxes(world.clock, ClaudeInbox(), lobby.expected)
        relatives = Relatives(GitRepositories(), world.paths, live, inboxes.put)
        self._hub = Hub(self._view, relatives)
        relatives.show = self._hub.show
        self._reaping = Reaping(desk, world.clock, self._reap)
        for part in (self._hub, self._watch, lobby, self._reaping, inboxes, relatives):
            news.subscribe(part.on_event)
        self._vault = Vault(world, files.of)
        reads = Reads(world.clock)
        self._archive = Archive(world, settings, desk, reads)
        self._labour = Labour(world, settings, files.of, desk, news, self._vault.learn, inboxes)
        news.subscribe(self._archive.on_event)
        self._hooks = Hooks(
            desk=desk,
            leases=leases,
            sessions=self._sessions,
            tool_use=ToolUse(
                desk=desk,
                lobby=lobby,
                leases=leases,
                reads=reads,
                intents=Intents(world.paths, BashWrites(), files.of),
                paths=world.paths,
                settings=files.of,
                keep=self._archive.keeper.keep,
            ),
            recall=self._vault,
            paths=world.paths,
            news=HookNews(inboxes, relatives.settled),
        )
        parts = Parts(
            tasks=self._labour.counts,
            notes=self._vault.count,
            tries=checkup.tries(files, self._labour.git, self._vault.count, self._vault.watching),
        )
        daemon = Daemon(version=__version__, pid=os.getpid(), started=world.clock.now(), store=name)
        callers = Callers(world.paths, ancestors, getpass.getuser())
        lease_methods = LeaseMethods(desk, lobby, leases, claims, callers, world.paths, files.of)
        self._methods = {
            **GuardMethods(desk, Guard(world.paths, callers)).methods(),
            **lease_methods.methods(),
            "lease.acquire": relatives.answering(lease_methods.acquire),
            **self._labour.methods(),
            **self._vault.methods(),
            **self._archive.methods(),
            **StatusMethods(daemon, parts, desk, self._view, world.clock).methods(),
            **ConfigMethods(files.values, lambda each: checkup.paths(files, each), settings).methods(),
        }

    @property
    def roles(self) -> Mapping[str, Callable[[Peer], Role]]:
        """Who may speak."""
        return {
            "cli": lambda peer: RpcRole(peer, {**self._methods, **self._watch.methods(peer)}),
            "editor": self._editor,
            "hook": lambda peer: HookRole(peer, self._hooks, self._files.sound),
        }

    def busy(self) -> bool:
        """Whether a task, lease or waiter lives."""
        return self._labour.busy() or not self._view.empty

    async def run(self) -> None:
        """Run the background services until cancelled."""
        async with asyncio.TaskGroup() as services:
            services.create_task(self._reaping.run())
            services.create_task(self._labour.run())
            services.create_task(self._archive.run())

    async def drain(self) -> None:
        """End the workers in order, then write what was handed in."""
        await self._labour.drain()
        await self._desk.close()

    def close(self) -> None:
        """Let go of the vault and the store."""
        self._vault.close()
        self._store.close()
        lock.release(self._claimed)

    def _editor(self, peer: Peer) -> Role:
        server = EditorServer(peer)
        session = EditorSession(
            server,
            Documents(
                desk=self._desk, leases=self._leases, paths=self._world.paths, settings=self._files.sound
            ),
            session_id=self._world.ids.new("editor"),
            user=getpass.getuser(),
            desk=self._desk,
            sessions=self._sessions,
            view=self._view,
            hub=self._hub,
        )
        return EditorRole(server, session.lost)

    def _reap(self, tx: Tx) -> float | None:
        self._sessions.reap(tx)
        self._claims.enforce(tx)
        return self._leases.reap(tx)


async def build() -> Application:
    """Open the store and assemble the application; call it on the running loop.

    Raises:
        OrchError: a setting, the store or its folder is not as it must be.
    """
    world = World()
    files = SettingsFiles(world.places.config, os.environ)
    name = files.of().store or f"sqlite:///{world.places.state / world.places.instance}.db"
    database = name.removeprefix("sqlite:///")
    claimed = await asyncio.to_thread(claim, database, here().daemon_lock)
    store = await asyncio.to_thread(SqliteStore, database)
    return Application(world, files, store, name, claimed)
