"""The verbs of ``lsp-orch lease``, but for those that take or give away."""

from collections.abc import Awaitable
from typing import Any

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.grants import Granted, Queued, Waiter
from lsp_orch.domain.lease import State, Step
from lsp_orch.domain.scope import touch
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.owners import not_an_agents, not_of
from lsp_orch.endpoints.params import required, seconds, strings, words
from lsp_orch.endpoints.people import cli_id
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests, find
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.leases import Leases
from lsp_orch.store.base import Tx


class LeaseMethods:
    """Translates ``lease.*`` calls."""

    def __init__(self, desk: Desk, lobby: Lobby, leases: Leases, requests: LeaseRequests) -> None:
        self._desk = desk
        self._lobby = lobby
        self._leases = leases
        self._requests = requests

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "lease.acquire": self.acquire,
            "lease.release": self.release,
            "lease.renew": self.renew,
            "lease.check": self.check,
            "lease.list": self.list,
            "lease.downgrade": self.downgrade,
        }

    def acquire(self, params: dict[str, Any]) -> Answer | Awaitable[Answer]:
        """``{"paths", "workspace", "cwd", "as", "mode", "wait_s", "ttl_s", "reason"}`` to the outcome."""
        return self._requests.by_caller(params, self._acquire)

    def release(self, params: dict[str, Any]) -> Answer | Awaitable[Answer]:
        """``{"ids"}`` (of leases or tickets) or ``{"as", "workspace"}`` to ``{"released": [Lease]}``.

        In another workspace the same name is somebody else's; an empty one is every workspace. With both,
        the ids must be that name's; without a name they may be whatever was taken on a command line, and an
        agent's own: an agent lets go of nothing that a person has.
        """
        return self._requests.by_caller(params, self._release)

    def renew(self, params: dict[str, Any]) -> Answer | Awaitable[Answer]:
        """``{"ids"}`` to ``{"leases": [Lease]}``, each with its new end."""
        return self._requests.by_caller(params, self._renew)

    async def check(self, params: dict[str, Any]) -> Answer:
        """``{"paths", "workspace", "cwd", "token"}`` to the token, when it is still the newest for each."""
        workspace = self._requests.workspace(params)
        token = required(params, "token", int)
        scopes = self._requests.scopes(params, workspace)
        if isinstance(scopes, Refusal):
            return scopes
        found = await self._desk.do(lambda tx: [self._leases.check(tx, each, token) for each in scopes])
        return next(filter(None, found), None) or {"token": token}

    async def list(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere) to ``{"leases", "waiters"}``."""
        workspace = self._requests.somewhere(params)
        leases, queue = await self._desk.do(
            lambda tx: (tx.leases.live(workspace), tx.waiters.waiting(workspace))
        )
        return {
            "leases": [shapes.lease(lease) for lease in leases],
            "waiters": [shapes.waiter(each, number) for each, number in numbered(queue)],
        }

    async def downgrade(self, params: dict[str, Any]) -> Answer:
        """``{"ids"}`` to ``{"leases": [Lease]}``: their holders read on, and others may read beside them."""
        ids, caller = strings(params, "ids"), await self._requests.caller(params)

        def work(tx: Tx) -> Answer:
            found = find(tx, ids)
            if isinstance(found, Refusal):
                return found
            if strangers := not_an_agents(found[0], caller):
                return strangers
            for lease in found[0]:
                if lease.state is State.DIRTY:
                    return Refusal(
                        code=Code.LEASE_HELD,
                        message=f"{lease.holder.name} has unsaved changes in what {lease.id} holds",
                        hint="save them first",
                    )
            return {"leases": [shapes.lease(self._leases.downgrade(tx, each)) for each in found[0]]}

        return await self._desk.do(work)

    def _acquire(self, params: dict[str, Any], caller: Caller) -> Answer | Awaitable[Answer]:
        ask = self._requests.asked(params, caller)
        if isinstance(ask, Refusal):
            return ask
        return _told(self._lobby.acquire(ask, seconds(params, "wait_s", 0.0)))

    def _release(self, params: dict[str, Any], caller: Caller) -> Awaitable[Answer]:
        ids, name, where = strings(params, "ids"), words(params, "as", ""), self._requests.somewhere(params)
        if not ids and not name:
            raise Misuse(Code.BAD_REQUEST, "name what to release: ids, or the holder with --as")

        def work(tx: Tx) -> Answer:
            found = find(tx, ids)
            if isinstance(found, Refusal):
                return found
            leases, waiters = found
            if strangers := not_of(leases, waiters, name, caller):
                return strangers
            if name and not ids:
                held, asked = tx.leases.of_holder(cli_id(name)), tx.waiters.of_holder(cli_id(name))
                leases += [each for each in held if where in ("", each.workspace)]
                waiters += [each for each in asked if where in ("", each.ask.workspace)]
            ended = dict.fromkeys(leases)
            self._leases.withdraw(tx, dict.fromkeys(waiters))
            self._leases.release(tx, ended)
            return {"released": [shapes.lease(lease) for lease in ended]}

        return self._desk.do(work, brief=True)

    def _renew(self, params: dict[str, Any], caller: Caller) -> Awaitable[Answer]:
        ids = strings(params, "ids")

        def work(tx: Tx) -> Answer:
            found = find(tx, ids)
            if isinstance(found, Refusal):
                return found
            if strangers := not_an_agents(found[0], caller):
                return strangers
            for lease in found[0]:
                self._leases.object(tx, lease.holder, lease.scopes)
            self._leases.step(tx, found[0], Step.RENEW)
            renewed = (tx.leases.by_id(lease.id) for lease in found[0])
            return {"leases": [shapes.lease(lease) for lease in renewed if lease]}

        return self._desk.do(work, brief=True)


def numbered(queue: list[Waiter]) -> list[tuple[Waiter, int]]:
    """Each waiter with its position among those that wait for the same thing; 1 is next."""
    return [
        (
            each,
            1 + sum(touch(other.ask.scopes, each.ask.scopes) for other in queue[:index]),
        )
        for index, each in enumerate(queue)
    ]


async def _told(asked: Awaitable[Granted | Queued | Refusal]) -> Answer:
    outcome = await asked
    return outcome if isinstance(outcome, Refusal) else shapes.outcome(outcome)
