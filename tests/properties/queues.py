"""People file, chain and cancel with keys while workers come and go; what must hold after each step."""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.keys import request
from lsp_orch.domain.result import Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, OnDead, State, Step, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.tasks import Tasks, take
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds

SETTINGS = Settings()
DAY = 24 * 3600.0
LAPSES = (60.0, 1800.0, 3700.0, 5 * 3600.0, DAY / 2, DAY)
DEAD = {State.FAILED, State.CANCELLED, State.PRUNED}
GOOD = Outcome(result=Result(status=Status.DONE, summary="did it"))
BAD = Outcome(result=Result(status=Status.FAILED, summary="could not"))

numbers = st.integers(0, 7)
Answer = TypeVar("Answer")


def draft(
    after: tuple[str, ...] = (), priority: int = 2, on_dead: OnDead = OnDead.BLOCK, key: str = ""
) -> Draft:
    return Draft(
        workspace="/w",
        prompt="do it",
        title="it",
        after=after,
        priority=priority,
        on_dead=on_dead,
        key=key,
        max_usd=1,
        max_turns=1,
        timeout_s=1,
        attempts=3,
    )


class QueueMachine(RuleBasedStateMachine):
    """Each rule is one transaction; what it expects it works out for itself from what was before."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ids = FakeClock(), SerialIds()
        self.store = SqliteStore()
        self.tasks = Tasks(self.clock, self.ids, SETTINGS)
        self.dispatcher = Dispatcher(self.clock, self.ids, SETTINGS)
        self.asked: dict[str, tuple[str, object, str, float]] = {}  # by key: method, what, the task, when
        self.ready_at: dict[str, float] = {}  # since when each may start, as far as its chain goes
        self.before: dict[str, Task] = {}

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            return work(tx)

    def all(self) -> dict[str, Task]:
        return {task.id: task for task in self.run(lambda tx: tx.tasks.of())}

    def pick(self, number: int, *states: State) -> Task | None:
        found = [task for task in self.all().values() if task.state in states]
        return found[number % len(found)] if found else None

    def asks(self, method: str, key: str, what: object, work: Callable[[Tx], Task | Refusal]) -> Task | None:
        """Ask with a key, and look whether it was done as often as it should be."""
        before, scope = self.all(), "scope"

        def listed(tx: Tx) -> list[Task] | Refusal:
            done = work(tx)
            return [done] if isinstance(done, Task) else done

        asked = request(method, {"what": what, "key": key}, scope)
        answer = self.run(lambda tx: self.tasks.keys.once(tx, asked, lambda: listed(tx)))
        now, known = self.clock.now(), self.asked.get(key)
        if key and known and now - known[3] < DAY:
            assert self.all() == before, "asked twice with one key, and done twice"
            if known[:2] == (method, what):
                assert isinstance(answer, list), "asked once more, and refused"
                assert [task.id for task in answer] == [known[2]], "the key of something else was answered"
            else:
                assert isinstance(answer, Refusal), "the key of something else was answered"
                assert answer.code is Code.KEY_REUSED
            return None
        if isinstance(answer, Refusal):
            assert answer.code is not Code.KEY_REUSED, "a key was kept for ever"
            assert self.all() == before, "refused, and done"
            return None
        assert self.all() != before, "a new request was not done"
        if key:
            self.asked[key] = method, what, answer[0].id, now
        return answer[0]

    # --- people ---

    @rule(
        after=st.lists(numbers, max_size=2),
        priority=st.integers(0, 4),
        on_dead=st.sampled_from(OnDead),
        key=st.sampled_from(("", "", "", "k1", "k2")),
    )
    def files(self, after: list[int], priority: int, on_dead: OnDead, key: str) -> None:
        states = self.all()
        waits = tuple(dict.fromkeys(list(states)[each % len(states)] for each in after if states))
        wanted = draft(waits, priority, on_dead)
        falls = on_dead is OnDead.CASCADE and any(states[each].state in DEAD for each in waits)
        done = self.asks(
            "task.add", key, (waits, priority, on_dead.value), lambda tx: self.tasks.add(tx, wanted)
        )
        assert not (done and falls), "filed behind a dead one that it falls with"

    @rule(
        edges=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=5),
        on_dead=st.sampled_from(OnDead),
    )
    def files_all(self, edges: list[tuple[int, int]], on_dead: OnDead) -> None:
        before = self.all()
        after = {f"n{number}": {f"n{on}" for one, on in edges if one == number} for number in range(4)}
        drafts = {name: draft(tuple(sorted(waits)), 2, on_dead) for name, waits in after.items()}
        answer = self.run(lambda tx: self.tasks.add_all(tx, drafts))
        if any(_reaches(after, on, name) for name, waits in after.items() for on in waits):
            assert isinstance(answer, Refusal), "a cycle got in"
            assert answer.code is Code.TASK_CYCLE
            named = answer.message.split(": ")[1].split(" after ")
            pairs = list(pairwise(named))
            assert pairs, "no cycle is named"
            assert all(on in after[name] for name, on in pairs), "another cycle is named"
            assert named[0] == named[-1], "half a cycle is named"
            assert self.all() == before, "refused, and some of it is there"
        else:
            assert not isinstance(answer, Refusal), "refused without a cycle"
            for name, task in answer.items():
                assert set(self.all()[task.id].after) == {answer[each].id for each in after[name]}, "lost"

    @rule(number=numbers, key=st.sampled_from(("", "", "k1", "k2")))
    def cancels(self, number: int, key: str) -> None:
        if task := self.pick(number, State.PENDING, State.READY, State.REVIEW):
            before = self.all()

            def cancel(tx: Tx) -> Task | Refusal:
                done = self.tasks.cancel(tx, [task.id])
                return done if isinstance(done, Refusal) else done[0]

            if self.asks("task.cancel", key, task.id, cancel):
                self.fell(before, task.id)

    @rule(number=numbers)
    def retries(self, number: int) -> None:
        if task := self.pick(number, State.FAILED, State.CANCELLED):
            before = self.all()
            answer = self.run(lambda tx: self.tasks.retry(tx, [task.id]))
            ruins = task.on_dead is OnDead.CASCADE and any(before[each].state in DEAD for each in task.after)
            assert isinstance(answer, Refusal) == ruins, "retried on ruins, or refused without"

    @rule(number=numbers, wanted=st.booleans())
    def reviews(self, number: int, wanted: bool) -> None:  # noqa: FBT001 - hypothesis names it
        if task := self.pick(number, State.REVIEW):
            before = self.all()

            def work(tx: Tx) -> None:
                assert isinstance(take(tx, task, Step.ACCEPT if wanted else Step.REJECT, task), Task)
                self.tasks.settle(tx, task.id)

            self.run(work)
            if not wanted:
                self.fell(before, task.id)

    def fell(self, before: dict[str, Task], dead: str) -> None:
        """With a dead task fall those that asked for it, and nobody else."""
        expected, ends = {dead}, [dead]
        while ends:
            here = ends.pop()
            for task in before.values():
                falls = task.state is State.PENDING and task.on_dead is OnDead.CASCADE
                if falls and here in task.after and task.id not in expected:
                    expected.add(task.id)
                    ends.append(task.id)
        now = self.all()
        changed = {name for name, task in now.items() if task.state is not before[name].state}
        assert changed == expected, f"fell {sorted(changed)}, and not {sorted(expected)}"
        for name in expected - {dead}:
            assert now[name].state is State.CANCELLED, "fell to another state"
            assert "came to nothing" in now[name].error, "fell without a reason"
            assert now[name].finished_at == self.clock.now() or now[dead].finished_at, "no time of its end"

    # --- workers ---

    @rule(outcome=st.sampled_from((GOOD, GOOD, BAD)), stopped=st.booleans())
    def works(self, outcome: Outcome, stopped: bool) -> None:  # noqa: FBT001 - hypothesis names it
        """The one that is next starts, and ends at once."""
        before = self.all()
        task = self.run(self.dispatcher.claim)
        can = [each for each in before.values() if each.state is State.READY]
        can = [each for each in can if each.next_attempt_at <= self.clock.now()]
        if not isinstance(task, Task):
            assert not can, "a ready task was left lying"
            return
        for other in can:
            ahead_s = (other.priority - task.priority) * SETTINGS.tasks_ageing_s
            later_s = self.ready_at[task.id] - self.ready_at[other.id]
            assert later_s <= ahead_s + 1e-6, "one that has waited longer is overtaken for too long"
        if stopped:
            self.run(lambda tx: self.dispatcher.stopped(tx, task))
            return
        before = self.all()
        self.run(lambda tx: self.dispatcher.finished(tx, task, outcome, "c0ffee", 0.0))
        if outcome is BAD:
            self.fell(before, task.id)

    @rule(seconds=st.sampled_from(LAPSES))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # --- promises ---

    @invariant()
    def promises(self) -> None:
        tasks = self.all()
        for task in tasks.values():
            was = self.before.get(task.id)
            self.changed(was, task)
            if task.state is State.READY and (was is None or was.state is not State.READY):
                self.ready_at[task.id] = self.clock.now()
            falls = task.state is State.PENDING and task.on_dead is OnDead.CASCADE
            assert not (falls and any(tasks[each].state in DEAD for each in task.after)), "left on ruins"
        self.before = tasks

    def changed(self, was: Task | None, task: Task) -> None:
        """Something has become of a task, or nothing."""

    def teardown(self) -> None:
        self.store.close()


def _reaches(after: dict[str, set[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    ends = [start]
    while ends:
        here = ends.pop()
        if here == goal:
            return True
        ends.extend(after[here] - seen)
        seen |= after[here]
    return False
