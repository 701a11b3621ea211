"""A scripted Messages API on 127.0.0.1: real clients play turns that a test or the demo wrote.

with ScriptedModel() as model:
    model.play(tool("Write", file_path="/w/a", content="x"), text("done"), match="Task one")
    ...start claude with ANTHROPIC_BASE_URL=model.url...
    model.wait_for(lambda call: call.turn == 1)
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from lsp_orch.demo import messages_api
from lsp_orch.demo.messages_api import Call, Json
from lsp_orch.demo.messages_server import Server
from lsp_orch.demo.turns import Play, Turn, answer, text, tool

__all__ = ["Call", "Play", "ScriptedModel", "Turn", "answer", "text", "tool"]


class ScriptedModel:
    """The server; a context manager. What a turn's function raises is raised again at the end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: list[Call] = []
        self._scripts: list[_Script] = []
        self._server = Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._server.end()
        self._thread.join()
        if kind is None and self._server.failures:
            raise self._server.failures[0]

    @property
    def url(self) -> str:
        """What ``ANTHROPIC_BASE_URL`` must be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order of arrival."""
        with self._changed:
            return tuple(self._calls)

    def play(
        self,
        *turns: Play,
        match: str = "",
        session: str = "",
        repeat: bool = False,
        each_session: bool = False,
    ) -> None:
        """Add a script; the first one added that fits a call plays it.

        ``match`` is a regular expression searched in the conversation's first user text, ``session`` a
        session id; empty fits all. All calls that fit share one position, so a retried task goes on where
        the killed one stood; with ``each_session`` every session plays from the start. ``repeat`` plays the
        last turn for ever. A call that nothing is scripted for is answered with status 400.
        """
        script = _Script(re.compile(match, re.DOTALL), session, turns, repeat, each_session)
        with self._changed:
            self._scripts.append(script)

    def wait_for(self, wanted: Callable[[Call], bool], timeout_s: float = 30.0) -> Call:
        """Return the first call that is ``wanted``, at once or when it comes.

        Raises:
            TimeoutError: none came; the message lists those that did.
        """
        with self._changed:
            found = self._changed.wait_for(lambda: next(filter(wanted, self._calls), None), timeout_s)
            if found is None:
                seen = [(call.number, call.prompt[:60], call.turn, call.status) for call in self._calls]
                raise TimeoutError(f"no such call in {timeout_s} s; (number, prompt, turn, status): {seen}")
            return found

    def record(self, headers: Mapping[str, str], body: Json) -> tuple[Call, Play]:
        """Log a call and choose its turn (for the server)."""
        with self._changed:
            call = Call(number=len(self._calls), headers=messages_api.scrubbed(headers), body=body)
            script = next((each for each in self._scripts if each.fits(call)), None)
            index, play = script.next(call) if script else (-1, None)
            self._calls.append(replace(call, turn=index))
            self._changed.notify_all()
            return self._calls[-1], play or Turn(status=400, text=f"no turn is scripted for: {call.prompt}")

    def update(self, number: int, **changes: Any) -> None:
        """Note how far a call's answer has come (for the server)."""
        with self._changed:
            self._calls[number] = replace(self._calls[number], **changes)
            self._changed.notify_all()


@dataclass
class _Script:
    match: re.Pattern[str]
    session: str
    turns: tuple[Play, ...]
    repeat: bool
    each_session: bool
    played: dict[str, int] = field(default_factory=dict)

    def fits(self, call: Call) -> bool:
        return self.session in ("", call.session) and bool(self.match.search(call.prompt))

    def next(self, call: Call) -> tuple[int, Play | None]:
        player = call.session if self.each_session else ""
        index = self.played.get(player, 0)
        if index < len(self.turns):
            self.played[player] = index + 1
            return index, self.turns[index]
        return (index, self.turns[-1]) if self.repeat else (-1, None)
