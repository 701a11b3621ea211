"""What a ``lease.*`` call asks for, and who asks.

Each call may say in ``pid`` and ``sessions`` where it comes from: an agent's is that agent's and not the
person's, so far as its session is here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.grants import Ask, Waiter
from lsp_orch.domain.lease import Lease, Mode
from lsp_orch.domain.scope import Scope
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.owners import holder
from lsp_orch.endpoints.params import optional, required, seconds, strings, words
from lsp_orch.endpoints.resources import Resources
from lsp_orch.endpoints.rpc.role import Answer
from lsp_orch.services.callers import Callers
from lsp_orch.services.ports import Paths, SettingsOf
from lsp_orch.store.base import Tx

_Method = Callable[[dict[str, Any], Caller], Answer | Awaitable[Answer]]


class LeaseRequests:
    """Reads the parameters that several calls have in common."""

    def __init__(self, desk: Desk, callers: Callers, paths: Paths, settings: SettingsOf) -> None:
        self._desk = desk
        self._callers = callers
        self._paths = paths
        self._resources = Resources(paths)
        self._settings = settings

    def by_caller(self, params: dict[str, Any], method: _Method) -> Answer | Awaitable[Answer]:
        """Do it at once where there is nothing to find out: one that does not say whence is a person's."""
        if params.get("pid") or params.get("sessions"):
            return self._once_known(params, method)
        return method(params, self._callers.person)

    async def caller(self, params: dict[str, Any]) -> Caller:
        """Whose call it is."""
        pid, sessions = optional(params, "pid", 0), strings(params, "sessions")
        if not (pid or sessions):
            return self._callers.person
        agents = await self._desk.do(self._callers.agents)
        return await asyncio.to_thread(self._callers.identify, agents, pid, sessions)

    def asked(self, params: dict[str, Any], caller: Caller) -> Ask | Refusal:
        """Read what is to be held, and for whom."""
        workspace = self.workspace(params)
        if not self._paths.is_folder(workspace):
            raise Misuse(Code.BAD_REQUEST, f"the workspace {workspace} is not there, or not any more")
        scopes = self.scopes(params, workspace)
        if isinstance(scopes, Refusal):
            return scopes
        return Ask(
            holder=holder(words(params, "as", ""), words(params, "user", "somebody"), caller),
            workspace=workspace,
            scopes=scopes,
            mode=_mode(params),
            reason=words(params, "reason", ""),
            ttl_s=seconds(params, "ttl_s", self._settings(workspace).leases_ttl_s),
        )

    def scopes(self, params: dict[str, Any], workspace: str) -> tuple[Scope, ...] | Refusal:
        """Read the ``paths``, as seen from ``cwd``."""
        return self._resources.read(strings(params, "paths"), workspace, optional(params, "cwd", workspace))

    def workspace(self, params: dict[str, Any]) -> str:
        """Read the one that must be named."""
        return self._paths.canonical(required(params, "workspace", str), "/")

    def somewhere(self, params: dict[str, Any]) -> str:
        """Read the one that may be named; empty is every workspace."""
        where = optional(params, "workspace", "")
        return where and self._paths.canonical(where, "/")

    async def _once_known(self, params: dict[str, Any], method: _Method) -> Answer:
        answer = method(params, await self.caller(params))
        return await answer if isinstance(answer, Awaitable) else answer


def find(tx: Tx, ids: list[str]) -> tuple[list[Lease], list[Waiter]] | Refusal:
    """The leases and the tickets of these ids, each once; all or none."""
    leases, waiters = [], []
    for each in dict.fromkeys(ids):
        if lease := tx.leases.by_id(each):
            leases.append(lease)
        elif waiter := tx.waiters.by_id(each):
            waiters.append(waiter)
        else:
            return no_lease(each)
    return leases, waiters


def no_lease(lease_id: str) -> Refusal:
    """Nothing here has that id."""
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
