"""Watches the folders of files that matter, as many as allowed, whatever comes and goes above them."""

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from lsp_orch.services.ports import Touch, Touched, Trees, Watching

_READ, _HELD = "read", "held"
_OWN = {_READ, _HELD}  # owners beside the roots of trees, which are absolute

_log = logging.getLogger(__name__)


class Ear(Protocol):
    """Hears what happens in folders, and not below them."""

    @property
    def alive(self) -> bool:
        """Whether it hears."""

    def add(self, folder: str) -> bool:
        """Hear of a folder, and of the one that is there now; False where there is none.

        Raises:
            OSError: the system watches no more.
        """

    def remove(self, folder: str) -> None:
        """Hear of it no more."""

    def close(self) -> None:
        """Hear of nothing."""


class WatchedFolders:
    """Implements the port ``FolderWatch``; all but the hearing is done on one thread of its own.

    The folders above one that matters, up to its checkout, are watched with it: a folder that is made,
    removed or renamed takes all below it along, and the system tells only whoever watches the one above.
    """

    def __init__(self, touched: Touched, trees: Trees, most: int, ear: Callable[[Touched], Ear]) -> None:
        """``ear`` is made when the first folder is needed."""
        self._touched = touched
        self._trees = trees
        self._most = most
        self._make = ear
        self._ear: Ear | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="folders")
        self._wants: dict[str, _Want] = {}  # the least recently needed first
        self._uses: Counter[str] = Counter()  # of each folder, how many wants need it
        self._listening: set[str] = set()
        self._dropped = 0
        self._lock = threading.Lock()
        self._stale: set[str] = set()

    def need(self, folder: str, *, held: bool) -> None:
        """Watch a folder, or say that it is still needed."""
        self._do(lambda: self._own(folder, _HELD if held else _READ))

    def drop(self, folder: str) -> None:
        """Watch it only for the trees that it lies in, if any."""
        self._do(lambda: self._disown([folder], _OWN))

    def need_tree(self, root: str) -> None:
        """Watch all of a tree that git does not ignore."""

        def work() -> None:
            found = self._trees.folders(root, self._most + 1)
            for folder in found[: self._most]:
                self._own(folder, root)
            if len(found) > self._most:
                self._count(f"not all of {root} is watched: it has more than {self._most} folders")

        self._do(work)

    def drop_tree(self, root: str) -> None:
        """Watch only those of its folders that something else needs."""
        self._do(lambda: self._disown(list(self._wants), {root}))

    def watching(self) -> Watching:
        """How it is doing."""
        return Watching(
            alive=self._ear.alive if self._ear else not self._wants,
            folders=len(self._listening),
            most=self._most,
            dropped=self._dropped,
        )

    def settle(self) -> None:
        """Wait until all that was asked for so far is done."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Stop watching; nothing is reported any more when this returns."""
        self._thread.shutdown(cancel_futures=True)
        if self._ear is not None:
            self._ear.close()

    def _do(self, work: Callable[[], None]) -> None:
        self._thread.submit(partial(_logged, work))

    def _own(self, folder: str, owner: str) -> None:
        want = self._wants.pop(folder, None)
        self._wants[folder] = known = want or _Want(chain=_chain(folder))
        known.owners = known.owners - (_OWN if owner in _OWN else set()) | {owner}
        if want is None:
            self._uses.update(known.chain)
            self._listen(known)
            self._trim()
            self._touched(folder, Touch.FOLDER)

    def _disown(self, folders: Iterable[str], owners: set[str]) -> None:
        for folder in folders:
            if want := self._wants.get(folder):
                want.owners -= owners
                if not want.owners:
                    self._forget(folder)

    def _forget(self, folder: str) -> None:
        for each in self._wants.pop(folder).chain:
            self._uses[each] -= 1
            if not self._uses[each]:
                del self._uses[each]
                self._deafen(each)

    def _listen(self, want: "_Want") -> None:
        """Hear of the folders of a want that are there; the next one is heard of when it is made."""
        try:
            if self._ear is None:
                self._ear = self._make(self._heard)
            for each in want.chain:
                if each not in self._listening:
                    if not self._ear.add(each):
                        return
                    self._listening.add(each)
        except OSError as error:
            self._count(f"{want.chain[-1]} cannot be watched: {error}")

    def _deafen(self, folder: str) -> None:
        if folder in self._listening:
            self._listening.discard(folder)
            self._mute(folder)

    def _mute(self, folder: str) -> None:
        if self._ear:
            self._ear.remove(folder)

    def _trim(self) -> None:
        while len(self._listening) > self._most and len(self._wants) > 1:
            read = (folder for folder, want in self._wants.items() if want.owners == {_READ})
            victim = next(read, next(iter(self._wants)))
            self._forget(victim)
            self._count(f"{victim} is not watched any more: more than {self._most} folders are needed")

    def _count(self, what: str) -> None:
        self._dropped += 1
        if self._dropped.bit_count() == 1:  # the 1st, 2nd, 4th, 8th...: the log must not fill the disk
            _log.warning("%s (%d so far)", what, self._dropped)

    def _heard(self, path: str, touch: Touch) -> None:
        """Called on the thread of the ear."""
        if touch is not Touch.FOLDER:
            self._touched(path, touch)
        elif path in self._uses or self._roots(os.path.dirname(path)):
            with self._lock:
                idle = not self._stale
                self._stale.add(path)
            if idle:
                self._again()

    def _again(self) -> None:
        try:
            self._do(self._refresh)
        except RuntimeError:  # closed meanwhile
            _log.debug("a change came too late to be looked at")

    def _refresh(self) -> None:
        """See which of the folders that something happened to are there: all in them may have changed."""
        with self._lock:
            stale, self._stale = self._stale, set()
        hit = [(folder, want) for folder, want in self._wants.items() if not stale.isdisjoint(want.chain)]
        before = set(self._listening)
        for _, want in hit:
            first = next(index for index, each in enumerate(want.chain) if each in stale)
            self._listening.difference_update(want.chain[first:])  # another may be there under its name
        for folder, want in hit:
            self._listen(want)
            self._touched(folder, Touch.FOLDER)
        for gone in before - self._listening:
            self._mute(gone)
        self._trim()
        for path in sorted(stale):
            self._grow(path)

    def _grow(self, path: str) -> None:
        """Take a new folder into the trees that it lies in; forget one of theirs that is gone."""
        roots = self._roots(os.path.dirname(path))
        if not roots:
            return
        if not os.path.isdir(path):
            self._disown(
                [each for each in self._wants if f"{each}{os.sep}".startswith(f"{path}{os.sep}")], roots
            )
        elif not self._trees.ignored(path):
            for folder in self._trees.folders(path, self._most):
                for root in roots:
                    self._own(folder, root)
            for file in self._trees.files(path, self._most):  # written before we heard of their folder
                self._touched(file, Touch.DONE)

    def _roots(self, folder: str) -> set[str]:
        want = self._wants.get(folder)
        return want.owners - _OWN if want else set()


@dataclass(slots=True)
class _Want:
    """A folder that is needed: ``chain`` leads to it from its checkout."""

    chain: tuple[str, ...]
    owners: set[str] = field(default_factory=set)


def _chain(folder: str) -> tuple[str, ...]:
    """The folder and those above it up to its checkout; in none, up to the nearest that is there."""
    found = [folder]
    while not os.path.lexists(os.path.join(found[-1], ".git")):
        above = os.path.dirname(found[-1])
        if above == found[-1]:
            there = next(index for index, each in enumerate(found) if os.path.isdir(each))
            return tuple(reversed(found[: there + 1]))
        found.append(above)
    return tuple(reversed(found))


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001 - one folder's trouble must not end the watch on the others
        _log.exception("a folder could not be watched")
