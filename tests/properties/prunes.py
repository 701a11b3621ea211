"""The queue of ``queue.py`` grows old, and is pruned while others use it; what must hold after each prune."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.task import State, Task
from lsp_orch.services.pruning import Pruning
from lsp_orch.services.task_files import rejected_ref
from tests.properties.queues import DAY, DEAD, SETTINGS, QueueMachine, draft, numbers

URGENT = {0, 1}
OPEN = {State.PENDING, State.READY}
MEANWHILE = ("", "", "is cancelled", "starts", "is waited for", "is at work")


class Refs:
    """The one thing of git that pruning asks for."""

    def __init__(self) -> None:
        self.kept: set[str] = set()
        self.broken = False

    def keep(self, workspace: str, ref: str, commit: str) -> None:
        assert workspace == "/w"
        assert commit
        if self.broken:
            raise Unavailable(Code.GIT_FAILED, "git is not well")
        self.kept.add(ref)


class PruneMachine(QueueMachine):
    """What may go it works out for itself, from what there was before."""

    def __init__(self) -> None:
        super().__init__()
        self.refs, self.gone = Refs(), False
        self.runs: list[Task] = []
        self.touched: dict[str, float] = {}
        self.pruning = Pruning(self.clock, SETTINGS, self.refs, lambda _: self.gone)  # type: ignore[arg-type]  # all that it uses

    @rule(days=st.sampled_from((5, 15, 31)))
    def days_pass(self, days: int) -> None:
        self.clock.advance(days * DAY)

    @rule(gone=st.booleans())
    def the_workspace_goes_or_comes_back(self, gone: bool) -> None:  # noqa: FBT001 - hypothesis names it
        self.gone = gone

    @rule(priority=st.integers(0, 4))
    def files_the_same_anew(self, priority: int) -> None:
        self.run(lambda tx: self.tasks.add(tx, draft(priority=priority, key="same")))

    @rule(broken=st.booleans())
    def git_breaks_or_is_mended(self, broken: bool) -> None:  # noqa: FBT001 - hypothesis names it
        self.refs.broken = broken

    @rule(number=numbers)
    def wants_a_pruned_one_after_all(self, number: int) -> None:
        if task := self.pick(number, State.PRUNED):
            self.run(lambda tx: self.tasks.retry(tx, [task.id]))

    @rule()
    def only_looks(self) -> None:
        before = self.all()
        chosen = self.pruning.choose(self.run(self.pruning.look))
        assert self.all() == before, "a dry run pruned"
        self.judge(before, {each.id for each, _ in chosen})

    @rule(number=numbers, meanwhile=st.sampled_from(MEANWHILE))
    def prunes(self, number: int, meanwhile: str) -> None:
        if meanwhile == "is at work":
            self.happens("starts", number)
        chosen = self.pruning.choose(self.run(self.pruning.look))
        self.judge(self.all(), {each.id for each, _ in chosen})
        changed = self.happens(meanwhile, number)
        before = self.all()
        kept = [(each, why) for each, why in chosen if self.kept(before[each.id])]
        pruned = self.run(lambda tx: self.pruning.prune(tx, kept))
        now = self.all()
        told = {task.id for task in pruned}
        assert told == {name for name, task in now.items() if task.state is not before[name].state}, (
            "silently"
        )
        assert told >= {each.id for each, _ in kept} - changed, "what was chosen stays"
        assert not told & changed, "changed meanwhile, and pruned all the same"
        while self.runs:
            self.run(partial(self.dispatcher.stopped, run=self.runs.pop()))
        for name in told:
            assert now[name].state is State.PRUNED
            assert now[name].pruned_why, "pruned without a reason"
            assert not before[name].engaged, "pruned a running one"
            waiting = before[name].state is State.REVIEW
            assert not waiting or rejected_ref(before[name]) in self.refs.kept, "work was lost"

    def kept(self, task: Task) -> bool:
        try:
            self.pruning.keep(task)
        except Unavailable:
            return False
        return True

    def happens(self, what: str, number: int) -> set[str]:
        """Somebody changes a task between the look and the deed."""
        if what == "is cancelled" and (task := self.pick(number, *OPEN)):
            before = self.all()
            self.run(lambda tx: self.tasks.cancel(tx, [task.id]))
            return {name for name, now in self.all().items() if now != before[name]}
        if what == "starts":
            run = self.run(self.dispatcher.claim)
            if isinstance(run, Task):
                self.runs.append(run)
                return {run.id}
        if what == "is waited for" and self.all():
            on = list(self.all())[number % len(self.all())]
            self.run(lambda tx: self.tasks.add(tx, draft((on,))))
            return {on} if self.all()[on].state is not State.DONE else set()
        return set()

    def judge(self, tasks: dict[str, Task], chosen: set[str]) -> None:
        """What goes is what should, no more and no less."""
        should = {name for name, task in tasks.items() if self.should(tasks, task)}
        assert chosen <= should, f"{sorted(chosen - should)} would go and should not"
        assert should <= chosen, f"{sorted(should - chosen)} should go and would not"

    def should(self, tasks: dict[str, Task], task: Task) -> bool:
        same = [each for each in tasks.values() if task.key and each.key == task.key]
        awaited = any(task.id in each.after and each.state is State.PENDING for each in tasks.values())
        if awaited or task.engaged or task.state not in OPEN | DEAD - {State.PRUNED} | {State.REVIEW}:
            return False
        last = self.touched[task.id]
        newer = [
            each for each in same if int(each.id[5:]) > int(task.id[5:]) and each.state is not State.PRUNED
        ]
        if (newer or self.gone) and task.state is not State.REVIEW:
            return True
        if task.state not in OPEN:
            return self.clock.now() - last >= 30 * DAY
        if task.state is State.PENDING and not self.stands(tasks, task):
            return False
        return task.priority not in URGENT and self.clock.now() - last >= 14 * DAY

    def stands(self, tasks: dict[str, Task], task: Task) -> bool:
        """Whether it waits for a dead one, over however many."""
        states = [tasks[each] for each in task.after]
        return any(
            each.state in DEAD or (each.state is State.PENDING and self.stands(tasks, each))
            for each in states
        )

    def changed(self, was: Task | None, task: Task) -> None:
        """Something has become of it."""
        if was is None or was.state is not task.state or was.run != task.run:
            self.touched[task.id] = self.clock.now()
