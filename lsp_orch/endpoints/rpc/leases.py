"""The verbs of ``lsp-orch lease``.

Each call may say in ``pid`` and ``sessions`` where it comes from: an agent's is that agent's and not the
person's, so far as its session is here.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.grants import Ask, Granted, Queued, Waiter
from lsp_orch.domain.lease import Lease, Mode, State, Step
from lsp_orch.domain.scope import touch
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.lobby import Lobby
from lsp_orch.endpoints.owners import holder, not_an_agents, not_of
from lsp_orch.endpoints.params import optional, required, strings, words
from lsp_orch.endpoints.people import cli_id, named
from lsp_orch.endpoints.resources import Resources
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.services.callers import Callers
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Paths, SettingsOf
from lsp_orch.store.base import Tx

_LONGEST_S = 24 * 3600.0

_Method = Callable[[dict[str, Any], Caller], Answer | Awaitable[Answer]]


class LeaseMethods:
    """Translates ``lease.*`` calls."""

    def __init__(
        self,
        desk: Desk,
        lobby: Lobby,
        leases: Leases,
        claims: Claims,
        callers: Callers,
        paths: Paths,
        settings: SettingsOf,
    ) -> None:
        self._desk = desk
        self._callers = callers
        self._lobby = lobby
        self._leases = leases
        self._claims = claims
        self._paths = paths
        self._resources = Resources(paths)
        self._settings = settings

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "lease.acquire": self.acquire,
            "lease.release": self.release,
            "lease.renew": self.renew,
            "lease.check": self.check,
            "lease.list": self.list,
            "lease.steal": self.steal,
            "lease.handover": self.hand_over,
            "lease.downgrade": self.downgrade,
        }

    def acquire(self, params: dict[str, Any]) -> Answer | Awaitable[Answer]:
        """``{"paths", "workspace", "cwd", "as", "mode", "wait_s", "ttl_s", "reason"}`` to the outcome."""
        return self._by_caller(params, self._acquire)

    def release(self, params: dict[str, Any]) -> Answer | Awaitable[Answer]:
        """``{"ids"}`` (of leases or tickets) or ``{"as", "workspace"}`` to ``{"released": [Lease]}``.

        In another workspace the same name is somebody else's; an empty one is every workspace. With both,
        the ids must be that name's; without a name they may be whatever was taken on a command line, and an
        agent's own: an agent lets go of nothing that a person has.
        """
        return self._by_caller(params, self._release)

    def renew(self, params: dict[str, Any]) -> Answer | Awaitable[Answer]:
        """``{"ids"}`` to ``{"leases": [Lease]}``, each with its new end."""
        return self._by_caller(params, self._renew)

    async def check(self, params: dict[str, Any]) -> Answer:
        """``{"paths", "workspace", "cwd", "token"}`` to the token, when it is still the newest for each."""
        workspace = self._paths.canonical(required(params, "workspace", str), "/")
        token = required(params, "token", int)
        scopes = self._resources.read(strings(params, "paths"), workspace, optional(params, "cwd", workspace))
        if isinstance(scopes, Refusal):
            return scopes
        found = await self._desk.do(lambda tx: [self._leases.check(tx, each, token) for each in scopes])
        return next(filter(None, found), None) or {"token": token}

    async def list(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere) to ``{"leases", "waiters"}``."""
        workspace = self._workspace(params)
        leases, queue = await self._desk.do(
            lambda tx: (tx.leases.live(workspace), tx.waiters.waiting(workspace))
        )
        return {
            "leases": [shapes.lease(lease) for lease in leases],
            "waiters": [shapes.waiter(each, number) for each, number in numbered(queue)],
        }

    async def steal(self, params: dict[str, Any]) -> Answer:
        """The same as ``lease.acquire``, but for what others hold: they are told why, and may object.

        A claim adds ``"claim": {"until"}``: whoever is in the way loses it then, unless they object.
        """
        ask = self._asked(params, await self._caller(params))
        if isinstance(ask, Refusal):
            return ask
        if not ask.reason:
            raise Misuse(Code.BAD_REQUEST, "say why with --reason: the holder is told")
        outcome = await self._desk.do(lambda tx: self._claims.steal(tx, ask))
        return outcome if isinstance(outcome, Refusal) else shapes.outcome(outcome)

    async def hand_over(self, params: dict[str, Any]) -> Answer:
        """``{"id", "to"}`` to ``{"lease": Lease}``, which is now theirs."""
        lease_id, to = required(params, "id", str), words(params, "to", "")
        caller = await self._caller(params)

        def work(tx: Tx) -> Answer:
            lease = tx.leases.by_id(lease_id)
            if lease is None:
                return _no_lease(lease_id)
            if strangers := not_an_agents([lease], caller):
                return strangers
            heir = named(tx, to, lease.scopes)
            if heir is None:
                return Refusal(
                    code=Code.SESSION_NOT_FOUND,
                    message=f"nobody here is {to}: no session, no holder and nobody who waits",
                    hint="`lsp-orch status` shows the sessions, `lsp-orch lease list` who waits",
                )
            given = self._claims.hand_over(tx, lease, heir)
            return given if isinstance(given, Refusal) else {"lease": shapes.lease(given)}

        return await self._desk.do(work)

    async def downgrade(self, params: dict[str, Any]) -> Answer:
        """``{"ids"}`` to ``{"leases": [Lease]}``: their holders read on, and others may read beside them."""
        ids, caller = strings(params, "ids"), await self._caller(params)

        def work(tx: Tx) -> Answer:
            found = _find(tx, ids)
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
        ask = self._asked(params, caller)
        if isinstance(ask, Refusal):
            return ask
        return _told(self._lobby.acquire(ask, _seconds(params, "wait_s", 0.0)))

    def _release(self, params: dict[str, Any], caller: Caller) -> Awaitable[Answer]:
        ids, name, where = strings(params, "ids"), words(params, "as", ""), self._workspace(params)
        if not ids and not name:
            raise Misuse(Code.BAD_REQUEST, "name what to release: ids, or the holder with --as")

        def work(tx: Tx) -> Answer:
            found = _find(tx, ids)
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
            found = _find(tx, ids)
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

    def _by_caller(self, params: dict[str, Any], method: _Method) -> Answer | Awaitable[Answer]:
        """Do it at once where there is nothing to find out: one that does not say whence is a person's."""
        if params.get("pid") or params.get("sessions"):
            return self._once_known(params, method)
        return method(params, self._callers.person)

    async def _once_known(self, params: dict[str, Any], method: _Method) -> Answer:
        answer = method(params, await self._caller(params))
        return await answer if isinstance(answer, Awaitable) else answer

    async def _caller(self, params: dict[str, Any]) -> Caller:
        """Whose call it is."""
        pid, sessions = optional(params, "pid", 0), strings(params, "sessions")
        if not (pid or sessions):
            return self._callers.person
        agents = await self._desk.do(self._callers.agents)
        return await asyncio.to_thread(self._callers.identify, agents, pid, sessions)

    def _asked(self, params: dict[str, Any], caller: Caller) -> Ask | Refusal:
        workspace = self._paths.canonical(required(params, "workspace", str), "/")
        if not self._paths.is_folder(workspace):
            raise Misuse(Code.BAD_REQUEST, f"the workspace {workspace} is not there, or not any more")
        texts = strings(params, "paths")
        scopes = self._resources.read(texts, workspace, optional(params, "cwd", workspace))
        if isinstance(scopes, Refusal):
            return scopes
        return Ask(
            holder=holder(words(params, "as", ""), words(params, "user", "somebody"), caller),
            workspace=workspace,
            scopes=scopes,
            mode=_mode(params),
            reason=words(params, "reason", ""),
            ttl_s=_seconds(params, "ttl_s", self._settings(workspace).leases_ttl_s),
        )

    def _workspace(self, params: dict[str, Any]) -> str:
        where = optional(params, "workspace", "")
        return where and self._paths.canonical(where, "/")


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


