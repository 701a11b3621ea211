"""Keeping what files say, from the event loop: the content first, then the version that names it."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar

from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.lease import Holder
from lsp_orch.domain.version import ABSENT, Author, Version, Why
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.ports import Contents
from lsp_orch.services.recovery import Pruned, Recovery, Restored

_TRIES = 10  # for a file that is written while it is restored
_AT_ONCE = 256  # that go in one transaction: leases must not wait for all of them

Item = TypeVar("Item")


class Keeper:
    """Whatever touches the files' bytes runs in a thread; whatever must be in order, at the desk."""

    def __init__(self, desk: Desk, contents: Contents, recovery: Recovery) -> None:
        self._desk = desk
        self._contents = contents
        self._recovery = recovery

    async def keep(self, path: str, by: Author, why: Why) -> Version | Refusal:
        """Keep what the canonical ``path`` says; it is on disk, and found, when this returns.

        Raises:
            Unavailable: the disk is full or cannot be written.
        """
        while True:
            there = self._contents.there(path)
            content = await asyncio.to_thread(self._contents.keep, path) if there else ABSENT
            if isinstance(content, Refusal):
                return content
            note = partial(self._recovery.note, path=path, content=content, by=by, why=why)
            if version := await self._desk.do(note, brief=content.absent):
                return version

    async def restore(self, version: Version, by: Holder, *, force: bool) -> Restored | Refusal:
        """Keep what the file says now, then let it say again what it said."""
        check = partial(self._recovery.held, path=version.path, by=by, force=force)
        if refusal := await self._desk.do(check):
            return refusal
        restore = partial(self._recovery.restore, version=version, by=by, force=force)
        for _ in range(_TRIES):
            kept = await self.keep(version.path, Author(id=by.id, name=by.name), Why.BEFORE_WRITE)
            if isinstance(kept, Refusal):
                return kept
            if outcome := await self._desk.do(restore):
                return outcome
        return Refusal(
            code=Code.CONTENT_NOT_KEPT,
            message=f"{version.path} was not restored: what it says changes all the time",
            hint="stop what writes it, and say it again",
        )

    async def prune(self, *, dry_run: bool = False) -> Pruned:
        """Forget what is too old or too much.

        Raises:
            Unavailable: it was forgotten, but its content could not be taken away; that is tried again later.
        """
        versions = await self._desk.do(lambda tx: tx.versions.all())
        pruned = await asyncio.to_thread(lambda: self._recovery.prunable(list(versions)))
        if not dry_run:
            for batch in _batches(pruned.versions):
                await self._desk.do(partial(self._recovery.forget, versions=batch))
            await self._drop([each.digest for each in pruned.contents])
        return pruned

    async def tidy(self) -> None:
        """Take away what a crash has left: half-written contents, and those that were never noted.

        Raises:
            Unavailable: something could not be taken away.
        """
        await asyncio.to_thread(self._contents.sweep)
        await self._drop(await asyncio.to_thread(self._recovery.unclaimed))

    async def _drop(self, digests: Sequence[str]) -> None:
        for batch in _batches(digests):
            if refusal := await self._desk.do(partial(self._recovery.drop, digests=batch)):
                raise Unavailable(refusal.code, refusal.message, refusal.hint)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))
