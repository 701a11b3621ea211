"""The verbs of ``lsp-orch lease`` that change who holds: taking from others, and giving to them."""

from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.owners import not_an_agents
from lsp_orch.endpoints.params import required, words
from lsp_orch.endpoints.people import named
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests, no_lease
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.claims import Claims
from lsp_orch.store.base import Tx


class ClaimMethods:
    """Translates ``lease.steal`` and ``lease.handover``."""

    def __init__(self, desk: Desk, claims: Claims, requests: LeaseRequests) -> None:
        self._desk = desk
        self._claims = claims
        self._requests = requests

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"lease.steal": self.steal, "lease.handover": self.hand_over}

    async def steal(self, params: dict[str, Any]) -> Answer:
        """The same as ``lease.acquire``, but for what others hold: they are told why, and may object.

        A claim adds ``"claim": {"until"}``: whoever is in the way loses it then, unless they object.
        """
        ask = self._requests.asked(params, await self._requests.caller(params))
        if isinstance(ask, Refusal):
            return ask
        if not ask.reason:
            raise Misuse(Code.BAD_REQUEST, "say why with --reason: the holder is told")
        outcome = await self._desk.do(lambda tx: self._claims.steal(tx, ask))
        return outcome if isinstance(outcome, Refusal) else shapes.outcome(outcome)

    async def hand_over(self, params: dict[str, Any]) -> Answer:
        """``{"id", "to"}`` to ``{"lease": Lease}``, which is now theirs."""
        lease_id, to = required(params, "id", str), words(params, "to", "")
        caller = await self._requests.caller(params)

        def work(tx: Tx) -> Answer:
            lease = tx.leases.by_id(lease_id)
            if lease is None:
                return no_lease(lease_id)
            if strangers := not_an_agents([lease], caller):
                return strangers
            heir = named(tx, to, lease.scopes)
            if heir is None:
                return _nobody(to)
            given = self._claims.hand_over(tx, lease, heir)
            return given if isinstance(given, Refusal) else {"lease": shapes.lease(given)}

        return await self._desk.do(work)


def _nobody(to: str) -> Refusal:
    return Refusal(
        code=Code.SESSION_NOT_FOUND,
        message=f"nobody here is {to}: no session, no holder and nobody who waits",
        hint="`lsp-orch status` shows the sessions, `lsp-orch lease list` who waits",
    )
