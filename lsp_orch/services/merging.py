"""The queue of merges: who is next, and how each ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lsp_orch.domain import chain
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.keys import Request, request
from lsp_orch.domain.merging import STEPS, MergeRequest, Step, advance
from lsp_orch.domain.task import State, Task
from lsp_orch.services.ports import Clock
from lsp_orch.services.reviews import Reviews
from lsp_orch.services.tasks import not_found
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A request that was done before, with the same key: the task as it stands now, or why it is another."""

    answer: Task | Refusal


class Merging:
    """Each method is one step inside the caller's transaction."""

    def __init__(self, clock: Clock, reviews: Reviews) -> None:
        self._clock = clock
        self._reviews = reviews

    def ask(self, tx: Tx, task_ids: Sequence[str], key: str) -> list[int | Known] | Refusal:
        """Queue them, each behind what it waits for: their places, or what came of it with that key."""
        ordered = chain.order({each: tuple(tx.tasks.dependencies(each)) for each in task_ids})
        if isinstance(ordered, Refusal):
            return ordered
        places: list[int | Known] = []
        for task_id in ordered:
            batch = next((each for each in places if isinstance(each, int)), 0)
            place = self._known(tx, task_id, key) or self._queue(tx, task_id, key, batch)
            if isinstance(place, Refusal):
                tx.merges.drop(batch)
                return place
            places.append(place)
        return places

    def begin(self, tx: Tx) -> MergeRequest | None:
        """The next, which is being tried from now on; none while another one is."""
        first = next(iter(tx.merges.open()), None)
        return None if first is None else self._go(tx, first, Step.BEGIN)

    def left(self, tx: Tx) -> list[Task]:
        """The tasks of those that somebody was at who is gone; these are queued again, each in its place."""
        tasks = []
        for each in tx.merges.open():
            if (each.state, Step.AGAIN) in STEPS:
                self._go(tx, each, Step.AGAIN)
                tasks.append(tx.tasks.by_id(each.task_id))
        return [task for task in tasks if task]

    def opened(self, tx: Tx, asked: MergeRequest) -> Task | Refusal:
        """What is to be merged; also where an earlier daemon has done that, and died before it was tidy."""
        task = tx.tasks.by_id(asked.task_id)
        done = task is not None and task.state is State.DONE and bool(asked.merged)
        return task if task and done else self._reviews.in_review(tx, asked.task_id)

    def landing(self, tx: Tx, asked: MergeRequest, merged: str) -> None:
        """Note that the user's checkout is to move now."""
        self._go(tx, _now(tx, asked), Step.LAND, merged=merged)

    def accepted(self, tx: Tx, asked: MergeRequest, task: Task) -> Task | Refusal:
        """Note that the work is in, with the key it was asked with."""
        done = self._reviews.keys.once(tx, _request(task.id, asked.key), lambda: self._accepted(tx, task))
        return done if isinstance(done, Refusal) else done[0]

    def landed(self, tx: Tx, asked: MergeRequest) -> None:
        """Note that nothing is left to do, and nothing lies about."""
        self._go(tx, _now(tx, asked), Step.DONE, ended_at=self._clock.now())

    def refused(self, tx: Tx, asked: MergeRequest, refusal: Refusal) -> None:
        """Note why one came to nothing; those that were asked for with it are not tried either."""
        over = self._clock.now()
        self._go(tx, _now(tx, asked), Step.REFUSE, refused=refusal, ended_at=over)
        tx.merges.drop(asked.batch or asked.place)

    def ended(self, tx: Tx, places: Iterable[int]) -> dict[int, Task | Refusal]:
        """What came of those that have come to their end."""
        return {place: answer for place in places if (answer := self._answer(tx, place))}

    @staticmethod
    def _answer(tx: Tx, place: int) -> Task | Refusal | None:
        asked = tx.merges.by_place(place)
        if asked is None:
            return _DROPPED
        return asked.refused or (tx.tasks.by_id(asked.task_id) if asked.ended_at is not None else None)

    def _queue(self, tx: Tx, task_id: str, key: str, batch: int) -> int | Refusal:
        queued = {each.task_id: each.place for each in tx.merges.open()}
        if task_id in queued:
            return queued[task_id]
        if tx.tasks.state(task_id) is None:
            return not_found(task_id)
        return tx.merges.insert(
            MergeRequest(task_id=task_id, key=key, batch=batch, asked_at=self._clock.now())
        )

    def _known(self, tx: Tx, task_id: str, key: str) -> Known | None:
        known = self._reviews.keys.known(tx, _request(task_id, key))
        if known is None:
            return None
        return Known(answer=known[0] if isinstance(known, list) else known)

    def _accepted(self, tx: Tx, task: Task) -> list[Task] | Refusal:
        done = self._reviews.accepted(tx, task)
        return [done] if isinstance(done, Task) else done

    @staticmethod
    def _go(tx: Tx, was: MergeRequest, step: Step, **changes: Any) -> MergeRequest:
        after = replace(advance(was, step), **changes)
        if not tx.merges.update(was, after):
            raise Misuse(Code.INTERNAL, f"the merge of {was.task_id} was changed behind our back")
        return after


_DROPPED = Refusal(
    code=Code.MERGE_STOPPED,
    message="what was to be merged before it could not be",
    hint="accept it again",
)


def _now(tx: Tx, asked: MergeRequest) -> MergeRequest:
    """How far it has come.

    Raises:
        Misuse: it is gone.
    """
    now = tx.merges.by_place(asked.place)
    if now is None:
        raise Misuse(Code.INTERNAL, f"the merge of {asked.task_id} is gone from the queue")
    return now


def _request(task_id: str, key: str) -> Request:
    return request("review.accept", {"key": key}, task_id)
