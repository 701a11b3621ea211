"""What a lease covers, and when two of them touch."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lsp_orch.domain import glob
from lsp_orch.domain.glob import DEEP, Pattern

MOST = 1000  # scopes in one lease: beyond it people mean a folder


class Kind(StrEnum):
    """The kinds of resource that can be leased, each with what its key is."""

    FILE = "file"  # canonical absolute path: links resolved, no ``..``
    DIR = "dir"  # the same of a folder: it, and all that is or may come to be below it
    GLOB = (
        "glob"  # an absolute pattern of ``domain/glob.py``, its folders canonical up to the first special one
    )
    TERMINAL = "terminal"  # a name
    PORT = "port"  # a number, of this machine
    MCP = "mcp"  # the name of a server
    GIT = "git"  # ``commit /path/to/.git``: an operation on one repository


OPERATIONS = ("commit", "push", "rebase")

_BROAD = (Kind.DIR, Kind.GLOB)
_PATHS = (Kind.FILE, *_BROAD)


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One resource."""

    kind: Kind
    key: str

    @property
    def on_disk(self) -> bool:
        """Whether it is made of paths."""
        return self.kind in _PATHS

    @property
    def broad(self) -> bool:
        """Whether it can hold more than one path."""
        return self.kind in _BROAD

    @property
    def anchor(self) -> str:
        """The deepest path that all of it lies at or below; what is no path is its own."""
        return glob.anchor(glob.parse(self.key)) if self.kind is Kind.GLOB else self.key

    def overlaps(self, other: "Scope") -> bool:
        """Whether a writer of one could disturb a user of the other."""
        if not (self.on_disk and other.on_disk) or not (self.broad or other.broad):
            return self == other
        if Kind.GLOB in (self.kind, other.kind):
            if Kind.FILE in (self.kind, other.kind):
                pattern, file = (self, other) if other.kind is Kind.FILE else (other, self)
                return glob.matches(pattern.key, file.key)
            return any(glob.meet(mine, theirs) for mine in _patterns(self) for theirs in _patterns(other))
        return _holds(self, other.key) or _holds(other, self.key)

    def among(self, paths: Iterable[str]) -> list[str]:
        """Those of many canonical files that a folder or a pattern holds: one look at each."""
        if self.kind is Kind.GLOB:
            return glob.matching(self.key, paths)
        inside = f"{self.key.rstrip('/')}/"
        return [each for each in paths if each == self.key or each.startswith(inside)]

    def covers(self, other: "Scope") -> bool:
        """Whether who has this has the other too; when in doubt, no."""
        if self == other:
            return True
        if not (self.on_disk and other.on_disk):
            return False
        match self.kind:
            case Kind.DIR:
                return _holds(self, other.anchor)
            case Kind.GLOB:
                return other.kind is Kind.FILE and self.overlaps(other)
            case _:
                return False


def touch(some: Iterable[Scope], others: Iterable[Scope]) -> bool:
    """Whether any of ``some`` overlaps any of ``others``."""
    mine, theirs = frozenset(some), frozenset(others)
    if not mine.isdisjoint(theirs):
        return True
    return _reach(mine, theirs) or _reach(theirs, mine)


def _reach(some: Iterable[Scope], others: Iterable[Scope]) -> bool:
    return any(each.overlaps(other) for each in some if each.broad for other in others)


def covered(scope: Scope, by: Iterable[Scope]) -> bool:
    """Whether one of ``by`` covers the scope."""
    return any(each.covers(scope) for each in by)


def folders(path: str) -> list[str]:
    """A path and all that it lies in, the root last."""
    found = [path]
    while (cut := path.rfind("/")) > 0:
        path = path[:cut]
        found.append(path)
    return [*found, "/"]


def _holds(folder: Scope, path: str) -> bool:
    inside = path == folder.key or path.startswith(f"{folder.key.rstrip('/')}/")
    return folder.kind is Kind.DIR and inside


def _patterns(scope: Scope) -> tuple[Pattern, ...]:
    match scope.kind:
        case Kind.GLOB:
            return glob.parse(scope.key)
        case Kind.DIR:
            return ((*glob.literal(scope.key), DEEP),)
        case _:
            return (glob.literal(scope.key),)
