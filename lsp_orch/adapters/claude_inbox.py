"""The inbox socket of a Claude Code session: how a message gets into one that a person runs."""

import asyncio
import contextlib
import json
import os
import stat
from pathlib import Path

from lsp_orch.services.ports import Address

_LIMIT_S = 2.0


class ClaudeInbox:
    """The port ``Messenger``: two lines of JSON, the first of which shows that we may speak.

    The session says nothing in return: a message that its user's settings refuse is dropped there without
    a word, and one that it takes shows up as a prompt of its own. On Windows, where it is a pipe, and
    before version 2.1.224 there is no such socket.
    """

    async def send(self, to: Address, text: str) -> bool:
        """Write the message; whether something of ours listened there."""
        if not _ours(to.socket):
            return False
        try:
            async with asyncio.timeout(_LIMIT_S):
                _, writer = await asyncio.open_unix_connection(to.socket)
                with contextlib.closing(writer):
                    writer.write(_lines(to.token, text))
                    await writer.drain()
        except (OSError, TimeoutError):
            return False
        return True


def _lines(token: str, text: str) -> bytes:
    said = (
        {"type": "auth", "token": token},
        {"type": "user", "message": {"role": "user", "content": text}},
    )
    return b"".join(json.dumps(each).encode() + b"\n" for each in said)


def _ours(path: str) -> bool:
    """Whether it is a socket of this user: nobody else is told what goes on here."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid()
