"""The parts of our MCP server: its lines, its tools, and whose each call is."""

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lsp_orch.domain.caller import Process
from lsp_orch.endpoints.mcp import conversation
from lsp_orch.endpoints.mcp.lines import Lines
from lsp_orch.endpoints.mcp.role import McpRole
from lsp_orch.endpoints.mcp.site import Site
from lsp_orch.endpoints.mcp.tools import TOOLS, misfit
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.endpoints.rpc.role import Answer
from lsp_orch.endpoints.wire import Hello, Stream
from lsp_orch.services.callers import Callers
from tests.endpoints.house import House
from tests.fixtures.peers import FakePeer

HANDSHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "a \n client", "version": "1"},
}


# --- lines ---


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_are_whole_however_the_bytes_come(size: int) -> None:
    lines, said = Lines(), b'{"a": 1}\n\n  \r\n{"b":\xff2}\r\nrest'
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    assert [each for piece in pieces for each in lines.feed(piece)] == [b'{"a": 1}', b'{"b":\xff2}\r']
    assert list(lines.feed(b"\n")) == [b"rest"]


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_line_that_is_too_long_is_told_once_and_skipped(size: int) -> None:
    lines, said = Lines(cap=10), b"1234567890\n" + b"x" * 35 + b"\nnext\n"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    assert [each for piece in pieces for each in lines.feed(piece)] == [b"1234567890", None, b"next"]


# --- tools ---


def test_no_tool_takes_what_says_who_calls() -> None:
    for each in TOOLS:
        assert not {"pid", "sessions", "workspace", "cwd", "as", "user", "session"} & set(each.takes), (
            each.name
        )


def test_arguments_that_a_tool_does_not_know_or_lacks_are_named() -> None:
    [send] = [each for each in TOOLS if each.name == "send_message"]
    assert misfit(send, {"to": "s1", "text": "x"}) is None
    lacking, unknown = misfit(send, {"to": "s1"}), misfit(send, {"to": "s1", "text": "x", "from": "ann"})
    assert lacking
    assert unknown
    assert (lacking.message, unknown.message) == (
        "send_message needs text",
        "send_message does not know from",
    )


# --- a conversation ---


class Client(FakePeer):
    """An agent's client, whose process is 99."""

    def __init__(self, house: House, methods: dict[str, Any]) -> None:
        super().__init__(Hello(role="mcp", pid=1, process=99, cwd=str(house.root)))
        callers = Callers(house.paths, lambda pid: house.above.get(pid, ()), "ann")
        requests = LeaseRequests(house.desk, callers, house.paths, house.settings_of)
        site = Site(house.desk, requests, house.sessions, house.paths, self.hello, "mcp-1")
        self.role = McpRole(self, methods, site, "1.2.3")
        self._number = 0

    def write(self, frame: bytes) -> None:
        assert frame.endswith(b"\n")
        self.messages.append(json.loads(frame))
        self._news.set()

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        self._number += 1
        self.role.feed(
            json.dumps({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}).encode()
        )
        self.role.feed(b"\n")
        return await self.answer(self._number)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        result: dict[str, Any] = answer["result"]
        return result


class Spy:
    """A method that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, params: dict[str, Any]) -> Answer:
        self.asked.append(params)
        return {"fine": True}


def broken(_: dict[str, Any]) -> Answer:
    raise ZeroDivisionError


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
async def client(house: House, spy: Spy) -> AsyncIterator[Client]:
    assert conversation.__name__ in sys.modules, "imported before anything is timed"
    client = Client(house, {"status": spy, "lease.list": spy, "vault.add": broken})
    assert (await client.ask("initialize", HANDSHAKE))["result"]["serverInfo"]["version"] == "1.2.3"
    yield client
    client.role.lost(clean=False)
    await client.end()


async def test_a_call_says_by_processes_who_makes_it(client: Client, house: House, spy: Spy) -> None:
    house.processes.running[41] = 5.0
    house.above[99] = (Process(pid=99, started=9.0), Process(pid=41, started=5.0))
    await house.hook({"hook_event_name": "Stop", "session_id": "s1", "cwd": "/"}, pid=41)
    assert await client.call("status") == {
        "content": [{"type": "text", "text": '{"fine": true}'}],
        "structuredContent": {"fine": True},
        "isError": False,
    }
    assert spy.asked == [{"workspace": str(house.root), "cwd": str(house.root), "pid": 99}]
    assert [each.id for each in await house.look(lambda tx: tx.sessions.all())] == ["s1"]


async def test_who_is_no_session_is_an_agent_of_its_own_until_it_leaves(client: Client, house: House) -> None:
    house.processes.running[99] = 9.0
    house.above[99] = (Process(pid=99, started=9.0),)
    await client.call("lease_list")
    await client.call("lease_list")
    [session] = await house.look(lambda tx: tx.sessions.all())
    assert (session.id, session.kind, session.name, session.pid) == ("mcp-1", "agent", "a client (MCP)", 99)
    client.role.lost(clean=False)
    assert await house.look(lambda tx: tx.sessions.all()) == []


async def test_what_has_not_landed_yet_and_what_breaks_are_answered(client: Client) -> None:
    for tool, arguments, code in (
        ("plan_propose", {"goal": "x"}, "unknown-method"),
        ("vault_add", {"title": "x"}, "internal"),
        ("status", {"x": 1}, "bad-request"),
    ):
        result = await client.call(tool, **arguments)
        assert result["isError"]
        assert result["structuredContent"]["error"]["code"] == code
        assert result["structuredContent"]["error"]["hint"]
    assert (await client.ask("tools/call", {"name": "fly"}))["error"]["data"]["code"] == "unknown-method"
    assert (await client.ask("no/such"))["error"]["code"] == -32601


async def test_the_end_comes_after_the_last_answer(client: Client) -> None:
    client.role.feed(b'{"jsonrpc": "2.0", "id": 7, "method": "tools/list"}\n')
    client.role.feed(b"")
    assert (await client.answer(7))["result"]["tools"]
    await client.idle()
    assert client.closed


async def test_a_client_that_asks_without_end_is_sent_away(house: House) -> None:
    client = Client(house, {})
    client.role.feed(b'{"jsonrpc": "2.0", "method": "x"}\n' * 1001)
    assert client.closed
    await client.end()


def test_the_role_takes_bytes() -> None:
    assert issubclass(McpRole, Stream)
