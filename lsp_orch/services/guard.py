"""The guard of commits and pushes: who makes this one, and may it be?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lsp_orch.domain.caller import Agent, Caller
from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.guard import Operation, Verdict
from lsp_orch.domain.guard import judge as find_overlaps
from lsp_orch.domain.guard import operation as held_operation
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.services.callers import Callers
from lsp_orch.services.ports import Paths
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What git is about to do.

    ``worktree`` is empty in a bare repository, ``paths`` are relative to it. ``pid`` is who asks, and
    ``sessions`` are ids in its environment.
    """

    operation: Operation
    repository: str
    worktree: str
    paths: Sequence[str]
    pid: int
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who is here and who holds what, as of one transaction."""

    agents: tuple[Agent, ...]
    live: tuple[Lease, ...]


class Guard:
    """``look`` is a step inside the caller's transaction; ``judge`` is best done outside of it."""

    def __init__(self, paths: Paths, callers: Callers) -> None:
        self._paths = paths
        self._callers = callers

    def look(self, tx: Tx) -> Scene:
        """Who could have started it, and what is held."""
        return Scene(agents=self._callers.agents(tx), live=tuple(tx.leases.live()))

    def judge(self, attempt: Attempt, scene: Scene) -> tuple[Caller, Verdict]:
        """Say who it is, and what of it others hold.

        Raises:
            Misuse: no file can have such a path.
        """
        worktree = attempt.worktree and self._paths.canonical(attempt.worktree, "/")
        who = self._callers.identify(scene.agents, attempt.pid, attempt.sessions, worktree)
        scopes = [
            held_operation(attempt.operation, self._paths.canonical(attempt.repository, "/")),
            *(self._files(worktree, attempt.paths) if worktree else ()),
        ]
        return who, find_overlaps(who, scopes, scene.live)

    def _files(self, worktree: str, paths: Iterable[str]) -> Iterable[Scope]:
        """Each path as a lease would name it; git commits a link itself, but follows those on the way."""
        folders: dict[str, str] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            if folder not in folders:
                folders[folder] = self._paths.canonical(folder, worktree).rstrip("/")
            yield Scope(Kind.FILE, f"{folders[folder]}/{_written(name)}")


def _written(name: str) -> str:
    """A name as ``Paths.canonical`` writes it, but without a look at the disk."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError as error:  # half a character
        raise Misuse(Code.BAD_REQUEST, f"{name!a} is not a path: {error}") from error
