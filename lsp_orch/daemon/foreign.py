"""The part of the daemon that notices what nobody asked for: writes behind a holder's back."""

import asyncio
import logging
import platform
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from lsp_orch.adapters.folders import Ear, WatchedFolders
from lsp_orch.adapters.trees import GitTrees
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.world import World
from lsp_orch.domain.attribution import Save
from lsp_orch.domain.errors import Code, OrchError, Refusal, Unavailable
from lsp_orch.domain.events import Event, ForeignWrite, LeaseEnded, LeaseGranted
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Content, Version, Why
from lsp_orch.endpoints import alarm
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.foreign import ForeignWatch
from lsp_orch.endpoints.hooks.listener import HookListener
from lsp_orch.endpoints.inbox import Inbox
from lsp_orch.endpoints.interest import Interest, place
from lsp_orch.endpoints.witnesses import Witnesses
from lsp_orch.services.foreign import ForeignWrites
from lsp_orch.services.ports import Touch, Touched

_MOST_KEPT = 1000  # files of a tree that are kept when somebody is granted it

_log = logging.getLogger(__name__)


class Lookout:
    """``listener`` is for the hooks, ``saved`` for the editors; of leases it hears by the news."""

    def __init__(
        self, world: World, settings: Settings, desk: Desk, archive: Archive, live: Iterable[Lease]
    ) -> None:
        self._clock = world.clock
        self._paths = world.paths
        self._archive = archive
        self._trees = GitTrees()
        self._folders = WatchedFolders(self._touched, self._trees, settings.leases_watch_folders, _ear)
        self._interest = Interest(self._folders)
        self._witnesses = Witnesses()
        self._inbox = Inbox()
        self._saves: asyncio.Queue[tuple[Save, str]] = asyncio.Queue()
        self._grown: asyncio.Queue[Lease] = asyncio.Queue()
        self._watch = ForeignWatch(
            desk=desk,
            contents=archive.contents,
            writes=ForeignWrites(archive.recovery),
            interest=self._interest,
            witnesses=self._witnesses,
            trees=self._trees,
            paths=world.paths,
            clock=world.clock,
        )
        self.listener = HookListener(self._witnesses, self._interest, self._inbox, world.paths, world.clock)
        for lease in live:  # what happened to its files while no daemon ran, nobody can be asked about
            self._interest.granted(replace(lease, acquired_at=world.clock.now()))

    def on_event(self, event: Event) -> None:
        """Watch what is held, and leave word for the agents that were written over."""
        match event:
            case LeaseGranted(lease=lease):
                self._interest.granted(lease)
                if _trees(lease):
                    self._grown.put_nowait(lease)
            case LeaseEnded(lease=lease):
                self._interest.ended(lease)
            case ForeignWrite() as write:
                self._leave_word(write)
            case _:
                pass

    async def remember_read(self, path: str, by: Holder) -> Version | Refusal:
        """Watch a canonical path that an agent has read, and keep what it said: this is what is returned.

        Raises:
            Unavailable: the disk is full or cannot be written; it is watched all the same.
        """
        self._interest.read(path, by.id, self._clock.now())
        return await self._archive.keeper.keep(path, Author(id=by.id, name=by.name), Why.GRANTED)

    def saved(self, path: str, text: str, by: Holder, *, held: bool) -> None:
        """A person's editor has written its text to a canonical path, while they held that or not."""
        author = Author(id=by.id, name=by.name)
        save = Save(path=path, by=author, contents=frozenset(), at=self._clock.now(), held=held)
        self._saves.put_nowait((save, text))

    def news_for(self, holder_id: str) -> list[str]:
        """What an agent has yet to be told, oldest first; it is told once."""
        return self._inbox.news_for(holder_id)

    def check(self, _: str) -> str:
        """Whether writes are noticed, for the doctor.

        Raises:
            Unavailable: they are not.
        """
        seen = self._folders.watching()
        if not seen.alive:
            raise Unavailable(
                Code.INTERNAL,
                "writes to held files are not noticed: the system gives us no watch",
                "raise fs.inotify.max_user_instances, then run `lsp-orch daemon restart`",
            )
        said = f"{seen.folders} of at most {seen.most} folders are watched"
        if seen.dropped:
            limits = "`leases.watch_folders` or fs.inotify.max_user_watches"
            return f"{said}; {seen.dropped} more were needed and are not: raise {limits}"
        return said

    async def run(self) -> None:
        """Look, judge and keep until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run())
            group.create_task(self._take_saves())
            group.create_task(self._keep_trees())

    def close(self) -> None:
        """Stop watching."""
        self._folders.close()

    def _touched(self, path: str, touch: Touch) -> None:
        self._watch.touched(path, touch)

    def _leave_word(self, write: ForeignWrite) -> None:
        for each in write.holders:
            if each.kind is Party.AGENT:
                self._inbox.put(each.id, alarm.advice(write, held=True))
        for reader in write.readers:
            self._inbox.put(reader, alarm.advice(write, held=False))

    async def _take_saves(self) -> None:
        """Work out what each editor has written."""
        while True:
            save, text = await self._saves.get()
            contents = await asyncio.to_thread(self._written, save.path, text)
            self._witnesses.saved(replace(save, contents=contents))

    def _written(self, path: str, text: str) -> frozenset[Content | None]:
        """The text itself; and what the file says, unless that is another's: it may have other line ends."""
        data = text.encode("utf-8", "surrogatepass")
        told = Content(digest=sha256(data).hexdigest(), size=len(data))
        if self._paths.unsaved(path, text):
            return frozenset({told})
        found = self._archive.contents.look(path)
        return frozenset({told, None if isinstance(found, Refusal) else found})

    async def _keep_trees(self) -> None:
        """Keep what the files of a tree say, as far as there is no end of them."""
        while True:
            lease = await self._grown.get()
            by = Author(id=lease.holder.id, name=lease.holder.name)
            for root in _trees(lease):
                for path in await asyncio.to_thread(self._trees.files, root, _MOST_KEPT):
                    try:
                        await self._archive.keeper.keep(path, by, Why.GRANTED)
                    except OrchError as error:
                        _log.warning("%s was not kept: %s", path, error)


def _trees(lease: Lease) -> list[str]:
    return [each.path for each in map(place, lease.scopes) if each and each.tree]


def _ear(heard: Touched) -> Ear:
    if platform.system() == "Linux":
        from lsp_orch.adapters.inotify import InotifyEar

        return InotifyEar(heard)
    from lsp_orch.adapters.observer import ObserverEar

    return ObserverEar(heard)
