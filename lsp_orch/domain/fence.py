"""Which paths the system itself keeps those from writing who work in a folder."""

from collections.abc import Iterable

from lsp_orch.domain import glob
from lsp_orch.domain.glob import DEEP, Pattern
from lsp_orch.domain.lease import Lease, Party
from lsp_orch.domain.scope import Kind, Scope


def fence(folder: str, sessions: Iterable[str], leases: Iterable[Lease], *, shared: bool) -> tuple[str, ...]:
    """What others than ``sessions`` hold in the canonical ``folder``: files, and folders with all below.

    In a ``shared`` folder other agents' clients read the very same settings: what one of them holds would be
    fenced from itself. There the fence stands around what people and programs hold.
    """
    own = frozenset(sessions)
    held = (
        scope
        for lease in leases
        if lease.holder.session not in own and not (shared and _reads_settings(lease))
        for scope in lease.scopes
    )
    return tuple(sorted({part for scope in held for part in _inside(folder, scope)}))


def _reads_settings(lease: Lease) -> bool:
    """Whether the holder is a client of a session; a program that holds by the command line has none."""
    return lease.holder.kind is Party.AGENT and bool(lease.holder.session)


def _inside(folder: str, scope: Scope) -> list[str]:
    """The part of a scope that lies in the folder, as paths; of a pattern only what is a whole tree."""
    match scope.kind:
        case Kind.FILE:
            return [scope.key] if _below(scope.key, folder) else []
        case Kind.DIR:
            return _tree(folder, scope.key)
        case Kind.GLOB:
            trees = filter(None, map(_whole, glob.parse(scope.key)))
            return [part for tree in trees for part in _tree(folder, tree)]
        case _:
            return []


def _tree(folder: str, tree: str) -> list[str]:
    if _below(tree, folder):
        return [tree]
    return [folder] if _below(folder, tree) else []


def _whole(pattern: Pattern) -> str:
    """The folder of which a pattern takes everything; empty when it takes less."""
    *names, last = pattern
    if last is not DEEP:
        return ""
    parts = [_literal(each) for each in names]
    return "/" + "/".join(parts) if all(parts) else ""


def _literal(name: object) -> str:
    """What a name of a pattern says, when it stands for itself only."""
    letters = name if isinstance(name, tuple) else ()
    found = [each.only if isinstance(each, glob.Letter) else "" for each in letters]
    return "".join(found) if all(found) else ""


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
