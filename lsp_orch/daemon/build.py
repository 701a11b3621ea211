"""How it is put together: every object of the daemon, made once, on one screen."""

import asyncio
import getpass
import os
from collections.abc import Callable, Mapping

from lsp_orch import __version__
from lsp_orch.adapters.ancestors import ancestors
from lsp_orch.adapters.claude_inbox import ClaudeInbox
from lsp_orch.adapters.fence_files import FenceFiles
from lsp_orch.adapters.report_html import page
from lsp_orch.adapters.repositories import GitRepositories
from lsp_orch.adapters.settings_files import SettingsFiles
from lsp_orch.adapters.shell.bash import BashWrites
from lsp_orch.daemon import checkup
from lsp_orch.daemon.deathwatch import Deathwatch
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.echo import Echo
from lsp_orch.daemon.fencing import Fencing
from lsp_orch.daemon.foreign import Known, Lookout
from lsp_orch.daemon.gate import Gate
from lsp_orch.daemon.labour import Custody, Labour
from lsp_orch.daemon.news import News
from lsp_orch.daemon.reaping import Reaping
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.stores import open_store
from lsp_orch.daemon.vault import Vault
from lsp_orch.daemon.world import World
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
from lsp_orch.endpoints.mcp.role import McpRole
from lsp_orch.endpoints.mcp.site import Site
from lsp_orch.endpoints.rpc.claims import ClaimMethods
from lsp_orch.endpoints.rpc.config import ConfigMethods
from lsp_orch.endpoints.rpc.dispatcher import DispatcherMethods
from lsp_orch.endpoints.rpc.guard import GuardMethods
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.endpoints.rpc.leases import LeaseMethods
from lsp_orch.endpoints.rpc.messages import MessageMethods
from lsp_orch.endpoints.rpc.report import ReportMethods
from lsp_orch.endpoints.rpc.role import Method, RpcRole
from lsp_orch.endpoints.rpc.status import Daemon, Parts, StatusMethods
from lsp_orch.endpoints.rpc.watch import LeaseWatch
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.endpoints.wire import Peer, Role
from lsp_orch.services.callers import Callers
from lsp_orch.services.claims import Claims
from lsp_orch.services.guard import Guard
from lsp_orch.services.leases import Leases
from lsp_orch.services.messages import Messages
from lsp_orch.services.parking import Parking
from lsp_orch.services.pausing import Pausing
from lsp_orch.services.reads import Reads
from lsp_orch.services.reaper import Reaper
from lsp_orch.services.reports import Reports
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Store


