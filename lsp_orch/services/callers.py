"""Callers: whose command is it, the person's or an agent's?"""

from collections.abc import Callable, Sequence

from lsp_orch.domain.caller import Agent, Caller, Process, Trace, identify
from lsp_orch.domain.lease import Party
from lsp_orch.services.ports import Paths
from lsp_orch.store.base import Tx

AncestorsOf = Callable[[int], tuple[Process, ...]]
"""A process and those that led to it, the nearest first; nothing where there is no such process."""


class Callers:
    """``agents`` is a step inside the caller's transaction; ``identify`` is best done outside of it."""

    def __init__(self, paths: Paths, ancestors: AncestorsOf, person: str) -> None:
        self._paths = paths
        self._ancestors = ancestors
        self.person = Caller(name=person)

    def agents(self, tx: Tx) -> tuple[Agent, ...]:
        """All that it could be.

        A task's run may act before its session is known. An agent that was taken for dead is none the less
        no person.
        """
        known = (*tx.sessions.own(), *tx.sessions.reaped())
        sessions = (each for each in known if each.kind is Party.AGENT)
        agents = [
            Agent(
                session=each.id,
                name=each.name,
                seen_at=each.seen_at,
                process=Process(pid=each.pid, started=each.started),
            )
            for each in sessions
        ]
        agents += [
            Agent(
                session=each.session_id,
                name=each.title,
                seen_at=each.heartbeat_at or 0.0,
                process=Process(pid=each.pid, started=each.pid_started),
                worktree=each.worktree and self._paths.canonical(each.worktree, "/"),
            )
            for each in tx.tasks.engaged()
        ]
        return tuple(agents)

    def identify(
        self, agents: Sequence[Agent], pid: int, sessions: Sequence[str], worktree: str = ""
    ) -> Caller:
        """Say who started the process ``pid``, with session ids in its environment, for a run's checkout."""
        trace = Trace(ancestors=self._ancestors(pid), sessions=tuple(sessions), worktree=worktree)
        return identify(trace, agents, self.person.name)
