"""Who is meant by a name."""

from collections.abc import Iterable

from lsp_orch.domain.lease import Holder
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.session import Session
from lsp_orch.store.base import Tx


def named(tx: Tx, name: str, scopes: Iterable[Scope]) -> Holder | None:
    """A holder by its id or name: who waits for the scopes before a session, a session before any other.

    Who was taken for dead comes last: that is said instead of that nobody knows them.
    """
    waiting = [each.ask.holder for each in tx.waiters.touching(scopes)]
    sessions, reaped = map(_as_holders, (tx.sessions.all(), tx.sessions.reaped()))
    others = [each.holder for each in tx.leases.live()] + [each.ask.holder for each in tx.waiters.waiting()]
    known = [*waiting, *sessions, *others, *reaped]
    return next((each for each in known if name in (each.id, each.name) or each.id == cli_id(name)), None)


def _as_holders(sessions: list[Session]) -> list[Holder]:
    return [Holder(id=each.id, kind=each.kind, name=each.name, session=each.id) for each in sessions]


def cli_id(name: str) -> str:
    """The holder that a command line names with ``--as``."""
    return f"cli:{name}"
