"""News for agents: what is to be told, to whom, and the doors by which it gets in."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass

from lsp_orch.domain.events import ClaimMade, Event, LeaseEnded, LeaseGranted, MessageSent, WaiterGone
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.inbox import ROOM, Inbox
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.domain.message import Pace
from lsp_orch.domain.scope import Scope
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.mail import Mail
from lsp_orch.endpoints.resources import shown
from lsp_orch.services.ports import Address, Clock, Messenger

_UNASKED = "bypassPermissions"  # where the client would ask the person about each message
_MOST = 1000  # sessions that are followed: those that were killed never say goodbye


@dataclass(slots=True)
class _Session:
    """How a session can be reached; ``resting`` between its turns, when no event of its own is to come."""

    address: Address | None = None
    mode: str = ""
    resting: bool = False


class Inboxes:
    """Keeps news until the session's next event, and wakes one that rests when the news is worth it.

    ``awaited`` says whether somebody waits for a ticket's grant, and so learns of it anyway. ``mail`` holds
    what other sessions write, which is told in the same digest.
    """

    def __init__(
        self, clock: Clock, messenger: Messenger, awaited: Callable[[str], bool], mail: Mail
    ) -> None:
        self._clock = clock
        self._messenger = messenger
        self._awaited = awaited
        self._mail = mail
        self._inbox = Inbox()
        self._sessions: dict[str, _Session] = {}
        self._workers: dict[str, Callable[[str], None]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def put(self, holder_id: str, text: str, *, wake: bool = False) -> None:
        """Tell an agent something, soon and once; with ``wake`` also one that rests. Editors have the hub."""
        self._inbox.put(holder_id, text, self._clock.now(), wake=wake)
        self._ring(holder_id)

    def take(self, holder_id: str, room: int = ROOM) -> str:
        """The news that fits into the context of an event of the holder's; it is told with that."""
        return self._inbox.take(holder_id, self._clock.now(), room)

    async def digest(self, event: HookEvent, room: int = ROOM) -> str:
        """The same with the messages that wait."""
        # one of several calls at once may be asked again after a daemon's death, and is known by this
        by = f"{event.name} {event.call}" if event.call else ""
        mail = await self._mail.take(event.holder_id, room, by, event.prompt)
        return self._inbox.take(event.holder_id, self._clock.now(), room, mail)

    def on_event(self, event: Event) -> None:
        """Tell of a ticket's end to a holder whose call has given up waiting for it."""
        match event:
            case LeaseGranted(lease=lease, ticket=ticket) if ticket and _reached(lease.holder):
                if not self._awaited(ticket):
                    self.put(lease.holder.id, _granted(lease, ticket), wake=True)
            case WaiterGone(waiter=waiter, why="expired") if _reached(waiter.ask.holder):
                self.put(waiter.ask.holder.id, _expired(waiter))
            case LeaseEnded(lease=lease, by=by, reason=reason) if by and _reached(lease.holder):
                self.put(lease.holder.id, _taken(lease, by, reason), wake=True)
            case ClaimMade(waiter=waiter, leases=leases):
                for lease in filter(lambda each: _reached(each.holder), leases):
                    self.put(lease.holder.id, _claimed(lease, waiter), wake=True)
            case MessageSent(to=to, pace=pace):
                self._mail.note(to, pace)
                self._ring(to)
            case _:
                pass

    def seen(self, event: HookEvent) -> None:
        """Learn from an event where its session stands."""
        if event.name == "SessionEnd":
            self._sessions.pop(event.session, None)
            self._inbox.end(event.session)
        elif event.agent:
            if event.name == "SubagentStop":
                self._inbox.end(event.holder_id)
        else:
            self._follow(event, self._sessions.setdefault(event.session, _Session()))

    def opened(self, session_id: str, say: Callable[[str], None]) -> None:
        """A worker of ours listens on its input."""
        self._workers[session_id] = say
        self._ring(session_id)

    def closed(self, session_id: str) -> None:
        """The worker is done."""
        self._workers.pop(session_id, None)
        self._sessions.pop(session_id, None)
        self._inbox.end(session_id)

    async def settled(self) -> None:
        """Wait until nothing is on its way by us."""
        while self._sending:
            await asyncio.wait(list(self._sending))

    def _follow(self, event: HookEvent, session: _Session) -> None:
        if len(self._sessions) > _MOST:
            del self._sessions[next(iter(self._sessions))]
        session.address = event.inbox or session.address
        session.mode = event.permissions or session.mode
        session.resting = event.name == "Stop"
        if event.name == "UserPromptSubmit":
            self._inbox.heard(event.session, event.prompt)
        self._ring(event.session)

    def _ring(self, holder_id: str) -> None:
        """Send what is worth a turn of its own, where there is a door and nothing else comes first."""
        news, pace = self._inbox.wakes(holder_id, self._clock.now()), self._mail.pace(holder_id)
        if holder_id in self._workers:
            if pace is Pace.NOW:
                self._begin(self._interrupt(holder_id))
            elif news:
                self._say(holder_id, [])
        elif (news or pace in {Pace.NOW, Pace.SOON}) and (address := self._door(holder_id)):
            if pace:
                self._begin(self._knock(holder_id, address))
            else:
                text = self._inbox.send(holder_id, self._clock.now())
                self._begin(self._send(holder_id, address, text))

    def _door(self, session_id: str) -> Address | None:
        """Where a session takes messages that would do nothing else."""
        session = self._sessions.get(session_id)
        open_ = session and session.resting and session.mode != _UNASKED
        return session.address if session and open_ else None

    async def _interrupt(self, session_id: str) -> None:
        """Tell a worker what is urgent."""
        mail = await self._mail.take_for_door(session_id)
        if session_id not in self._workers:
            await self._mail.take_back(session_id)
        elif mail:
            await self._mail.heard(session_id, self._say(session_id, mail))

    def _say(self, session_id: str, mail: list[str]) -> str:
        text = self._inbox.send(session_id, self._clock.now(), mail)
        self._workers[session_id](text)
        self._inbox.heard(session_id, text)
        return text

    async def _knock(self, session_id: str, address: Address) -> None:
        """Wake a session by its messages, and tell the news that there is with them."""
        mail = await self._mail.take_for_door(session_id)
        if text := self._inbox.send(session_id, self._clock.now(), mail):
            await self._send(session_id, address, text)

    async def _send(self, holder_id: str, address: Address, text: str) -> None:
        if not await self._messenger.send(address, text):
            self._inbox.unsent(holder_id)
            await self._mail.take_back(holder_id)
            if session := self._sessions.get(holder_id):
                session.address = None  # nobody listens there: the next event takes it along

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


