"""An agent, as its hooks tell of it."""

import json
import os
import re
from itertools import count
from typing import Any

from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import frame
from tests.chaos.clients import Client, Ink
from tests.chaos.history import Outcome, Tie, Verb

_TICKET = re.compile(r"ticket ([\w-]+)")
_REFUSED = 2


class Agent(Client):
    """A session of Claude Code, told of by its hooks; its process is this one."""

    tie = Tie.PROCESS

    def __init__(self, name: str, workspace: str, lasts_s: float, ink: Ink) -> None:
        super().__init__(name, workspace, lasts_s, ink)
        self._lives = count()
        self._begin()

    def write(self, file: str) -> None:
        """Before it is written."""
        self.asks(Verb.ASK, resources=[file])
        exit_code, text = self._tell("PreToolUse", file)
        if exit_code == 0:
            self.told(Outcome.OK, leases=[{"holder": self.holder, "resources": [file]}])
        elif exit_code == _REFUSED and (ticket := _TICKET.search(text)):
            self.told(Outcome.QUEUED, ticket=ticket[1])
        elif exit_code == _REFUSED:
            self.told(Outcome.REFUSED, code=text[:80])

    def wrote(self, file: str) -> None:
        """After it was written."""
        self._sign("PostToolUse", Verb.RENEW, file)

    def hear(self) -> None:
        """A prompt."""
        self._sign("UserPromptSubmit", Verb.RENEW)

    def stop(self, stopped_s: float) -> None:
        """The turn is over."""
        self._sign("Stop", Verb.FADE, lasts_s=stopped_s)

    def end(self) -> None:
        """The session is over; another begins."""
        self._sign("SessionEnd", Verb.LET_GO, for_good=True)
        self._begin()

    def _begin(self) -> None:
        self.holder = f"{self.client}-{next(self._lives)}"

    def _sign(self, event: str, verb: Verb, file: str = "any", **fields: Any) -> None:
        self.asks(verb, **fields)
        if self._tell(event, file)[0] == 0:
            self.told(Outcome.OK)

    def _tell(self, event: str, file: str) -> tuple[int | None, str]:
        """The verdict; None when none came, or the daemon could not judge."""
        document = {"hook_event_name": event, "session_id": self.holder, "cwd": self.workspace, **self.more}
        document |= {"tool_name": "Edit", "tool_input": {"file_path": f"{self.workspace}/{file}"}}
        question = frame(json.dumps(document).encode())
        try:
            line = connect("hook", pid=os.getpid(), mode="advise", after=question)
        except ClientError:
            return None, ""
        try:
            answer = line.next()
        except OSError:
            answer = None
        finally:
            line.close()
        if answer is None or b'"lsp-orch: [' in answer[1]:
            return None, ""
        return int(answer[0][b"exit-code"]), answer[1].decode()
