"""Leases of the daemon: rules, events, tokens and all."""

import itertools
import json
from pathlib import Path
from typing import Any

from talk import whole

from locks.wire import ask
from lsp_orch.client.connect import connect
from lsp_orch.client.line import frame

_numbers = itertools.count()
_LEASE = b'"id":"lease-'
_ANY = "lease-000000000000"  # as long as every id of a lease


class Ours:
    """A connection as the command line makes it, which leases a file for a holder of its own."""

    def __init__(self, repository: Path, file: str = "") -> None:
        number = next(_numbers)
        self.name = f"bench-{number}"
        self._repository = str(repository)
        self._file = file or f"file{number}.py"
        self.sock = connect("cli").socket
        self._take, self._give = self.wait(0.0), _request("lease.release", {"ids": [_ANY]})

    def acquire(self) -> bytes:
        """Ask for the file."""
        return self._take

    def wait(self, wait_s: float) -> bytes:
        """Ask for the file, and wait for it if it is held."""
        wanted = {"workspace": self._repository, "paths": [self._file], "as": self.name, "wait_s": wait_s}
        return _request("lease.acquire", wanted)

    def release(self, answer: bytes) -> bytes:
        """Give back what was granted, by its id."""
        at = answer.find(_LEASE)
        if at < 0:
            raise RuntimeError(f"a free file was not granted: {answer!r}")
        start = at + len(b'"id":"')
        return self._give.replace(_ANY.encode(), answer[start : start + len(_ANY)])

    def whole(self, data: bytes) -> bool:
        """Whether an answer has come to its end."""
        return whole(data)

    def call(self, method: str, **params: Any) -> Any:
        """Ask anything else; KeyError when it is refused."""
        return json.loads(ask(self, _request(method, params)).partition(b"\r\n\r\n")[2])["result"]


def _request(method: str, params: dict[str, Any]) -> bytes:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return frame(json.dumps(message, separators=(",", ":")).encode())
