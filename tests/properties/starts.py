"""Tasks with paths start, or wait, beside the leases and runs of others; checked against brute force."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsp_orch.domain.events import (
    DispatcherPaused,
    DispatcherResumed,
    Event,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    TaskChanged,
)
from lsp_orch.domain.grants import Ask
from lsp_orch.domain.lease import Lease, Mode, Party
from lsp_orch.domain.lease import State as LeaseState
from lsp_orch.domain.repository import Checkout
from lsp_orch.domain.result import Outcome, Result, Status
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Idle
from lsp_orch.domain.task import Draft, Isolation, State, Task
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.leases import Leases
from lsp_orch.services.pausing import Pausing
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.leases import agent, person

Answer = TypeVar("Answer")

WORKERS, MODEL_CAP, WORKSPACE_CAP, FLOOR_MB = 4, 2, 2, 100
SETTINGS = Settings(
    tasks_model_workers=(f"opus={MODEL_CAP}",),
    tasks_workspace_workers=WORKSPACE_CAP,
    tasks_memory_floor_mb=FLOOR_MB,
    tasks_day_usd=0.0,
)
REPOSITORIES = {"/a": "one", "/b": "one", "/c": "other"}  # two checkouts of one, and another one
A, B, X = "src/a.py", "src/b.py", "docs/x.md"
PATHS: dict[tuple[str, ...], set[str]] = {  # what is written, and what it may change of all that there is
    (): set(),
    ("src/**",): {A, B},
    ("src",): {A, B},
    ("src/a.py",): {A},
    ("./src//b.py",): {B},
    ("**/*.py",): {A, B},
    ("docs/*.md",): {X},
    ("src/a.py", "docs/"): {A, X},
    (".",): {A, B, X},
}
GOOD = Outcome(result=Result(status=Status.DONE, summary="did it"))
numbers = st.integers(0, 9)
workspaces = st.sampled_from(("/a", "/a", *sorted(REPOSITORIES)))  # most of it is in one


def checkout_of(workspace: str) -> Checkout:
    return Checkout(root=workspace, repository=REPOSITORIES[workspace])


class StartMachine(RuleBasedStateMachine):
    """What it knows itself: who runs, what is leased where and is paused, and whether anybody would look."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ids, self.store = FakeClock(), SerialIds(), SqliteStore()
        self.tasks = Tasks(self.clock, self.ids, SETTINGS)
        self.leases = Leases(self.clock, self.ids, lambda _: SETTINGS)
        self.pausing = Pausing(self.clock)
        self.free_mb = 1000.0
        self.dispatcher = self.a_dispatcher()
        self.runs: dict[int, Task] = {}
        self.held: dict[str, tuple[Lease, str]] = {}
        self.paused: set[str] = set()
        self.woken, self.over, self.idle = True, set[str](), Idle()

    def a_dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self.clock, self.ids, SETTINGS, checkout_of=checkout_of, free_mb=lambda: self.free_mb
        )

    def run(self, work: Callable[[Tx], Answer]) -> Answer:
        with self.store.transaction() as tx:
            answer = work(tx)
        for each in tx.events:
            self.hears(each)
        return answer

    def hears(self, event: Event) -> None:
        """What wakes the dispatcher, and nothing else does."""
        match event:
            case TaskChanged() | DispatcherPaused() | DispatcherResumed():
                self.woken = True
            case LeaseGranted(lease=lease):  # also one that was waited for
                self.held[lease.id] = lease, lease.scopes[0].key.removeprefix(f"{lease.workspace}/")
            case LeaseEnded(lease=lease) | LeaseChanged(lease=lease):
                self.held.pop(lease.id, None)
                if self.dispatcher.waits.for_lease(lease.id):
                    self.over.add(lease.id)
                    self.woken = True

    def ready(self) -> list[Task]:
        with self.store.transaction() as tx:
            return tx.tasks.of(states=[State.READY])

    @rule(
        workspace=workspaces,
        paths=st.sampled_from(((), (), *sorted(PATHS))),
        isolate=st.sampled_from(Isolation),
        model=st.sampled_from(("opus", "haiku")),
        priority=st.integers(0, 4),
    )
    def files(
        self, workspace: str, paths: tuple[str, ...], isolate: Isolation, model: str, priority: int
    ) -> None:
        draft = Draft(
            workspace=workspace,
            prompt="do it",
            title="it",
            paths=paths,
            model=model,
            priority=priority,
            isolate=isolate,
            max_usd=1,
            max_turns=1,
            timeout_s=1,
            attempts=3,
        )
        assert isinstance(self.run(lambda tx: self.tasks.add(tx, draft)), Task)

    @rule(
        workspace=workspaces,
        name=st.sampled_from((A, B, X)),
        kind=st.sampled_from(Party),
        mode=st.sampled_from((Mode.WRITE, Mode.WRITE, Mode.READ)),
    )
    def somebody_takes_a_file(self, workspace: str, name: str, kind: Party, mode: Mode) -> None:
        who = self.ids.new("holder")
        ask = Ask(
            holder=person(who) if kind is Party.HUMAN else agent(who),
            workspace=workspace,
            scopes=(Scope(Kind.FILE, f"{workspace}/{name}"),),
            mode=mode,
            reason="",
            ttl_s=1e9,
            state=LeaseState.DIRTY if kind is Party.HUMAN else LeaseState.HELD,
        )
        self.run(lambda tx: self.leases.acquire(tx, ask))

    @precondition(lambda self: self.held)
    @rule(number=numbers)
    def a_file_is_free_again(self, number: int) -> None:
        lease, _ = self.held[sorted(self.held)[number % len(self.held)]]
        self.run(lambda tx: self.leases.release(tx, [lease]))

    @precondition(lambda self: self.runs)
    @rule(number=numbers)
    def a_run_ends(self, number: int) -> None:
        run = self.runs.pop(sorted(self.runs)[number % len(self.runs)])
        assert self.run(lambda tx: self.dispatcher.finished(tx, run, GOOD, "c0ffee", 0.0))

    @rule(number=numbers)
    def somebody_cancels_one_that_waits_or_retries(self, number: int) -> None:
        with self.store.transaction() as tx:
            gone = tx.tasks.of(states=[State.CANCELLED])
        if gone:
            self.run(lambda tx: self.tasks.retry(tx, [gone[0].id]))
        elif ready := self.ready():
            self.run(lambda tx: self.tasks.cancel(tx, [ready[number % len(ready)].id]))

    @precondition(lambda self: not self.paused)
    @rule(workspace=st.sampled_from(("", *sorted(REPOSITORIES))))
    def somebody_pauses(self, workspace: str) -> None:
        self.run(lambda tx: self.pausing.pause(tx, workspace, "", "ada"))
        self.paused.add(workspace)

    @precondition(lambda self: self.paused)
    @rule(workspace=st.sampled_from(("", *sorted(REPOSITORIES))))
    def somebody_resumes(self, workspace: str) -> None:
        self.run(lambda tx: self.pausing.resume(tx, workspace, "ada"))
        self.paused = self.paused - {workspace} if workspace else set()

    @rule()
    def memory_is_short_or_free_again(self) -> None:
        self.free_mb = FLOOR_MB if self.free_mb < FLOOR_MB else FLOOR_MB - 1.0
        self.clock.advance(10.0)

    @rule()
    def the_daemon_is_killed(self) -> None:
        self.dispatcher = self.a_dispatcher()
        self.run(self.dispatcher.restart)
        for run in self.run(lambda tx: self.dispatcher.orphans(tx, ())):
            self.run(lambda tx, run=run: self.dispatcher.stopped(tx, run))  # type: ignore[misc]
        self.runs, self.over, self.woken = {}, set(), True

    @rule()
    def the_dispatcher_has_its_turn(self) -> None:
        self.looks()

    @rule()
    def it_has_its_turn_once_more(self) -> None:  # it mostly does, between any two events
        self.looks()

    def looks(self) -> None:
        """Begin what may begin, if anything has woken it."""
        until = self.idle.until
        if not self.woken and (until is None or until > self.clock.now()):
            return
        self.woken = False
        while not self.looked():
            pass
        for task in self.ready():
            assert self.reason(task), f"a ready task was left lying: {task.paths} in {task.workspace}"

    def looked(self) -> bool:
        """Whether nobody starts any more."""
        over = frozenset(self.over)
        before = {task.id: self.reason(task) for task in self.ready()}
        answer = self.run(lambda tx: self.dispatcher.claim(tx, WORKERS, over))
        self.dispatcher.waits.forget(over)
        self.over -= over
        if isinstance(answer, Task):
            assert not before[answer.id], f"started though {before[answer.id]}"
            self.runs[answer.run] = answer
            return False
        self.idle = answer
        return not answer.more

    def reason(self, task: Task) -> str:
        """What is against its start, worked out anew and from all there is."""
        working = list(self.runs.values())
        here = [each for each in working if each.workspace == task.workspace]
        kin = [each for each in working if REPOSITORIES[each.workspace] == REPOSITORIES[task.workspace]]
        crowd = [each for each in here if each.isolate is task.isolate is Isolation.SHARED]
        mine = PATHS[task.paths]
        held = [
            name
            for lease, name in self.held.values()
            if lease.mode is Mode.WRITE and REPOSITORIES[lease.workspace] == REPOSITORIES[task.workspace]
        ]
        against = {
            "it is paused": self.paused & {"", task.workspace},
            "all workers are at work": len(working) >= WORKERS,
            "the model is at work": task.model == "opus"
            and sum(each.model == "opus" for each in working) >= MODEL_CAP,
            "the workspace is full": len(here) >= WORKSPACE_CAP,
            "there is no memory": self.free_mb < FLOOR_MB,
            "somebody holds it": mine & set(held),
            "a run may change it": any(mine & PATHS[each.paths] for each in kin),
            "the checkout is shared": any(not (task.paths and each.paths) for each in crowd),
        }
        return next((why for why, holds in against.items() if holds), "")

    @invariant()
    def nobody_is_in_a_lane_that_is_not_there(self) -> None:
        with self.store.transaction() as tx:
            for task in tx.tasks.of():
                if task.hold_why:
                    assert task.state is State.READY, "held back though it does not wait"
                    assert tx.lanes.by_name(task.hold_why), "held back by nothing"

    def teardown(self) -> None:
        self.store.close()