def _reached(holder: Holder) -> bool:
    """Whether it is an agent in a session: a terminal waits by itself, and an editor is shown it."""
    return holder.kind is Party.AGENT and bool(holder.session)


def _granted(lease: Lease, ticket: str) -> str:
    paths, since = _paths(lease.scopes, lease.workspace), shapes.clock_time(lease.acquired_at)
    return (
        f"{paths} is yours to write now, since {since}: your place in the queue ({ticket}) has come up. "
        "Read it again first, as it may have changed, then repeat the call that was refused. "
        f"It goes to whoever is next when nothing is heard of you for {lease.ttl_s:.0f} s."
    )


def _expired(waiter: Waiter) -> str:
    paths = _paths(waiter.ask.scopes, waiter.ask.workspace)
    return (
        f"Your place in the queue for {paths} ({waiter.id}) has ended, as nobody let go of it in time. "
        "If you still need it, repeat the call: that gives you a new place."
    )


def _taken(lease: Lease, by: str, reason: str) -> str:
    paths, why = _paths(lease.scopes, lease.workspace), f": {reason}" if reason else ""
    return (
        f"{by} has {paths} now{why}. You do not hold it any more. Read it again before you write it; "
        "your next write asks for it like everybody else's."
    )


def _claimed(lease: Lease, waiter: Waiter) -> str:
    paths, why = _paths(lease.scopes, lease.workspace), waiter.ask.reason
    until = shapes.clock_time(waiter.claims_at or waiter.since)
    return (
        f"{waiter.ask.holder.name} wants to take {paths} from you: {why}. It is theirs at {until} unless you "
        "object by writing it before then, or by `lsp-orch lease renew " + f"{lease.id}`."
    )


def _paths(scopes: Iterable[Scope], workspace: str) -> str:
    return ", ".join(shown(scope, workspace) for scope in scopes)
