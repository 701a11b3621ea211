"""A task: what is to be done, in which order, and where it stands."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import Result

PRIORITIES = range(5)  # P0 is the most urgent
AUTO = "auto"  # lsp-orch chooses the model


class State(StrEnum):
    """Where a task stands."""

    PENDING = "pending"  # waits for other tasks
    READY = "ready"  # may start as soon as a worker is free and ``next_attempt_at`` has come
    RUNNING = "running"  # one worker has it
    PARKED = "parked"  # its run has ended at a call that waits for a ticket, and goes on there
    REVIEW = "review"  # the work waits for a person
    DONE = "done"  # accepted and merged; never started again
    FAILED = "failed"
    CANCELLED = "cancelled"
    PRUNED = "pruned"  # put away, with the reason


class Step(StrEnum):
    """What happens to a task."""

    UNBLOCK = "unblock"
    CLAIM = "claim"
    FINISH = "finish"
    PARK = "park"
    RESUME = "resume"
    REQUEUE = "requeue"
    FAIL = "fail"
    ACCEPT = "accept"
    REJECT = "reject"
    REOPEN = "reopen"
    CANCEL = "cancel"
    PRUNE = "prune"
    RETRY = "retry"


STEPS: dict[tuple[State, Step], State] = {
    (State.PENDING, Step.UNBLOCK): State.READY,
    (State.PENDING, Step.CANCEL): State.CANCELLED,
    (State.PENDING, Step.PRUNE): State.PRUNED,
    (State.READY, Step.CLAIM): State.RUNNING,
    (State.READY, Step.CANCEL): State.CANCELLED,
    (State.READY, Step.PRUNE): State.PRUNED,
    (State.RUNNING, Step.FINISH): State.REVIEW,
    (State.RUNNING, Step.PARK): State.PARKED,
    (State.RUNNING, Step.REQUEUE): State.READY,
    (State.RUNNING, Step.FAIL): State.FAILED,
    (State.RUNNING, Step.CANCEL): State.CANCELLED,
    (State.PARKED, Step.RESUME): State.RUNNING,
    (State.PARKED, Step.REQUEUE): State.READY,
    (State.PARKED, Step.CANCEL): State.CANCELLED,
    (State.REVIEW, Step.ACCEPT): State.DONE,
    (State.REVIEW, Step.REJECT): State.FAILED,
    (State.REVIEW, Step.REOPEN): State.READY,
    (State.REVIEW, Step.CANCEL): State.CANCELLED,
    (State.REVIEW, Step.PRUNE): State.PRUNED,
    (State.FAILED, Step.RETRY): State.PENDING,
    (State.FAILED, Step.PRUNE): State.PRUNED,
    (State.CANCELLED, Step.RETRY): State.PENDING,
    (State.CANCELLED, Step.PRUNE): State.PRUNED,
    (State.PRUNED, Step.RETRY): State.PENDING,
}

SETTLED = frozenset({State.REVIEW, State.DONE, State.FAILED, State.CANCELLED, State.PRUNED})


class Isolation(StrEnum):
    """Where the worker works."""

    WORKTREE = "worktree"  # in a checkout of its own
    SHARED = "shared"  # in the user's, where leases keep it from others' files


class OnDead(StrEnum):
    """What follows when a task that it waits for fails or is cancelled."""

    BLOCK = "block"  # it waits until a person retries that one
    CASCADE = "cascade"  # it is cancelled with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A task as somebody asks for it. Money is US dollars, ``timeout_s`` seconds that an attempt may run.

    ``paths`` are globs relative to the workspace; ``key`` makes asking twice the same as asking once.
    """

    workspace: str
    prompt: str
    title: str
    paths: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    priority: int = 2
    model: str = AUTO
    check: str = ""
    isolate: Isolation = Isolation.WORKTREE
    max_usd: float
    max_turns: int
    timeout_s: float
    attempts: int
    key: str = ""
    on_dead: OnDead = OnDead.BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task with its whole story; times are seconds since the epoch, None where it has not come to that.

    ``run`` is the number of the latest run and its fence: whoever reports for another run is not heard. A run
    has a session, but a session may be gone on with by a later run. The task is ``engaged`` as long as that
    run may have left anything alive; ``pid`` is its process where that is known, and ``pid_started`` tells it
    from a later process of that number. ``base`` is the commit the work began from, ``tip`` the one it came
    to, ``merged`` the one that brought it in.

    A run that was parked waits for ``ticket`` (``waits_for`` says it in words), has run for ``ran_s`` seconds
    and cost ``paid_usd`` by then; what Claude Code says of a resumed session's costs includes that.

    ``rank`` is its place in the queue, the lowest is next; ``hold_why`` is the lane of one that is held back.
    """

    id: str
    state: State
    workspace: str
    prompt: str
    title: str
    paths: tuple[str, ...]
    after: tuple[str, ...]
    priority: int
    model: str
    check: str
    isolate: Isolation
    max_usd: float
    max_turns: int
    timeout_s: float
    attempts: int
    key: str
    created_at: float
    attempt: int = 0
    session_id: str = ""
    engaged: bool = False
    pid: int = 0
    pid_started: float = 0.0
    branch: str = ""
    worktree: str = ""
    base: str = ""
    tip: str = ""
    ticket: str = ""
    waits_for: str = ""
    ran_s: float = 0.0
    paid_usd: float = 0.0
    cost_usd: float = 0.0
    turns: int = 0
    result: Result | None = None
    error: str = ""
    started_at: float | None = None
    heartbeat_at: float | None = None
    next_attempt_at: float
    finished_at: float | None = None
    run: int = 0
    rank: float = 0.0
    on_dead: OnDead = OnDead.BLOCK
    hold_until: float | None = None
    hold_why: str = ""
    chosen_model: str = ""
    plan_id: str = ""
    merged: str = ""
    pruned_why: str = ""

    @property
    def resumes(self) -> bool:
        """Whether its run goes on where it was parked."""
        return bool(self.ticket)


def rank(ready_at: float, priority: int, ageing_s: float) -> float:
    """Where a task stands in the queue for good, since all of them age alike.

    A step of priority is worth ``ageing_s`` seconds of waiting, so the least urgent has its turn too.
    """
    return ready_at + priority * ageing_s


def advance(task: Task, step: Step) -> Task | Refusal:
    """The task in its state after ``step``, or why the step cannot be taken."""
    state = STEPS.get((task.state, step))
    if state is None:
        return Refusal(
            code=Code.TASK_STATE,
            message=f"{task.id} is {task.state}: it cannot be {_PAST[step]}",
            hint=f"see where it stands: lsp-orch task show {task.id}",
        )
    return replace(task, state=state)


def free(task: Task) -> Task:
    """The task without what belongs to the run that has ended."""
    return replace(
        task, engaged=False, pid=0, pid_started=0.0, ticket="", waits_for="", ran_s=0.0, paid_usd=0.0
    )


_PAST: dict[Step, str] = {
    Step.UNBLOCK: "unblocked",
    Step.CLAIM: "started",
    Step.FINISH: "finished",
    Step.PARK: "parked",
    Step.RESUME: "resumed",
    Step.REQUEUE: "queued again",
    Step.FAIL: "failed",
    Step.ACCEPT: "accepted",
    Step.REJECT: "rejected",
    Step.REOPEN: "opened again",
    Step.CANCEL: "cancelled",
    Step.PRUNE: "pruned",
    Step.RETRY: "retried",
}
