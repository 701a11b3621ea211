"""The guard of commits and pushes: what somebody else holds of what one is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.lease import Lease, Mode, State
from lsp_orch.domain.scope import Kind, Scope


class Operation(StrEnum):
    """What git is about to do."""

    COMMIT = "commit"
    PUSH = "push"
    REBASE = "rebase"


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


def judge(who: Caller, scopes: Sequence[Scope], live: Sequence[Lease]) -> Verdict:
    """Find what others hold for writing, and what the person has not saved; reading disturbs no commit."""
    known, files = frozenset(scopes), [each.key for each in scopes if each.kind is Kind.FILE]
    written = (each for each in live if each.mode is Mode.WRITE)
    overlaps = [
        Overlap(lease=each, scopes=found) for each in written if (found := _common(each, known, files))
    ]
    return Verdict(
        refuses=tuple(each for each in overlaps if not who.owns(each.lease.holder)),
        warns=tuple(
            each for each in overlaps if who.owns(each.lease.holder) and each.lease.state is State.DIRTY
        ),
    )


def operation(what: Operation, repository: str) -> Scope:
    """The operation itself, which can be held as well."""
    return Scope(Kind.GIT, f"{what.value} {repository}")


def _common(lease: Lease, known: frozenset[Scope], files: Sequence[str]) -> tuple[Scope, ...]:
    """What a lease covers of a set; a file is looked up, so that ten thousand of them cost nothing."""
    found = known.intersection(lease.scopes)
    for scope in lease.scopes:
        if scope.broad:
            found |= {Scope(Kind.FILE, path) for path in scope.among(files)}
    return tuple(sorted(found))
