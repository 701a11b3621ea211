"""The part of the daemon that notices what nobody asked for: writes behind a holder's back."""

import asyncio
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from lsp_orch.adapters.folders import Ear, WatchedFolders
from lsp_orch.daemon.recovery import Archive
from lsp_orch.daemon.world import World
from lsp_orch.domain.attribution import LATE_S, Save
from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.events import (
    Event,
    FileRead,
    FilesForgotten,
    ForeignWrite,
    LeaseEnded,
    LeaseGranted,
)
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Content
from lsp_orch.endpoints import alarm
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.foreign import ForeignWatch
from lsp_orch.endpoints.hooks.listener import HookListener
from lsp_orch.endpoints.interest import MOST_READ, Interest
from lsp_orch.endpoints.kin import Tell
from lsp_orch.endpoints.witnesses import Witnesses
from lsp_orch.services.foreign import ForeignWrites
from lsp_orch.services.ports import Touch, Touched
from lsp_orch.services.reads import Reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What mattered when the daemon began: the live leases, and what agents had read, the latest last."""

    leases: Iterable[Lease] = ()
    reads: Sequence[str] = ()


class Lookout:
    """``listener`` is for the hooks, ``saved`` for the editors; of leases and reads it hears by the news."""

    def __init__(
        self,
        world: World,
        settings: Settings,
        desk: Desk,
        archive: Archive,
        reads: Reads,
        known: Known,
        tell: Tell,
    ) -> None:
        self._clock = world.clock
        self._paths = world.paths
        self._contents = archive.contents
        self._tell = tell
        most = settings.leases_watch_folders
        self._folders = WatchedFolders(self._touched, archive.trees, most, _ear)
        self._interest = Interest(self._folders)
        self._witnesses = Witnesses()
        self._saves: asyncio.Queue[tuple[Save, str]] = asyncio.Queue()
        self._watch = ForeignWatch(
            desk=desk,
            contents=archive.contents,
            writes=ForeignWrites(archive.recovery, reads),
            interest=self._interest,
            witnesses=self._witnesses,
            trees=archive.trees,
            paths=world.paths,
            clock=world.clock,
        )
        self.listener = HookListener(self._witnesses, world.paths, world.clock)
        now = world.clock.now()  # what happened while no daemon ran, nobody can be asked about
        for lease in known.leases:
            self._interest.granted(replace(lease, acquired_at=now))
        for path in known.reads[-MOST_READ:]:
            self._interest.read(path, now)

    def on_event(self, event: Event) -> None:
        """Watch what is held or read, and leave word for the agents that were written over."""
        match event:
            case LeaseGranted(lease=lease):
                self._interest.granted(lease)
            case LeaseEnded(lease=lease):
                self._interest.ended(lease)
                self._witnesses.released(lease, self._clock.now())
            case FileRead(path=path):  # what it said was kept a moment ago, and what was seen then counts
                self._interest.read(path, self._clock.now() - LATE_S)
            case FilesForgotten(paths=paths):
                self._interest.forgotten(paths)
            case ForeignWrite() as write:
                self._leave_word(write)
            case _:
                pass

    def saved(self, path: str, text: str, by: Holder, *, held: bool) -> None:
        """A person's editor has written its text to a canonical path, while they held that or not."""
        author = Author(id=by.id, name=by.name)
        save = Save(path=path, by=author, contents=frozenset(), at=self._clock.now(), held=held)
        self._saves.put_nowait((save, text))

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
        """Look and judge until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run())
            group.create_task(self._take_saves())

    def close(self) -> None:
        """Stop watching."""
        self._folders.close()

    def _touched(self, path: str, touch: Touch) -> None:
        self._watch.touched(path, touch)

    def _leave_word(self, write: ForeignWrite) -> None:
        for each in write.holders:
            if each.kind is Party.AGENT and each.session:  # a command has no ear for it
                self._tell(each.id, alarm.advice(write, held=True))
        for reader in write.readers:
            self._tell(reader, alarm.advice(write, held=False))

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
        found = self._contents.look(path)
        return frozenset({told, None if isinstance(found, Refusal) else found})


def _ear(heard: Touched) -> Ear:
    if platform.system() == "Linux":
        from lsp_orch.adapters.inotify import InotifyEar

        return InotifyEar(heard)
    from lsp_orch.adapters.observer import ObserverEar

    return ObserverEar(heard)