class Application:
    """The whole application; see ``daemon/app.py`` for what the daemon asks of it."""

    def __init__(self, world: World, files: SettingsFiles, store: Store, name: str) -> None:
        self._world, self._files, self._store = world, files, store
        self.settings = settings = files.of()
        self._leases = leases = Leases(world.clock, world.ids, files.sound)
        self._claims = claims = Claims(world.clock, files.sound, leases)
        reads = Reads(world.clock)
        self._sessions = Sessions(world.clock, world.processes, leases, settings, forget=[reads.forget])
        reaper = Reaper(world.clock, self._sessions, leases, claims, settings, files.sound)
        parking = Parking(world.clock, leases, files.sound)
        with store.transaction() as tx:
            vigil = reaper.restart(tx)
            parking.renew(tx)  # before the reaper looks: whoever is parked has nobody to show a sign of life
            live, waiting, here = tx.leases.live(), tx.waiters.waiting(), tx.sessions.own()
            read = tx.reads.paths()
            expected = tx.messages.expected(world.clock.now())
        own, news = News(), News()
        self._view = LeaseView(live, waiting)
        self._echo = Echo(store, self._view, own, news)
        self._desk = desk = Desk(store, self._echo.publish)
        self._watch = LeaseWatch(world.clock, self._view)
        self._lobby = lobby = Lobby(desk, leases, waiting)
        self._messages = Messages(world.clock, world.ids, settings)
        mail = Mail(desk, self._messages, expected)
        self.inboxes = inboxes = Inboxes(world.clock, ClaudeInbox(), self._awaited, mail)
        relatives = Relatives(GitRepositories(), world.paths, live, inboxes.put)
        self._hub = Hub(self._view, relatives)
        relatives.show = self._hub.show
        self._office = Office(
            desk=desk,
            sessions=self._sessions,
            leases=leases,
            claims=claims,
            view=self._view,
            hub=self._hub,
            paths=world.paths,
            tell=inboxes.put,
        )
        self._reaping = Reaping(desk, world.clock, reaper.reap, vigil)
        self._deathwatch = Deathwatch(world.deaths, self._reaping.wake, here)
        for part in (self._hub, self._watch, lobby, self._reaping, self._deathwatch, inboxes, relatives):
            news.subscribe(part.on_event)
        self._vault = Vault(world, files.of)
        self._archive = Archive(world, settings, desk, reads)
        own.subscribe(self._archive.on_event)
        known = Known(leases=live, reads=read)
        self._lookout = Lookout(world, settings, desk, self._archive, reads, known, inboxes.put)
        news.subscribe(self._lookout.on_event)
        self._guests = guests = Guests()
        self._judge = Judge(self._hooks(reads, relatives), files.sound)
        fencing = Fencing(self._view.leases, FenceFiles(world.places.state / "fences"))
        news.subscribe(fencing.on_event)
        custody = Custody(
            gate=Gate(self._judge, guests),
            sessions=self._sessions,
            parking=parking,
            fencing=fencing,
            ears=inboxes,
        )
        self._labour = Labour(world, settings, files.of, desk, news, self._vault, custody)
        self._methods = self._all_methods(relatives, name)

    @property
    def roles(self) -> Mapping[str, Callable[[Peer], Role]]:
        """Who may speak."""
        return {
            "cli": lambda peer: RpcRole(peer, {**self._methods, **self._watch.methods(peer)}),
            "editor": self._editor,
            "hook": lambda peer: HookRole(peer, self._judge),
            "mcp": self._agent,
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
            services.create_task(self._echo.run(self._desk))
            services.create_task(self._lookout.run())

    async def drain(self) -> None:
        """End the workers in order, then write what was handed in."""
        await self._labour.drain()
        await self._desk.close()

    def close(self) -> None:
        """Let go of the watched folders, the processes, the vault and the store."""
        self._lookout.close()
        self._deathwatch.close()
        self._vault.close()
        self._store.close()

    def _hooks(self, reads: Reads, relatives: Relatives) -> Hooks:
        """What the events of Claude Code's hooks mean."""
        world, files = self._world, self._files
        return Hooks(
            desk=self._desk,
            leases=self._leases,
            sessions=self._sessions,
            tool_use=ToolUse(
                desk=self._desk,
                lobby=self._lobby,
                leases=self._leases,
                reads=reads,
                intents=Intents(world.paths, BashWrites(), files.of),
                paths=world.paths,
                settings=files.of,
                keep=self._archive.keeper.keep,
            ),
            recall=self._vault,
            paths=world.paths,
            guests=self._guests,
            news=HookNews(self.inboxes, relatives.settled),
            listener=self._lookout.listener,
        )

    def _all_methods(self, relatives: Relatives, store: str) -> dict[str, Method]:
        """What a command line may ask."""
        world, files = self._world, self._files
        parts = Parts(
            tasks=self._labour.counts,
            vigil=lambda: self._reaping.vigil,
            notes=self._vault.count,
            tries=checkup.tries(files, self._labour.git, self._vault.count, self._vault.watching)
            | {"file watcher": self._lookout.check},
        )
        daemon = Daemon(version=__version__, pid=os.getpid(), started=world.clock.now(), store=store)
        callers = Callers(world.paths, ancestors, getpass.getuser())
        self._requests = requests = LeaseRequests(self._desk, callers, world.paths, files.of)
        lease_methods = LeaseMethods(self._desk, self._lobby, self._leases, requests)
        return {
            **GuardMethods(self._desk, Guard(world.paths, callers)).methods(),
            **ClaimMethods(self._desk, self._claims, requests).methods(),
            **lease_methods.methods(),
            "lease.acquire": relatives.answering(self._archive.kept_first(lease_methods.acquire)),
            **MessageMethods(self._desk, self._messages, requests, world.paths, getpass.getuser()).methods(),
            **DispatcherMethods(self._desk, Pausing(world.clock), requests, self._labour.git).methods(),
            **self._labour.methods(),
            **self._vault.methods(),
            **self._archive.methods(),
            **ReportMethods(self._desk, Reports(world.clock), page).methods(),
            **StatusMethods(daemon, parts, self._desk, self._view, world.clock).methods(),
            **ConfigMethods(files.values, lambda each: checkup.paths(files, each), self.settings).methods(),
        }

    def _editor(self, peer: Peer) -> Role:
        server = EditorServer(peer)
        session = EditorSession(
            server,
            Documents(
                desk=self._desk,
                leases=self._leases,
                paths=self._world.paths,
                settings=self._files.sound,
                written=self._lookout.saved,
            ),
            self._office,
            session_id=self._world.ids.new("editor"),
            user=getpass.getuser(),
        )
        return EditorRole(server, session.lost)

    def _agent(self, peer: Peer) -> Role:
        """An agent's client that calls tools."""
        site = Site(
            self._desk,
            self._requests,
            self._sessions,
            self._world.paths,
            peer.hello,
            self._world.ids.new("mcp"),
        )
        return McpRole(peer, self._methods, site, __version__)

    def _awaited(self, ticket: str) -> bool:
        """Whether somebody waits for a ticket who goes on by itself: a call, or a worker that is parked."""
        parked = self._guests.await_ticket(ticket) or self._labour.awaits(ticket)
        return parked or self._lobby.expected(ticket)


async def build() -> Application:
    """Open the store and assemble the application; call it on the running loop.

    Raises:
        OrchError: a setting, the store or its folder is not as it must be.
    """
    world = World()
    files = SettingsFiles(world.places.config, os.environ, world.clock)
    name = files.of().store or f"sqlite:///{world.places.state / world.places.instance}.db"
    store = await asyncio.to_thread(open_store, name, world.places)
    return Application(world, files, store, name)
