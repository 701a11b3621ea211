"""The part that merges: one at a time, in the order of a queue that outlives the daemon."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_orch.daemon.checking import stoppable
from lsp_orch.daemon.part import Plain
from lsp_orch.domain.errors import Code, OrchError, Refusal, Unavailable
from lsp_orch.domain.merging import MergeRequest
from lsp_orch.domain.task import State, Task
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.wholly import wholly
from lsp_orch.services.merging import Known, Merging
from lsp_orch.services.reviews import Reviews

_AGAIN_S = 5.0

_log = logging.getLogger(__name__)

Answer = Task | Refusal | OrchError


@dataclass(kw_only=True)
class Merger(Plain):
    """``learn`` keeps what an accepted task has learned."""

    desk: Desk
    merging: Merging
    reviews: Reviews
    learn: Callable[[Task], Awaitable[None]]
    _asked: dict[int, asyncio.Future[Answer]] = field(default_factory=dict)  # by place: who waits for it
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _at_work: asyncio.Task[None] | None = None
    _stumbled: bool = False
    _leaving: bool = False

    def busy(self) -> bool:
        """Whether anything is to be merged."""
        return bool(self._asked) or self._at_work is not None

    async def ask(self, task_ids: Sequence[str], key: str) -> list[Task] | Refusal:
        """Merge them, one after the other until one cannot be; answers when all is in, or why it is not.

        Raises:
            Unavailable: git failed; nothing was merged.
        """
        places = await self.desk.do(lambda tx: self.merging.ask(tx, task_ids, key))
        if isinstance(places, Refusal):
            return places
        waits = [each if isinstance(each, Known) else self._wait(each) for each in places]
        self._woken.set()
        await self._settle()  # one that was in the queue before may have come to its end meanwhile
        done: list[Task] = []
        for each in waits:
            answer = each.answer if isinstance(each, Known) else await asyncio.shield(each)
            if isinstance(answer, OrchError):
                raise answer
            if isinstance(answer, Refusal):
                return answer
            done.append(answer)
        return done

    async def run(self) -> None:
        """Merge what is asked for, until cancelled or drained; first what an earlier daemon has left."""
        while not self._leaving:
            self._woken.clear()
            self._at_work = asyncio.create_task(self._work())
            try:
                await asyncio.wait([self._at_work])
            finally:
                await self._end()
            await self._rest()

    async def drain(self) -> None:
        """Stop what is only tried; what lands is landed. The rest is for the next daemon to go on with."""
        self._leaving = True
        await self._end()
        self._woken.set()
        self._tell(dict.fromkeys(self._asked, _STOPPED))

    def _wait(self, place: int) -> asyncio.Future[Answer]:
        return self._asked.setdefault(place, asyncio.get_running_loop().create_future())

    def _tell(self, answers: Mapping[int, Answer]) -> None:
        for place, answer in answers.items():
            if waits := self._asked.pop(place, None):
                waits.set_result(answer)

    async def _settle(self) -> None:
        """Tell those who wait for what has come to its end."""
        places = tuple(self._asked)
        self._tell(await self.desk.do(lambda tx: self.merging.ended(tx, places)))
        if self._leaving:
            self._tell(dict.fromkeys(self._asked, _STOPPED))

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN_S if self._stumbled else None):
                await self._woken.wait()

    async def _end(self) -> None:
        """Be no more at work."""
        child, self._at_work = self._at_work, None
        if child:
            child.cancel()
            await wholly(_over(child))

    async def _work(self) -> None:
        self._stumbled = True
        try:
            for task in await self.desk.do(self.merging.left):
                await asyncio.to_thread(self._sweep, task)
            while asked := await self.desk.do(self.merging.begin):
                await self._carry(asked)
                await self._settle()
        except Unavailable:
            _log.exception("the queue of merges stumbled; it goes on in %s s", _AGAIN_S)
        else:
            self._stumbled = False

    def _sweep(self, task: Task) -> None:
        try:
            self.reviews.sweep(task)
        except OrchError as error:
            _log.warning("what a merge of %s has left stays there: %s", task.id, error)

    async def _carry(self, asked: MergeRequest) -> None:
        """Bring one to its end."""
        try:
            refusal = await self._merge(asked)
        except OrchError as error:
            refusal = error.refusal
            self._tell({asked.place: error})
        except Exception:  # noqa: BLE001 - a bug in one merge must not end the others
            _log.exception("the merge of %s failed", asked.task_id)
            words = "lsp-orch itself failed; the daemon's log says why"
            refusal = Refusal(code=Code.INTERNAL, message=words)
        if refusal:
            why = refusal
            await self.desk.do(lambda tx: self.merging.refused(tx, asked, why))

    async def _merge(self, asked: MergeRequest) -> Refusal | None:
        """Try it, look once more that nobody writes there, and only then move the user's checkout."""
        task = await self.desk.do(lambda tx: self.merging.opened(tx, asked))
        if isinstance(task, Refusal):
            return task
        opened = task
        if opened.state is State.DONE:
            return await wholly(self._land(asked, opened, asked.merged))
        changes = await asyncio.to_thread(self.reviews.changes, opened)
        if refusal := await self.desk.do(lambda tx: self.reviews.held(tx, opened, changes)):
            return refusal
        merged = await self._try(opened)
        if isinstance(merged, Refusal):
            return merged
        if refusal := await self.desk.do(lambda tx: self.reviews.held(tx, opened, changes)):
            return refusal
        return await wholly(self._land(asked, opened, merged))

    async def _try(self, task: Task) -> str | Refusal:
        trial = await stoppable(lambda: self.reviews.merge(task), lambda: self.reviews.stop(task))
        return await self.desk.do(lambda tx: self.reviews.tried(tx, trial))

    async def _land(self, asked: MergeRequest, task: Task, merged: str) -> Refusal | None:
        await self.desk.do(lambda tx: self.merging.landing(tx, asked, merged))
        if task.state is not State.DONE:
            accepted = await self._accept(asked, task, merged)
            if isinstance(accepted, Refusal):
                return accepted
            task = accepted
        await asyncio.to_thread(self.reviews.tidy, task)
        await self.desk.do(lambda tx: self.merging.landed(tx, asked))
        return None

    async def _accept(self, asked: MergeRequest, task: Task, merged: str) -> Task | Refusal:
        if refusal := await asyncio.to_thread(self.reviews.land, task, merged):
            return refusal
        await self.learn(task)
        return await self.desk.do(lambda tx: self.merging.accepted(tx, asked, task))


_STOPPED = Refusal(
    code=Code.MERGE_STOPPED,
    message="the daemon was stopped before the work was merged",
    hint="it stays in the queue, and the next daemon goes on with it: lsp-orch review list",
)


async def _over(child: asyncio.Task[None]) -> None:
    await asyncio.wait([child])
    if not child.cancelled() and (error := child.exception()):
        raise error
