"""Who calls: the agent whose process or session a command comes from, else the person."""

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_orch.domain.lease import Holder, Party

_SAME_S = 2.0  # the machine's idea of its boot time drifts a little while it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """``started``, in the machine's own count, tells a process from a later one of the same pid."""

    pid: int
    started: float

    def same(self, other: "Process") -> bool:
        """Whether both are one and the same."""
        return 0 < self.pid == other.pid and abs(self.started - other.started) <= _SAME_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One that may be it: a session that is here, or a task's run; ``worktree`` is the run's own checkout."""

    session: str
    name: str
    seen_at: float
    process: Process
    worktree: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a command comes from.

    ``ancestors`` are the processes that led to it, the nearest first; ``worktree`` is the checkout
    that it changes, where that tells something; ``sessions`` are ids in its environment, where anybody can
    write them.
    """

    ancestors: tuple[Process, ...]
    sessions: tuple[str, ...]
    worktree: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An agent's session, or, without one, the person: a daemon has only one user."""

    name: str
    session: str = ""

    @property
    def person(self) -> bool:
        """Whether it is the person."""
        return not self.session

    def owns(self, holder: Holder) -> bool:
        """Whether it holds what ``holder`` does; git cannot tell the subagents of a session apart."""
        if self.person:
            return holder.kind is Party.HUMAN
        return holder.kind is Party.AGENT and self.session in (holder.session, holder.id)


def identify(trace: Trace, agents: Sequence[Agent], person: str) -> Caller:
    """Say who it is: by the nearest process that is an agent's, else by a session's id, else by the worktree.

    An id counts only when such a session is here, and where no process says better: a child may outlive
    the shell that an agent started it in. In a run's own checkout everybody else is that run. A name never
    counts.
    """
    named = [each for each in agents if each.session in trace.sessions]
    for ancestor in trace.ancestors:
        if running := [each for each in agents if each.process.same(ancestor)]:
            return _latest([each for each in running if each in named] or running)
    there = [each for each in agents if each.worktree and each.worktree == trace.worktree]
    found = named or there
    return _latest(found) if found else Caller(name=person)


def _latest(agents: Sequence[Agent]) -> Caller:
    """One process may have been several sessions, one after the other."""
    latest = max(agents, key=lambda each: each.seen_at)
    return Caller(name=latest.name, session=latest.session)
