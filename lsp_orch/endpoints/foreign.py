"""Foreign writes, from the event loop: what is heard is looked at at once, and judged a moment later."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from lsp_orch.domain.attribution import GRACE_S
from lsp_orch.domain.errors import OrchError, Refusal, Unavailable
from lsp_orch.domain.version import Content
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.interest import Interest
from lsp_orch.endpoints.witnesses import Witnesses
from lsp_orch.services.foreign import ForeignWrites, Look, Open
from lsp_orch.services.ports import Clock, Contents, Paths, Touch, Trees

_OPEN_S = 1.0  # a file that is being written is looked at so often, until it is closed
_AT_ONCE = 2  # looks: whoever waits for a file to be kept goes first

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class ForeignWatch:
    """Every touch of a file that matters comes to a look; looks at one file never overlap.

    The bytes are kept at the look, so that the next write finds them kept; the verdict has time.
    """

    desk: Desk
    contents: Contents
    writes: ForeignWrites
    interest: Interest
    witnesses: Witnesses
    trees: Trees
    paths: Paths
    clock: Clock
    grace_s: float = GRACE_S
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _queue: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _wanted: dict[str, "_Wanted"] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _open: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    _found: asyncio.Queue[Open] = field(default_factory=asyncio.Queue)

    def touched(self, path: str, touch: Touch) -> None:
        """Take in what the watch on folders says; on any thread, and it costs nothing for other files."""
        if self.interest.matters(path):
            try:
                self._loop.call_soon_threadsafe(self._take, path, touch, self.clock.now())
            except RuntimeError:  # the loop has ended
                _log.debug("%s was touched after the end", path)

    async def run(self) -> None:
        """Look and judge until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(_forever(self._look_next))
            group.create_task(_forever(self._judge_next))

    def _take(self, path: str, touch: Touch, at: float) -> None:
        if touch is Touch.FOLDER:
            for each in self.interest.within(path):
                self._want(each, _Wanted(at, near=True))
        elif touch is Touch.DONE:
            if timer := self._open.pop(path, None):
                timer.cancel()
            self._want(path, _Wanted(at))
        elif path not in self._open:
            self._open[path] = self._loop.call_later(_OPEN_S, self._still_open, path)

    def _still_open(self, path: str) -> None:
        del self._open[path]
        self._want(path, _Wanted(self.clock.now()))

    def _want(self, path: str, wanted: "_Wanted") -> None:
        known = self._wanted.get(path)
        self._wanted[path] = (
            wanted if known is None else _Wanted(wanted.heard, near=known.near and wanted.near)
        )
        if known is None and path not in self._busy:
            self._queue.put_nowait(path)

    async def _look_next(self) -> None:
        path = await self._queue.get()
        wanted = self._wanted.pop(path)
        self._busy.add(path)
        try:
            await self._look(path, wanted)
        finally:
            self._busy.discard(path)
            if path in self._wanted:  # touched again meanwhile
                self._queue.put_nowait(path)

    async def _look(self, path: str, wanted: "_Wanted") -> None:
        if not self.interest.matters(path):
            return
        if self.interest.in_tree(path) and await asyncio.to_thread(self.trees.ignored, path):
            return
        workspace = await asyncio.to_thread(self.paths.workspace, path)
        outcome: Open | bool = False
        keep = not wanted.near  # most often there is nothing new, and nothing to write
        while outcome is False:
            content = await asyncio.to_thread(self._content, path, keep=keep)
            look = Look(
                path=path,
                workspace=workspace,
                content=content,
                heard=wanted.heard,
                at=self.clock.now(),
                since=self.interest.since(path),
                near=wanted.near,
            )
            scene = self.witnesses.scene()
            outcome = await self.desk.do(partial(self.writes.looked, look=look, scene=scene))
            keep = True
        if isinstance(outcome, Open):
            self._loop.call_later(self.grace_s, self._found.put_nowait, outcome)

    def _content(self, path: str, *, keep: bool) -> Content | None:
        try:
            found = self.contents.keep(path) if keep else self.contents.look(path)
        except Unavailable as error:  # a full disk keeps nothing, and all the more must be told
            _log.warning("what %s says was not kept: %s", path, error)
            return None
        return None if isinstance(found, Refusal) else found

    async def _judge_next(self) -> None:
        found = await self._found.get()
        await self.desk.do(partial(self.writes.judge, found=found, scene=self.witnesses.scene()))


class _Wanted(NamedTuple):
    """A look at a file; ``near``: the file itself need not have been touched."""

    heard: float
    near: bool = False


async def _forever(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
        except OrchError as error:
            _log.warning("a write was not looked at: %s", error)
        except Exception:  # noqa: BLE001 - one file's trouble must not hide the writes to the others
            _log.exception("a write was not looked at")
