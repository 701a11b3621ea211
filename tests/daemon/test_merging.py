"""The queue of merges: one at a time, and whoever dies in between leaves it to the next."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.merging import Merger
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.merging import STEPS, MergeRequest, State, Step, advance
from lsp_orch.domain.task import State as TaskState
from lsp_orch.domain.task import Task
from lsp_orch.services.reviews import Reviews
from lsp_orch.store.base import Tx
from tests.adapters.test_processes import gone
from tests.endpoints.test_tasks import Office, office, refused

__all__ = ["office"]

Answer = TypeVar("Answer")


class KilledError(BaseException):
    """The daemon is no more."""


class Mortal:
    """A desk after whose n-th job the daemon is killed."""

    def __init__(self, desk: Desk, left: int) -> None:
        self._desk = desk
        self._left = left

    def do(self, work: Callable[[Tx], Answer], *, brief: bool = False) -> Awaitable[Answer]:
        return self._do(work, brief=brief)

    async def _do(self, work: Callable[[Tx], Answer], *, brief: bool) -> Answer:
        done = await self._desk.do(work, brief=brief)
        self._left -= 1
        if self._left == 0:
            raise KilledError
        return done


class Watched:
    """A desk that tells when the queue is empty."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.empty = asyncio.Event()

    def do(self, work: Callable[[Tx], Answer], *, brief: bool = False) -> Awaitable[Answer]:
        return self._do(work, brief=brief)

    async def _do(self, work: Callable[[Tx], Answer], *, brief: bool) -> Answer:
        done = await self._desk.do(work, brief=brief)
        if not await self._desk.do(lambda tx: tx.merges.open()):
            self.empty.set()
        return done


def another(office: Office, desk: Watched | Mortal) -> Merger:
    """The next daemon's."""
    was = office.merger
    return Merger(desk=desk, merging=was.merging, reviews=was.reviews, learn=was.learn)


async def merged(office: Office) -> None:
    """Let the next daemon do, unasked, what is left to do."""
    desk = Watched(office.desk)
    merger = another(office, desk)
    running = asyncio.create_task(merger.run())
    async with asyncio.timeout(30):
        await desk.empty.wait()
    await merger.drain()
    await running


def whole(office: Office, *tasks: str) -> None:
    """Everything is in, once, and nothing is left."""
    bodies = office.repo("log", "--first-parent", "--format=%B")
    for task in tasks:
        assert bodies.count(f"Task: {task}") == 1, "merged twice, or not at all"
    assert office.repo("status", "--porcelain") == ""
    assert len(office.repo("worktree", "list").splitlines()) == 1, "a checkout was left"
    office.repo("fsck", "--strict")


# --- its life ---


def test_every_step_is_in_the_table_and_what_has_ended_stays_so() -> None:
    for state in State:
        for step in Step:
            asked = MergeRequest(task_id="t", key="", state=state, asked_at=0.0)
            if (state, step) in STEPS:
                assert advance(asked, step).state is STEPS[state, step]
            else:
                with pytest.raises(Misuse, match="the merge of t is"):
                    advance(asked, step)
    assert not [state for state, _ in STEPS if state in {State.LANDED, State.REFUSED}]


# --- order ---


async def test_work_is_merged_behind_what_it_waits_for_whatever_the_order(office: Office) -> None:
    first = await office.add("first")
    second = await office.add("second", after=[first["id"]])
    await office.work("first.txt")
    answer = await office.reviews.accept({"ids": [second["id"], first["id"]]})
    assert second["id"] in refused(answer, Code.TASK_STATE)
    assert await office.state(first["id"]) == "done"


