"""What other daemons do to a store that we share with them, pushed, as news here."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from lsp_orch.daemon.news import News
from lsp_orch.domain import hearsay
from lsp_orch.domain.errors import Unavailable
from lsp_orch.domain.events import Event, Heard, MessageSent, TaskChanged
from lsp_orch.domain.hearsay import Note
from lsp_orch.domain.message import Pace
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.store.base import Ear, Store, Tx

_AGAIN_S = 2.0

_log = logging.getLogger(__name__)


class Echo:
    """``own`` hears what this daemon has done, ``news`` what anybody has.

    What was heard is looked up at the desk, and turned into events only when the desk publishes: then the
    view knows all commits before that look, and none after it.
    """

    def __init__(self, store: Store, view: LeaseView, own: News, news: News) -> None:
        self._store = store
        self._view = view
        self._own = own
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._unsure = False

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everybody, in the order of the commits."""
        for event in events:
            if isinstance(event, Heard):
                self._news.publish(tuple(hearsay.events(event, self._view.leases(), self._view.waiters())))
            else:
                self._news.publish((event,))
                self._own.publish((event,))

    async def run(self, desk: Desk) -> None:
        """Listen until cancelled; after a lost connection listen again, and catch up with the store."""
        while True:
            try:
                ear = await self._open()
                if ear is None:
                    return
                await self._listen(ear, desk)
            except Unavailable as error:
                _log.warning(
                    "the other daemons are not heard: %s; it is tried again in %s s", error, _AGAIN_S
                )
            await asyncio.sleep(_AGAIN_S)

    async def _open(self) -> Ear | None:
        """Begin to hear; one that opens while we are cancelled is closed again."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._store.ear, self._doubt))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close)
            raise

    async def _listen(self, ear: Ear, desk: Desk) -> None:
        self._unsure = True  # nobody told us what came before
        self._woken.set()
        number = ear.fileno()
        try:
            while True:
                self._loop.add_reader(number, self._woken.set)
                await self._woken.wait()
                self._loop.remove_reader(number)  # what waits to be read would call without end
                self._woken.clear()
                notes = ear.heard()
                if self._unsure:
                    self._unsure = False
                    await desk.do(_everything)
                elif notes:
                    await desk.do(partial(_look, notes=notes))
        finally:
            self._loop.remove_reader(number)
            ear.close()

    def _doubt(self) -> None:
        """The writer's thread does not know what has become of a commit."""
        self._loop.call_soon_threadsafe(self._catch_up)

    def _catch_up(self) -> None:
        self._unsure = True
        self._woken.set()


def _close(opening: "asyncio.Future[Ear | None]") -> None:
    if not opening.cancelled() and not opening.exception() and (ear := opening.result()):
        ear.close()


def _look(tx: Tx, notes: Sequence[Note]) -> None:
    """Announce how that which has changed stands now."""
    names = {
        kind: list(dict.fromkeys(each.id for each in notes if each.kind == kind)) for kind in hearsay.KINDS
    }
    leases = {each: tx.leases.by_id(each) for each in names[hearsay.LEASE]}
    waiters = {each: tx.waiters.by_id(each) for each in names[hearsay.WAITER]}
    tx.announce(
        Heard(
            leases=tuple(filter(None, leases.values())),
            waiters=tuple(filter(None, waiters.values())),
            tasks=tuple(
                TaskChanged(id=each.id, state=each.word) for each in notes if each.kind == hearsay.TASK
            ),
            messages=tuple(
                MessageSent(to=each.id, pace=Pace(each.word))
                for each in notes
                if each.kind == hearsay.MESSAGE and each.word in set(Pace)
            ),
            missing=frozenset(each for each, found in [*leases.items(), *waiters.items()] if not found),
            why={each.id: each.word for each in notes if each.word},
        )
    )


def _everything(tx: Tx) -> None:
    """Announce how all stands now."""
    messages = tuple(MessageSent(to=to, pace=pace) for to, pace in tx.messages.expected(0.0))
    tasks = tuple(TaskChanged(id=name, state=state) for name, state in tx.tasks.states().items())
    tx.announce(
        Heard(
            leases=tuple(tx.leases.live()),
            waiters=tuple(tx.waiters.waiting()),
            tasks=tasks,
            messages=messages,
            whole=True,
        )
    )
