"""Many folders on few recursive watches, for systems where one of those costs no more than a flat one."""

import os
import threading
from collections import Counter

from watchdog.events import (
    DirModifiedEvent,
    FileClosedNoWriteEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileOpenedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from lsp_orch.services.ports import Touch, Touched

# mere reading; and what a file's own event has said already
_NO_NEWS = (FileOpenedEvent, FileClosedNoWriteEvent, DirModifiedEvent)


class ObserverEar(FileSystemEventHandler):
    """Hears of what happens in folders: one watch for a whole checkout, of which most is not told."""

    def __init__(self, heard: Touched) -> None:
        self._heard = heard
        self._observer: BaseObserver = Observer()
        self._observer.daemon = True
        self._observer.start()
        self._roots: dict[str, str] = {}  # of each folder
        self._uses: Counter[str] = Counter()
        self._watches: dict[str, ObservedWatch] = {}
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._observer.is_alive()

    def add(self, folder: str) -> bool:
        """Begin to hear of a folder; False where there is none.

        Raises:
            OSError: the system watches no more.
        """
        if not os.path.isdir(folder):
            return False
        if folder in self._roots:
            return True
        root = _checkout(folder)
        if root not in self._watches:
            self._watches[root] = self._observer.schedule(self, root, recursive=True)
        with self._lock:
            self._roots[folder] = root
        self._uses[root] += 1
        return True

    def remove(self, folder: str) -> None:
        """Hear of it no more; nothing happens where it was not heard of."""
        with self._lock:
            root = self._roots.pop(folder, None)
        if root is not None:
            self._uses[root] -= 1
            if not self._uses[root]:
                del self._uses[root]
                self._observer.unschedule(self._watches.pop(root))

    def close(self) -> None:
        """Hear of nothing; nothing is reported any more when this returns."""
        self._observer.stop()
        self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass on what happened in a folder that was asked for; called by watchdog, on its thread."""
        if isinstance(event, _NO_NEWS):
            return
        touch = Touch.FOLDER if event.is_directory else _touch(event)
        for path in filter(None, map(os.fsdecode, (event.src_path, event.dest_path))):
            with self._lock:
                wanted = os.path.dirname(path) in self._roots
            if wanted:
                self._heard(path, touch)


def _touch(event: FileSystemEvent) -> Touch:
    return Touch.OPEN if isinstance(event, FileModifiedEvent | FileCreatedEvent) else Touch.DONE


def _checkout(folder: str) -> str:
    """The checkout around a folder, else the folder."""
    at = folder
    while not os.path.lexists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return folder
        at = above
    return at
