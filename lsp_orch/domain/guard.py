"""The guard of commits and pushes: who makes one, and what somebody else holds of what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope

_SAME_S = 2.0  # the machine's idea of its boot time drifts a little while it runs


class Operation(StrEnum):
    """What git is about to do."""

    COMMIT = "commit"
    PUSH = "push"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """``started`` (seconds since the epoch) tells a process from a later one of the same pid."""

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
    """Where a commit comes from.

    ``ancestors`` are the processes that led to it, the nearest first; ``worktree`` is where it is made;
    ``sessions`` are ids in its environment, where anybody can write them.
    """

    ancestors: tuple[Process, ...]
    sessions: tuple[str, ...]
    worktree: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Committer:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A lease, and what it covers of what git is about to do."""

    lease: Lease
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """It may be when nothing ``refuses``; of what only ``warns`` the person is told."""

    refuses: tuple[Overlap, ...]
    warns: tuple[Overlap, ...]


def committer(trace: Trace, agents: Sequence[Agent], person: str) -> Committer:
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
    return _latest(found) if found else Committer(name=person)


def judge(who: Committer, scopes: Sequence[Scope], live: Sequence[Lease]) -> Verdict:
    """Find what others hold for writing, and what the person has not saved; reading disturbs no commit."""
    known = frozenset(scopes)
    written = (each for each in live if each.mode is Mode.WRITE)
    overlaps = [Overlap(lease=each, scopes=found) for each in written if (found := _common(each, known))]
    return Verdict(
        refuses=tuple(each for each in overlaps if not who.owns(each.lease.holder)),
        warns=tuple(
            each for each in overlaps if who.owns(each.lease.holder) and each.lease.state is State.DIRTY
        ),
    )


def operation(what: Operation, repository: str) -> Scope:
    """The operation itself, which can be held as well."""
    return Scope(Kind.GIT, f"{what.value} {repository}")


def _latest(agents: Sequence[Agent]) -> Committer:
    """One process may have been several sessions, one after the other."""
    latest = max(agents, key=lambda each: each.seen_at)
    return Committer(name=latest.name, session=latest.session)


def _common(lease: Lease, known: frozenset[Scope]) -> tuple[Scope, ...]:
    """What a lease covers of a set; a file is looked up, so that ten thousand of them cost nothing."""
    found = known.intersection(lease.scopes)
    for scope in lease.scopes:
        if scope.kind is not Kind.FILE:
            found |= {each for each in known if scope.overlaps(each)}
    return tuple(sorted(found))
