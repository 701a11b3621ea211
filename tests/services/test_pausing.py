"""A pause holds back whatever it is of, nothing else, and outlives its daemon."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from lsp_orch.domain.events import DispatcherPaused, DispatcherResumed, Event
from lsp_orch.domain.pause import Pause
from lsp_orch.domain.result import Deferred, Outcome
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Idle
from lsp_orch.domain.task import Draft, State, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.pausing import Pausing
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds

Answer = TypeVar("Answer")


class Yard:
    """Two workspaces with tasks, and one dispatcher."""

    def __init__(self) -> None:
        self.store, self.clock, ids, self.told = SqliteStore(), FakeClock(), SerialIds(), list[Event]()
        self.tasks = Tasks(self.clock, ids, Settings())
        self.pausing = Pausing(self.clock)
        self.dispatcher = Dispatcher(self.clock, ids, Settings())

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            answer = work(tx)
        self.told += tx.events
        return answer

    def add(self, workspace: str) -> Task:
        words: dict[str, Any] = {"prompt": "do it", "title": "it", "max_usd": 1.0, "max_turns": 1}
        draft = Draft(workspace=workspace, timeout_s=1.0, attempts=3, **words)
        task = self.run(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        return task

    def claim(self) -> Task | Idle:
        return self.run(lambda tx: self.dispatcher.claim(tx, 9))

    def park(self, run: Task | Idle) -> None:
        """Its ticket is gone already: it may go on at once."""
        assert isinstance(run, Task)
        deferred = Outcome(result=Deferred(tool="Write"))
        self.run(lambda tx: self.dispatcher.parked(tx, run, deferred, "gone", "ada", 1.0))

    def pause(self, workspace: str = "", why: str = "a demo") -> None:
        self.run(lambda tx: self.pausing.pause(tx, workspace, why, "ada"))

    def resume(self, workspace: str = "") -> list[str]:
        return [each.workspace for each in self.run(lambda tx: self.pausing.resume(tx, workspace, "bob"))]


def ids(answer: Task | Idle) -> str:
    return answer.id if isinstance(answer, Task) else ""


@pytest.fixture
def yard() -> Yard:
    return Yard()


def test_a_paused_workspace_starts_nothing_and_the_others_go_on(yard: Yard) -> None:
    held, free = yard.add("/a"), yard.add("/b")
    yard.pause("/a")
    assert ids(yard.claim()) == free.id
    assert isinstance(yard.claim(), Idle)
    assert yard.resume("/a") == ["/a"]
    assert ids(yard.claim()) == held.id


def test_a_pause_of_everything_is_of_everything_and_says_who_and_why(yard: Yard) -> None:
    first = yard.add("/a")
    yard.pause()
    idle = yard.claim()
    assert isinstance(idle, Idle)
    assert "ada has paused the dispatcher (a demo)" in idle.holds[first.id].reason
    assert yard.resume("/a") == [], "one workspace does not end the pause of all"
    assert isinstance(yard.claim(), Idle)
    yard.pause("/a")
    assert yard.resume() == ["", "/a"]
    assert ids(yard.claim()) == first.id


def test_a_parked_run_does_not_go_on_while_it_is_paused_and_holds_back_no_other(yard: Yard) -> None:
    parked, other = yard.add("/a"), yard.add("/b")
    for run in (yard.claim(), yard.claim()):
        yard.park(run)
    yard.pause("/a")
    assert ids(yard.claim()) == other.id
    assert isinstance(yard.claim(), Idle)
    yard.resume("/a")
    assert ids(yard.claim()) == parked.id


def test_a_pause_is_told_and_kept_until_it_is_over(yard: Yard) -> None:
    yard.pause("/a")
    yard.pause("/a", "another reason")
    known = Pause(workspace="/a", why="another reason", by="ada", at=yard.clock.now())
    assert yard.run(lambda tx: tx.pauses.all()) == [known]
    assert yard.resume("/a") == ["/a"]
    assert yard.resume("/a") == []
    assert yard.run(lambda tx: tx.pauses.all()) == []
    assert yard.told[1:] == [DispatcherPaused(pause=known), DispatcherResumed(workspace="/a", by="bob")]


def test_what_runs_is_left_alone(yard: Yard) -> None:
    yard.add("/a")
    run = yard.claim()
    assert isinstance(run, Task)
    yard.pause()
    task = yard.run(lambda tx: tx.tasks.by_id(run.id))
    assert task
    assert task.state is State.RUNNING
