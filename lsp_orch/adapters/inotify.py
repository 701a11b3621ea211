"""Many folders on one inotify instance and one thread: watchdog's own observer takes a thread for each."""

import os
import threading
from collections.abc import Callable

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from lsp_orch.services.ports import Touch, Touched

_MASK = Mask(
    InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_EXCL_UNLINK
)


class InotifyEar:
    """Hears of what happens in folders, not below them; ``heard`` is called on a thread of its own."""

    def __init__(self, heard: Touched) -> None:
        self._heard = heard
        self._fd = InotifyFD()
        self._fd.name = "inotify"
        self._fd.start()
        self._folders: dict[str, _Folder] = {}
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._fd.is_alive()

    def add(self, folder: str) -> bool:
        """Hear of a folder; False where there is none, or none that we may look into.

        Once more is no gap where it is the same still, and a change to the one that has its name now.

        Raises:
            OSError: the system watches no more.
        """
        one = _Folder(folder, self._heard, self._lost)
        try:
            handle = self._fd.add_callback(os.fsencode(folder), _MASK, one, CallbackId(id(one)))
        except (FileNotFoundError, NotADirectoryError):
            return False
        one.handle = handle
        if handle < 0:  # watchdog is silent about a folder that is not ours to read
            return False
        with self._lock:
            earlier = self._folders.get(folder)
            self._folders[folder] = one
        if earlier is not None:
            self._forget(earlier)
        return True

    def remove(self, folder: str) -> None:
        """Hear of it no more; nothing happens where it was not heard of."""
        with self._lock:
            one = self._folders.pop(folder, None)
        if one is not None:
            self._forget(one)

    def close(self) -> None:
        """Hear of nothing; nothing is reported any more when this returns."""
        with self._lock:
            self._folders.clear()
        self._fd.stop()
        self._fd.join()

    def _forget(self, one: "_Folder") -> None:
        self._fd.remove_callbacks([(one.handle, CallbackId(id(one)))])

    def _lost(self, one: "_Folder") -> None:
        with self._lock:
            known = self._folders.get(one.path) is one
            if known:
                del self._folders[one.path]
        if known:
            self._heard(one.path, Touch.FOLDER)


class _Folder(WatchCallback):
    """What watchdog calls for one folder."""

    __slots__ = ("_heard", "_lost", "handle", "path")

    def __init__(self, path: str, heard: Touched, lost: Callable[["_Folder"], None]) -> None:
        self.path = path
        self.handle = WatchDescriptor(-1)
        self._heard = heard
        self._lost = lost

    def on_event(self, event: InotifyEvent) -> None:
        if event.is_move_self:
            self._lost(self)
        elif event.name:
            name = event.name.decode("utf-8", "backslashreplace")  # as canonical paths are written
            self._heard(f"{self.path.rstrip(os.sep)}{os.sep}{name}", _touch(event))

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 - one folder, one descriptor
        self._lost(self)

    def on_queue_overflow(self) -> None:
        self._heard(self.path, Touch.FOLDER)


def _touch(event: InotifyEvent) -> Touch:
    if event.is_directory:
        return Touch.FOLDER
    # what is created by opening it is closed later; what is created as a link is not, and says all it will
    return Touch.OPEN if event.is_modify or event.is_create else Touch.DONE
