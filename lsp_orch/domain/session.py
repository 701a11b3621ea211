"""A session: somebody who is here, so that their leases can end with them."""

from dataclasses import dataclass

from lsp_orch.domain.lease import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An editor connection or a Claude Code session.

    ``pid`` 0 means unknown; ``started`` is that process' start time in seconds since the epoch, so that
    a recycled pid is not mistaken for the session.
    """

    id: str
    kind: Party
    name: str
    workspace: str
    pid: int
    started: float
    connected_at: float
    seen_at: float
