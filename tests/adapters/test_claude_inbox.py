"""What goes over a session's inbox socket, and what becomes of it when nobody reads there."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_orch.adapters.claude_inbox import ClaudeInbox
from lsp_orch.services.ports import Address


class Session:
    """Listens as a session does: it reads lines until nobody is there any more."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.lines: list[dict[str, object]] = []
        self.read = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.read()
        self.lines += [json.loads(line) for line in said.splitlines()]
        writer.close()
        self.read.set()


@pytest.fixture
async def session(short_root: Path) -> AsyncIterator[Session]:
    found = Session(short_root / "s.sock")
    server = await asyncio.start_unix_server(found.serve, found.socket)
    yield found
    server.close()


def address(socket: Path) -> Address:
    return Address(socket=str(socket), token="opens-it")  # noqa: S106 - of nothing real


async def test_the_token_goes_first_and_the_message_is_whole(session: Session) -> None:
    assert await ClaudeInbox().send(address(session.socket), "a.py is yours: é\n2 lines")
    await asyncio.wait_for(session.read.wait(), 5)
    assert session.lines == [
        {"type": "auth", "token": "opens-it"},
        {"type": "user", "message": {"role": "user", "content": "a.py is yours: é\n2 lines"}},
    ]


@pytest.mark.parametrize("name", ["gone.sock", "file", "", "a\0b"])
async def test_where_no_session_listens_nothing_is_sent(short_root: Path, name: str) -> None:
    (short_root / "file").write_text("no socket")
    assert not await ClaudeInbox().send(Address(socket=f"{short_root}/{name}", token=""), "news")


async def test_a_socket_that_a_session_has_left_behind_takes_nothing(short_root: Path) -> None:
    socket = short_root / "s.sock"
    server = await asyncio.start_unix_server(lambda *_: None, socket)
    server.close()
    await server.wait_closed()
    assert not await ClaudeInbox().send(address(socket), "news")


async def test_a_socket_of_another_user_is_told_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 12345)
    assert not await ClaudeInbox().send(address(session.socket), "news")
    assert session.lines == []


def test_the_token_is_never_shown() -> None:
    assert "opens-it" not in repr(address(Path("/s")))
