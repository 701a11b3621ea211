"""The hooks' address: who may ask, what is answered, and that no input keeps it from the next one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.daemon.gate import Gate
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.hooks import http
from lsp_orch.services.ports import Entry
from tests.endpoints.house import House

GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET\r\n\r\n",
    b"POST /hook HTTP/9.9\r\n\r\n",
    b"\r\n" * 9000,
    b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
    b"POST /hook HTTP/1.1\r\nX: " + b"a" * 20_000,
]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    document: Any


class Caller:
    """A client that says what a test wants it to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, entry: Entry) -> None:
        self._reader, self._writer = reader, writer
        self.host = entry.url.removeprefix("http://").removesuffix("/hook")
        self.token = entry.token

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def post(self, document: Any, **changed: str) -> None:
        """Ask as the client does; ``changed`` are headers."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {
            "Host": self.host,
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        } | changed
        method, target = headers.pop("method", "POST"), headers.pop("target", "/hook")
        lines = [
            f"{method} {target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items() if value),
        ]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def answer(self) -> Answer:
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split()[1]), headers, json.loads(body) if body else None)

    async def asks(self, document: Any, **changed: str) -> Answer:
        self.post(document, **changed)
        return await self.answer()

    async def closed(self) -> bytes:
        """What still comes, once the other side has hung up."""
        try:
            async with asyncio.timeout(10):
                return await self._reader.read()
        except ConnectionError:
            return b""

    def hang_up(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def call(entry: Entry) -> AsyncIterator[Caller]:
    host, _, port = entry.url.removeprefix("http://").removesuffix("/hook").partition(":")
    assert host == "127.0.0.1"
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Caller(reader, writer, entry)
    finally:
        writer.transport.abort()


@pytest.fixture
async def gate(house: House) -> AsyncIterator[Gate]:
    gate = Gate(house.judge, house.guests)
    await gate.open()
    yield gate
    gate.close()


def ruling(answer: Answer) -> tuple[str, str]:
    found = answer.document["hookSpecificOutput"]
    assert found["hookEventName"] == "PreToolUse"
    return found["permissionDecision"], found["permissionDecisionReason"]


async def test_what_may_happen_is_answered_with_a_document_and_the_connection_stays(
    house: House, gate: Gate
) -> None:
    async with call(gate.admit("s1")) as caller:
        for _ in range(3):
            answer = await caller.asks(house.tool("s1", house.file("a.py")))
            assert (answer.status, answer.document) == (200, {})
            assert answer.headers["content-type"] == "application/json"
    assert [lease.holder.id for lease in await house.live()] == ["s1"]


async def test_a_second_call_that_must_wait_is_refused_with_its_ticket(house: House, gate: Gate) -> None:
    path = house.file("a.py")
    await house.write("s9", path)
    async with call(gate.admit("s1")) as caller:
        first = await caller.asks(house.tool("s1", path))
        second = await caller.asks(house.tool("s1", path))
    [waiter] = await house.look(lambda tx: tx.waiters.waiting())
    assert [ruling(first)[0], ruling(second)[0]] == ["defer", "deny"]
    assert all(f"ticket {waiter.id}" in ruling(each)[1] for each in (first, second))
    ticket, reason = house.guests.put_off("s1")
    assert ticket == waiter.id
    assert reason.endswith("Claude Code s9 is working on it since 08:00 UTC")


@pytest.mark.parametrize(
    "told", [{"agent_id": "sub"}, {"agent_id": "sub", "hook_event_name": "SubagentStart"}]
)
async def test_a_call_beside_or_of_a_subagent_is_not_put_off(
    house: House, gate: Gate, told: dict[str, str]
) -> None:
    path = house.file("a.py")
    await house.write("s9", path)
    async with call(gate.admit("s1")) as caller:
        await caller.asks(house.tool("s1", path, **told))
        assert ruling(await caller.asks(house.tool("s1", path)))[0] == "deny"
        await caller.asks(house.tool("s1", path, agent_id="sub", hook_event_name="SubagentStop"))
        assert ruling(await caller.asks(house.tool("s1", path)))[0] == "defer"


async def test_what_one_holds_who_will_come_back_stays_after_its_session_has_ended(
    house: House, gate: Gate
) -> None:
    held, mine = house.file("a.py"), house.file("b.py")
    await house.write("s9", held)
    end = {"hook_event_name": "SessionEnd", "session_id": "s1", "cwd": str(house.root)}
    async with call(gate.admit("s1")) as caller:
        await caller.asks(house.tool("s1", mine))
        await caller.asks(house.tool("s1", held))
        await house.hook(end, pid=4711)
        await house.look(house.sessions.reap)
    assert {lease.holder.id for lease in await house.live()} == {"s1", "s9"}
    assert len(await house.look(lambda tx: tx.waiters.waiting())) == 1
    gate.dismiss("s1")
    await house.hook(end, pid=4711)
    assert {lease.holder.id for lease in await house.live()} == {"s9"}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer \xff\xfe"}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:1"}, 403),
        ({"method": "GET"}, 405),
        ({"target": "/elsewhere"}, 404),
        ({"Content-Length": str(1 << 40)}, 413),
    ],
    ids=str,
)
async def test_who_is_no_worker_of_ours_learns_nothing(
    house: House, gate: Gate, changed: dict[str, str], status: int
) -> None:
    async with call(gate.admit("s1")) as caller:
        answer = await caller.asks(house.tool("s1", house.file("a.py")), **changed)
        assert answer.status == status
        await caller.closed()
    assert await house.live() == []


async def test_a_token_speaks_for_its_own_session_only_and_only_while_that_works(
    house: House, gate: Gate
) -> None:
    path, entry = house.file("a.py"), gate.admit("s1")
    async with call(entry) as caller:
        word, reason = ruling(await caller.asks(house.tool("s2", path)))
        assert word == "deny"
        assert "not that of session 's2'" in reason
        gate.dismiss("s1")
        assert await caller.closed() == b""
    async with call(entry) as caller:
        assert (await caller.asks(house.tool("s1", path))).status == 401
    assert await house.live() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"session_id": 1}'])
async def test_what_is_no_event_is_refused_in_words(gate: Gate, body: bytes) -> None:
    async with call(gate.admit("s1")) as caller:
        answer = await caller.asks(body)
        assert answer.status == 200
        word, reason = ruling(answer)
        assert word == "deny"
        assert "[bad-request]" in reason


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_ends_its_own_connection_and_no_other(house: House, gate: Gate, data: bytes) -> None:
    entry = gate.admit("s1")
    async with call(entry) as good, call(entry) as bad:
        bad.send(data)
        said = await bad.closed()
        assert not said or said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
        assert (await good.asks(house.tool("s1", house.file("a.py")))).status == 200


async def test_a_question_that_grows_without_end_is_cut_off(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "FRAME_CAP", 1000)
    async with call(gate.admit("s1")) as caller:
        caller.post(b"", **{"Content-Length": "", "Transfer-Encoding": "chunked"})
        for _ in range(9):
            caller.send(b"ff\r\n" + b"x" * 255 + b"\r\n")
        assert (await caller.answer()).status == 413
        await caller.closed()


@pytest.mark.parametrize("begun", [b"", b"POST /hook HTTP/1.1\r\nHost:"], ids=["silent", "slow"])
async def test_who_never_ends_a_question_is_hung_up_on(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(http, "WHOLE_S", 0.05)
    async with call(gate.admit("s1")) as caller:
        caller.send(begun)
        assert (await caller.closed()).startswith(b"HTTP/1.1 408")


async def test_time_spent_waiting_for_the_verdict_or_the_next_question_is_not_the_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=1.5))
    gate = Gate(house.judge, house.guests)
    await gate.open()
    monkeypatch.setattr(http, "WHOLE_S", 1.0)
    path = house.file("a.py")
    await house.write("s9", path)
    async with call(gate.admit("s1")) as caller:
        assert ruling(await caller.asks(house.tool("s1", path)))[0] == "defer"
        await house.hook({"hook_event_name": "SessionEnd", "session_id": "s9", "cwd": str(house.root)})
        assert "permissionDecision" not in str((await caller.asks(house.tool("s1", path))).document)
    gate.close()
    await house.close()


async def test_a_dropped_connection_frees_who_waits_in_it(tmp_path: Path) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=600.0))
    gate = Gate(house.judge, house.guests)
    await gate.open()
    path = house.file("a.py")
    await house.write("s9", path)
    before = asyncio.all_tasks()
    async with call(gate.admit("s1")) as caller:
        caller.post(house.tool("s1", path))
        await house.until(lambda: len(house.lobby) == 1)
        waiting = asyncio.all_tasks() - before
        assert waiting
        caller.hang_up()
        async with asyncio.timeout(5):
            await asyncio.wait(waiting)
        assert all(each.cancelled() for each in waiting)
    gate.close()
    await house.close()


async def test_a_client_that_asks_again_before_it_was_answered_is_hung_up_on(tmp_path: Path) -> None:
    house = House(tmp_path / "ws", Settings(leases_hook_wait_s=600.0))
    gate = Gate(house.judge, house.guests)
    await gate.open()
    path = house.file("a.py")
    await house.write("s9", path)
    async with call(gate.admit("s1")) as caller:
        caller.post(house.tool("s1", path))
        await house.until(lambda: len(house.lobby) == 1)
        caller.post(house.tool("s1", path))
        assert await caller.closed() == b""
    gate.close()
    await house.close()


async def test_a_client_may_ask_whether_to_go_on_before_it_sends_a_large_body(
    house: House, gate: Gate
) -> None:
    body = json.dumps(house.tool("s1", house.file("a.py"))).encode()
    async with call(gate.admit("s1")) as caller:
        caller.post(b"", Expect="100-continue", **{"Content-Length": str(len(body))})
        assert (await caller.answer()).status == 100
        caller.send(body)
        assert (await caller.answer()).document == {}
