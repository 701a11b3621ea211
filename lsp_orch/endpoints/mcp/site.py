"""Who calls a tool, and from where: by processes, never by what the call says."""

from typing import Any

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.lease import Party
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.mcp.tools import Tool
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.endpoints.wire import Hello
from lsp_orch.services.ports import Paths
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx


class Site:
    """One connection's. ``session_id`` is what its client is known by when it is no session that is here.

    Whoever calls tools is an agent: one that has none of our hooks is not taken for the person.
    """

    def __init__(
        self,
        desk: Desk,
        requests: LeaseRequests,
        sessions: Sessions,
        paths: Paths,
        hello: Hello,
        session_id: str,
    ) -> None:
        self._desk = desk
        self._requests = requests
        self._sessions = sessions
        self._paths = paths
        self._cwd = hello.cwd or "/"
        self._pid = hello.process or hello.pid
        self._session_id = session_id
        self._registered = False

    async def params(self, tool: Tool, arguments: dict[str, Any], client: str) -> dict[str, Any]:
        """What the tool's method is to be asked; ``client`` is what the caller's program calls itself."""
        cwd = self._paths.canonical(self._cwd, "/")
        checkout = self._paths.workspace(cwd) or cwd
        caller = await self._requests.caller({"pid": self._pid})
        if caller.person:
            await self._desk.do(lambda tx: self._register(tx, client, checkout))
        workspace = (
            checkout if tool.at_work else await self._desk.do(lambda tx: _home(tx, caller)) or checkout
        )
        return {**arguments, **tool.given, "workspace": workspace, "cwd": cwd, "pid": self._pid}

    def left(self) -> None:
        """The client has gone."""
        if self._registered:
            self._desk.do(lambda tx: self._sessions.left(tx, self._session_id))

    def _register(self, tx: Tx, client: str, checkout: str) -> None:
        name = f"{' '.join(client.split())[:40] or 'an MCP client'} (MCP)"
        self._sessions.register(tx, self._session_id, Party.AGENT, name, checkout, self._pid)
        self._registered = True


def _home(tx: Tx, caller: Caller) -> str:
    """The workspace of the task that the caller works on."""
    return next((each.workspace for each in tx.tasks.engaged() if each.session_id == caller.session), "")
