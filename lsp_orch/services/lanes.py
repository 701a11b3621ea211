"""Keeps tasks that are held back out of the queue's way, and finds the first of each lane that is open."""

from collections.abc import Iterator
from dataclasses import replace

from lsp_orch.domain.lane import Lane, lane_of
from lsp_orch.domain.starting import Hold, Rule, Scene
from lsp_orch.domain.task import State, Task
from lsp_orch.store.base import Tx


def behind(tx: Tx) -> Rule:
    """The rule by which a task joins those that the same holds back already: nothing else need be asked."""

    def rule(task: Task, scene: Scene) -> Hold | None:
        if task.state is State.PARKED:
            return None
        lane = tx.lanes.by_name(task.hold_why or lane_of(task, scene.model(task)))
        return Hold(reason=lane.why, waits_for=lane.waits_for) if lane and lane.waits_for else None

    return rule


def put(tx: Tx, task: Task, model: str, hold: Hold) -> None:
    """Let the task and all in its lane wait for what holds it back."""
    name = task.hold_why or lane_of(task, model)
    known = tx.lanes.by_name(name)
    rank = min(task.rank, known.rank) if known else task.rank
    tx.lanes.keep(Lane(name=name, waits_for=hold.waits_for, why=hold.reason, rank=rank))
    if not task.hold_why:
        tx.lanes.enter(task.id, name)


def firsts(tx: Tx, now: float) -> Iterator[Task]:
    """The first task of each lane that waits for nothing, in the order of the queue."""
    lane = tx.lanes.next()
    while lane:
        task = tx.tasks.by_id(tx.lanes.first(lane.name))
        if task is None:
            tx.lanes.end(lane.name)
        elif task.rank > lane.rank:  # those before it have left: its turn is later
            tx.lanes.keep(replace(lane, rank=task.rank))
        elif task.next_attempt_at <= now:
            yield task
        lane = tx.lanes.next(lane)
