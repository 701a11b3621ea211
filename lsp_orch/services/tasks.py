"""Tasks: filed, chained, cancelled, tried again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from math import inf

from lsp_orch.domain import chain
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.events import TaskChanged
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import PRIORITIES, SETTLED, Draft, OnDead, State, Step, Task, advance, rank
from lsp_orch.services import chains
from lsp_orch.services.keys import Keys
from lsp_orch.services.ports import Clock, Ids
from lsp_orch.store.base import Tx


class Tasks:
    """What people and agents do with tasks; each method is one step inside the caller's transaction."""

    def __init__(self, clock: Clock, ids: Ids, settings: Settings) -> None:
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self.keys = Keys(clock)

    def add(self, tx: Tx, draft: Draft) -> Task | Refusal:
        """File a task.

        Refused as task-not-found when it waits for a task that does not exist, and as task-blocked when it
        would fall with one that is dead already.

        Raises:
            Misuse: an empty prompt, or a number that makes no sense.
        """
        _check(draft)
        if refusal := self._refuse(tx, "a new task", draft.after, draft.on_dead):
            return refusal
        return self._file(tx, draft)

    def add_all(self, tx: Tx, drafts: Mapping[str, Draft]) -> Mapping[str, Task] | Refusal:
        """File tasks that wait for each other by their names here, all or none.

        Refused as `add` does, and as task-cycle with the names of those that would wait for themselves.

        Raises:
            Misuse: an empty prompt, or a number that makes no sense.
        """
        names = chain.order({name: draft.after for name, draft in drafts.items()})
        if isinstance(names, Refusal):
            return names
        for name, draft in drafts.items():
            _check(draft)
            others = [each for each in draft.after if each not in drafts]
            if refusal := self._refuse(tx, name, others, draft.on_dead):
                return refusal
        filed: dict[str, Task] = {}
        for name in names:
            after = tuple(filed[each].id if each in filed else each for each in drafts[name].after)
            filed[name] = self._file(tx, replace(drafts[name], after=after))
        return filed

    @staticmethod
    def _refuse(tx: Tx, name: str, after: Sequence[str], on_dead: OnDead) -> Refusal | None:
        unknown = next((each for each in after if tx.tasks.state(each) is None), None)
        return not_found(unknown) if unknown else chains.ruins(tx, name, after, on_dead)

    def _file(self, tx: Tx, draft: Draft) -> Task:
        now = self._clock.now()
        task = Task(
            id=self._ids.new("task"),
            state=State.PENDING,
            created_at=now,
            next_attempt_at=now,
            **{field.name: getattr(draft, field.name) for field in fields(draft)},
        )
        tx.tasks.insert(task)
        tx.announce(TaskChanged(id=task.id, state=task.state))
        return self._unblock(tx, task)

    def wait_for(self, tx: Tx, task_id: str, after: Iterable[str]) -> Task | Refusal:
        """Let a pending task wait for more; refused as task-cycle when it would wait for itself."""
        task = tx.tasks.by_id(task_id)
        if task is None:
            return not_found(task_id)
        if task.state is not State.PENDING:
            return Refusal(
                code=Code.TASK_STATE, message=f"{task_id} is {task.state}: it cannot wait any more"
            )
        wanted = tuple(after)
        if refusal := self._refuse(tx, task_id, wanted, task.on_dead):
            return refusal
        for each in wanted:
            if path := chains.circle(tx, task_id, each):
                return chain.refuse_cycle(path)
            tx.tasks.add_after(task_id, each)
        return replace(task, after=tuple(tx.tasks.dependencies(task_id)))

    def blockers(self, tx: Tx, task: Task) -> dict[str, State]:
        """The tasks that hold this one back, and where they stand."""
        return chain.blockers(tx.tasks.dependencies(task.id)) if task.state is State.PENDING else {}

    def unsettled(self, tx: Tx, task_ids: Sequence[str]) -> list[str]:
        """All of them again, one that has not come to its end first; none when all have, or are not there.

        One that waits for a failed or cancelled task has come to its end: only a person can help it.
        """
        for each in task_ids:
            state = tx.tasks.state(each)
            if state and state not in SETTLED and not tx.chains.stuck(each):
                return [each, *(other for other in task_ids if other != each)]
        return []

    def cancel(self, tx: Tx, task_ids: Sequence[str]) -> list[Task] | Refusal:
        """Stop tasks for good, all or none; the dispatcher hears of it and ends a running worker."""
        now = self._clock.now()

        def cancelled(task: Task) -> Task:
            # a parked run has left its folder: whoever looks after runs must hear of it
            return replace(task, finished_at=now, engaged=task.engaged or task.state is State.PARKED)

        return self._each(tx, task_ids, Step.CANCEL, cancelled)

    def retry(self, tx: Tx, task_ids: Sequence[str]) -> list[Task] | Refusal:
        """Queue failed, cancelled or pruned tasks once more, all or none, with a fresh set of attempts."""
        if refusal := chains.refuse_retry(tx, task_ids):
            return refusal
        done = self._each(tx, task_ids, Step.RETRY, self._afresh)
        return done if isinstance(done, Refusal) else [self._unblock(tx, task) for task in done]

    def settle(self, tx: Tx, task_id: str) -> None:
        """After a task is done: let those start that waited for nothing else."""
        for each in tx.chains.released(task_id):
            if task := tx.tasks.by_id(each):
                self._ready(tx, task)

    def _unblock(self, tx: Tx, task: Task) -> Task:
        if not chain.ready(tx.tasks.dependencies(task.id).values()):
            return task
        return self._ready(tx, task)

    def _ready(self, tx: Tx, task: Task) -> Task:
        now = self._clock.now()
        place = rank(now, task.priority, self._settings.tasks_ageing_s)
        return taken(take(tx, task, Step.UNBLOCK, replace(task, rank=place, next_attempt_at=now)))

    def _afresh(self, task: Task) -> Task:
        return replace(
            task,
            attempts=task.attempt + self._settings.tasks_attempts,
            result=None,
            finished_at=None,
            pruned_why="",
            next_attempt_at=self._clock.now(),
        )

    @staticmethod
    def _each(
        tx: Tx, task_ids: Sequence[str], step: Step, change: Callable[[Task], Task]
    ) -> list[Task] | Refusal:
        tasks = []
        for task_id in dict.fromkeys(task_ids):
            task = tx.tasks.by_id(task_id)
            if task is None:
                return not_found(task_id)
            if isinstance(refusal := advance(task, step), Refusal):
                return refusal
            tasks.append(task)
        return [taken(take(tx, task, step, change(task))) for task in tasks]