async def test_what_comes_behind_a_refused_one_is_not_merged_and_not_left_in_the_queue(
    office: Office,
) -> None:
    ids = [(await office.add(name, check=check))["id"] for name, check in (("a", "false"), ("b", ""))]
    await office.work("a.txt")
    await office.work("b.txt")
    refused(await office.reviews.accept({"ids": ids}), Code.CHECK_FAILED)
    assert [await office.state(each) for each in ids] == ["review", "review"]
    assert await office.desk.do(lambda tx: tx.merges.open()) == []
    assert isinstance(await office.reviews.accept({"ids": ids[1:]}), dict)


async def test_two_at_once_are_merged_one_after_the_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, at_work, most = Reviews.merge, 0, 0

    def merge(self: Reviews, task: Task) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        try:
            return right(self, task)
        finally:
            at_work -= 1

    monkeypatch.setattr(Reviews, "merge", merge)
    ids = [(await office.add(name))["id"] for name in "abc"]
    for name in "abc":
        await office.work(f"{name}.txt")
    answers = await asyncio.gather(*(office.reviews.accept({"ids": [each]}) for each in (*ids, ids[0])))
    assert all(isinstance(each, dict) for each in answers), answers
    assert most == 1
    whole(office, *ids)


# --- death ---


@pytest.mark.parametrize("jobs", range(1, 15))
async def test_wherever_the_daemon_dies_the_next_one_merges_all_and_nothing_twice(
    office: Office, jobs: int
) -> None:
    await office.merger.drain()
    ids = [(await office.add(name, check="true"))["id"] for name in "ab"]
    for name in "ab":
        await office.work(f"{name}.txt")
    await office.desk.do(lambda tx: office.merger.merging.ask(tx, ids, ""))
    with pytest.raises(KilledError):
        await another(office, Mortal(office.desk, jobs)).run()
    await merged(office)
    assert [await office.state(each) for each in ids] == ["done", "done"]
    assert set(office.learned) == set(ids)
    whole(office, *ids)


async def test_a_checkout_that_a_killed_merge_has_left_is_removed(office: Office) -> None:
    await office.merger.drain()
    task = await office.add(check="false")
    run = await office.work()
    path = str(office.repo.path)
    trial = office.files.trial(office.git.repository(path), run)
    await office.desk.do(lambda tx: office.merger.merging.ask(tx, [run.id], ""))
    await office.desk.do(office.merger.merging.begin)
    office.git.add_worktree(path, trial, "", office.git.head(path))
    await office.desk.do(lambda tx: tx.tasks.by_id(run.id))
    await office.reviews.reject({"id": task["id"], "reason": "no"})  # so nobody tries there again
    await merged(office)
    whole(office)


async def test_a_drain_stops_the_check_and_the_next_daemon_goes_on_unasked(
    office: Office, short_root: Path
) -> None:
    told, again = short_root / "told", short_root / "again"
    os.mkfifo(told)
    check = f"test -e {again} || setsid sh -c 'touch {again}; echo $$ > {told}; exec sleep 600'"
    task = await office.add(check=check)
    await office.work()
    before = office.repo.state()
    asked = asyncio.create_task(office.reviews.accept({"ids": [task["id"]]}))
    async with asyncio.timeout(20):
        pid = int(await asyncio.to_thread(told.read_text, encoding="utf-8"))
        assert office.merger.busy()
        await office.merger.drain()
        refused(await asked, Code.MERGE_STOPPED)
    assert gone(pid)
    assert office.repo.state() == before
    assert await office.state(task["id"]) == "review"
    await merged(office)
    assert await office.state(task["id"]) == TaskState.DONE
    whole(office, task["id"])


async def test_who_asks_again_waits_for_the_same_merge(office: Office) -> None:
    task = await office.add()
    await office.work()
    asked = [office.reviews.accept({"ids": [task["id"]], "key": "k"}) for _ in range(2)]
    answers = await asyncio.gather(*asked)
    assert answers[0] == answers[1]
    assert not isinstance(answers[0], Refusal)
    assert await office.reviews.accept({"ids": [task["id"]], "key": "k"}) == answers[0]
    whole(office, task["id"])
