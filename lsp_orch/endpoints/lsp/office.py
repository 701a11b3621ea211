"""Where an editor's wishes go: what the sessions of all editors share."""

from dataclasses import dataclass
from typing import Protocol

from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Paths
from lsp_orch.services.sessions import Sessions


class Tell(Protocol):
    """Takes news for an agent, which hears of it when it next can."""

    def __call__(self, holder_id: str, text: str) -> None:
        """Keep it for the holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One for all editors of a daemon; ``tell`` reaches agents."""

    desk: Desk
    sessions: Sessions
    leases: Leases
    claims: Claims
    view: LeaseView
    hub: Hub
    paths: Paths
    tell: Tell