def take(tx: Tx, was: Task, step: Step, task: Task) -> Task | Refusal:
    """Store and announce ``task``, which is ``was`` with other fields, in its state after ``step``."""
    after = advance(task, step)
    if isinstance(after, Refusal):
        return after
    store(tx, was, after)
    tx.announce(TaskChanged(id=after.id, state=after.state))
    if after.state in chain.DEAD:
        for fallen_was, fallen in chains.fallen(tx, after):
            store(tx, fallen_was, fallen)
            tx.announce(TaskChanged(id=fallen.id, state=fallen.state))
    return after


def taken(answer: Task | Refusal) -> Task:
    """The task after a step that its state is known to have.

    Raises:
        Misuse: it has not.
    """
    if isinstance(answer, Refusal):
        raise Misuse(answer.code, answer.message)
    return answer


def store(tx: Tx, was: Task, task: Task) -> None:
    """Store a change of a task that was read in the same transaction.

    Raises:
        Misuse: it was read in another one, and has changed since.
    """
    if not tx.tasks.update(was, task):
        raise Misuse(Code.INTERNAL, f"{task.id} was changed behind our back")


def not_found(task_id: str) -> Refusal:
    """Say that there is no such task."""
    return Refusal(
        code=Code.TASK_NOT_FOUND,
        message=f"there is no task {task_id}",
        hint="`lsp-orch task list` shows those there are",
    )


def _check(draft: Draft) -> None:
    wrong = {
        "the prompt is empty": not draft.prompt.strip(),
        "priority must be from 0 (most urgent) to 4": draft.priority not in PRIORITIES,
        "max_usd must be a number greater than 0": not 0 < draft.max_usd < inf,
        "max_turns must be at least 1": draft.max_turns < 1,
        "timeout_s must be a number greater than 0": not 0 < draft.timeout_s < inf,
        "attempts must be at least 1": draft.attempts < 1,
    }
    for words, broken in wrong.items():
        if broken:
            raise Misuse(Code.BAD_REQUEST, words)