def _find(tx: Tx, ids: list[str]) -> tuple[list[Lease], list[Waiter]] | Refusal:
    leases, waiters = [], []
    for each in dict.fromkeys(ids):
        if lease := tx.leases.by_id(each):
            leases.append(lease)
        elif waiter := tx.waiters.by_id(each):
            waiters.append(waiter)
        else:
            return _no_lease(each)
    return leases, waiters


def _no_lease(lease_id: str) -> Refusal:
    return Refusal(
        code=Code.LEASE_NOT_FOUND,
        message=f"there is no lease or ticket {lease_id}",
        hint="`lsp-orch lease list` shows what there is; it may have ended by itself",
    )


def _mode(params: dict[str, Any]) -> Mode:
    wanted = optional(params, "mode", Mode.WRITE.value)
    try:
        return Mode(wanted)
    except ValueError:
        raise Misuse(Code.BAD_REQUEST, f"mode must be write or read, not {wanted}") from None


def _seconds(params: dict[str, Any], name: str, default: float) -> float:
    """At most a day: beyond it, nobody means it."""
    value = optional(params, name, default)
    if not math.isfinite(value) or value < 0:
        raise Misuse(Code.BAD_REQUEST, f"{name} must be a number of seconds that is not negative")
    return min(value, _LONGEST_S)
