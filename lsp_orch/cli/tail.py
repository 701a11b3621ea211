"""A log file's lines, and those that are still to come."""

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer


def lines(path: str, *, follow: bool) -> Iterator[str]:
    """Give each line, without its end; with ``follow`` also each that is written later, for ever.

    A file that is not there yet has no lines; one that is moved away is followed by its successor.
    """
    log = Path(path)
    if not follow:
        if log.exists():
            yield from log.read_text(encoding="utf-8", errors="replace").splitlines()
        return
    changed = _Changed()
    observer = Observer()
    observer.schedule(changed, str(log.parent))
    observer.start()
    try:
        yield from _following(log, changed)
    finally:
        observer.stop()
        observer.join()


class _Changed(FileSystemEventHandler):
    """Something has happened in the folder; how often does not matter."""

    def __init__(self) -> None:
        self._news: queue.Queue[None] = queue.Queue(maxsize=1)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Wake who waits."""
        if event.event_type in {"opened", "closed_no_write"}:
            return  # our own reading
        try:
            self._news.put_nowait(None)
        except queue.Full:
            return  # it is awake already

    def wait(self) -> None:
        """Return once something has happened since the last time."""
        self._news.get()


def _following(log: Path, changed: _Changed) -> Iterator[str]:
    while True:
        while not log.exists():
            changed.wait()
        with log.open(encoding="utf-8", errors="replace") as file:
            yield from _to_the_end(file, log, changed)


def _to_the_end(file: IO[str], log: Path, changed: _Changed) -> Iterator[str]:
    """The lines of one file until another one stands in its place."""
    begun, here = "", Path(f"/dev/fd/{file.fileno()}")
    while True:
        for piece in file:
            begun += piece
            if begun.endswith("\n"):
                yield begun[:-1]
                begun = ""
        if not log.exists() or not log.samefile(here):
            return
        changed.wait()
