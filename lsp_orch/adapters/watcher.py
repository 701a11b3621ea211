"""Watches vaults, so that what an editor, a person or `git pull` changes is known at once."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from lsp_orch.adapters.note_files import is_note

Changed = Callable[[str, frozenset[str] | None], None]

MOST = 64  # vaults watched at once; more are looked at when they are asked

_QUIET_S = 0.1  # changes that come together are reported together

_TELLING: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]  # not those of reading: we would hear ourselves

_log = logging.getLogger(__name__)


class VaultWatcher:
    """Implements the port ``NoteWatch``.

    ``changed`` is called on a thread of its own with the workspace and the changed files, relative to the
    vault; None means that anything may have changed.
    """

    def __init__(self, root: Callable[[str], Path], changed: Changed) -> None:
        """``root`` says where a workspace's vault is."""
        self._root = root
        self._changed = changed
        self._observer: BaseObserver | None = None
        self._followed: dict[str, _Followed] = {}

    @property
    def alive(self) -> bool:
        """Whether the thread that hears of changes runs, once there is something to watch."""
        return self._observer is None or self._observer.is_alive()

    def watch(self, workspace: str) -> bool:
        """Begin to watch, or say that it has been watched without a gap since an earlier call."""
        root = self._root(workspace)
        try:
            inode = root.stat().st_ino
        except OSError:
            inode = 0  # there is no vault yet: nothing can be watched, and a look costs nothing
        known = self._followed.get(workspace)
        if known and known.inode == inode and not known.gather.gone:
            return True
        if known:
            self._forget(workspace)
        if inode and len(self._followed) < MOST:
            self._follow(workspace, root, inode)
        return False

    def close(self) -> None:
        """Stop watching; nothing is reported any more when this returns."""
        for workspace in list(self._followed):
            self._forget(workspace)
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def _follow(self, workspace: str, root: Path, inode: int) -> None:
        gather = _Gather(root, lambda paths: self._changed(workspace, paths))
        try:
            watch = self._running().schedule(gather, str(root), recursive=True, event_filter=_TELLING)
        except OSError as error:  # the system's limit on watches
            _log.warning("%s cannot be watched (%s): it is looked at whenever it is asked", root, error)
        else:
            self._followed[workspace] = _Followed(inode, watch, gather)

    def _running(self) -> BaseObserver:
        if self._observer is None:
            observer = Observer()
            observer.daemon = True
            observer.start()
            self._observer = observer
        return self._observer

    def _forget(self, workspace: str) -> None:
        followed = self._followed.pop(workspace)
        self._running().unschedule(followed.watch)
        followed.gather.close()


class _Followed(NamedTuple):
    """A vault that is watched. ``inode`` tells its folder from a later one of the same name."""

    inode: int
    watch: ObservedWatch
    gather: "_Gather"


class _Gather(FileSystemEventHandler):
    """Gathers the changes of a moment into one report."""

    def __init__(self, root: Path, report: Callable[[frozenset[str] | None], None]) -> None:
        self.gone = False  # the vault's own folder was removed: nobody tells us any more
        self._root = root
        self._report = report
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._anything = False
        self._timer: threading.Timer | None = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note what the event is about; called by watchdog, on its thread."""
        names = [os.fsdecode(each) for each in (event.src_path, event.dest_path) if each]
        paths = {os.path.relpath(name, self._root).replace(os.sep, "/") for name in names}
        with self._lock:
            self.gone |= isinstance(event, DirDeletedEvent | DirMovedEvent) and names[0] == str(self._root)
            self._anything |= event.is_directory
            self._paths |= {path for path in paths if is_note(path)}
            if (self._anything or self._paths) and self._timer is None:
                self._timer = threading.Timer(_QUIET_S, self._flush)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Report nothing any more; a report that is on its way is waited for."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
            timer.join()

    def _flush(self) -> None:
        with self._lock:
            paths = None if self._anything else frozenset(self._paths)
            self._paths, self._anything, self._timer = set(), False, None
        self._report(paths)
