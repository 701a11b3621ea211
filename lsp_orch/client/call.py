"""A blocking JSON-RPC client, for the command line."""

import json
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import frame
from lsp_orch.client.places import here


class Call:
    """One connection to the daemon, which is started unless ``start`` says no."""

    def __init__(self, role: str = "cli", *, start: bool = True) -> None:
        self.line = connect(role, start=start)
        self._news: deque[tuple[str, Any]] = deque()
        self._asked = 0
        self._since = time.monotonic()

    @property
    def age_s(self) -> float:
        """How long ago it was made."""
        return time.monotonic() - self._since

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.line.close()

    def request(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Ask and wait for the result; a refusal is raised as a ClientError with its code and hint."""
        self._asked += 1
        message = {"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params or {}}
        try:
            self.line.write(frame(json.dumps(message).encode()))
        except OSError as error:
            raise _gone() from error
        while True:
            answer = self._read()
            if answer is None:
                raise _gone()
            if "method" in answer:
                self._news.append((answer["method"], answer.get("params")))
            elif "error" in answer:
                raise _refusal(answer["error"])
            elif answer.get("id") == self._asked:
                return answer.get("result")

    def notifications(self) -> Iterator[tuple[str, Any]]:
        """Give each notification's method and params as it comes, until the daemon hangs up."""
        while True:
            while self._news:
                yield self._news.popleft()
            message = self._read()
            if message is None:
                return
            if "method" in message:
                self._news.append((message["method"], message.get("params")))

    def _read(self) -> dict[str, Any] | None:
        try:
            got = self.line.next()
        except OSError:
            return None  # killed: the same end as a closed connection
        if got is None:
            return None
        message: dict[str, Any] = json.loads(got[1])
        return message


def _refusal(error: dict[str, Any]) -> ClientError:
    data = error.get("data") or {}
    return ClientError(data.get("code", "internal"), error["message"], data.get("hint", ""))


def _gone() -> ClientError:
    return ClientError(
        "daemon-unreachable", "The lsp-orch daemon went away before it answered", f"Its log is {here().log}."
    )
