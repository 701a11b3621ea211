"""What terminals, agents and editors ask of the daemon: written down before it is asked and when answered."""

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from lsp_orch.client.call import Call
from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import frame
from tests.chaos.history import NEVER, Death, Op, Outcome, Tie, Verb, write

Answer = dict[str, Any]
Ink = Callable[[bytes], object]

_GONE = "daemon-unreachable"
_REQUEST = "lspOrch.lease.request"
_TICKET = re.compile(r"ticket ([\w-]+)")
_PERSON = re.compile(r".*\((.*)\)")
_REFUSED = 2


class Client:
    """Goes on when the daemon dies: it connects anew. ``more`` goes with whatever is asked."""

    tie = Tie.NOTHING

    def __init__(self, name: str, workspace: str, lasts_s: float, ink: Ink) -> None:
        self.client = name
        self.holder = name.partition(".")[0]
        self.lasts_s = lasts_s
        self.more: Answer = {}
        self._workspace = workspace
        self._ink = ink
        self._call: Call | None = None

    def hang_up(self) -> None:
        """The connection is over."""
        if self._call:
            self._call.line.close()
        self._call = None

    def _asks(self, verb: Verb, **fields: Any) -> None:
        fields = {"holder": self.holder, "tie": self.tie, "lasts_s": self.lasts_s, **fields}
        self._ink(write(Op(client=self.client, verb=verb, began=time.monotonic(), **fields)))

    def _told(self, outcome: Outcome, **more: Any) -> None:
        self._ink(write({"ended": time.monotonic(), "outcome": outcome, **more}))

    def _told_of(self, answer: Answer) -> Sequence[Answer]:
        """Write down what the daemon said of leases and waiters; give the leases as it said them."""
        if answer.get("granted") is False:
            self._told(Outcome.QUEUED, ticket=answer["ticket"]["id"])
            return ()
        given: list[Answer] = answer.get("leases") or answer.get("released") or []
        given = [answer["lease"]] if "lease" in answer else given
        leases = [{**seen(each), "token": each["token"]} for each in given]
        self._told(Outcome.OK, leases=leases, waiters=[seen(each) for each in answer.get("waiters", ())])
        return given


class Terminal(Client):
    """Asks by the name that all its lives have."""

    def ask(self, *files: str, mode: str = "write", wait_s: float = 0.0) -> Sequence[Answer]:
        """All of them or none."""
        self._asks(Verb.ASK, resources=files, mode=mode)
        wanted = {"paths": files, "mode": mode, "ttl_s": self.lasts_s, "wait_s": wait_s, "as": self.holder}
        return self._request("lease.acquire", wanted)

    def let_go(self) -> None:
        """Of all that it has or waits for."""
        self._asks(Verb.LET_GO)
        self._request("lease.release", {"as": self.holder})

    def give(self, lease_id: str, holder: str = "") -> None:
        """Let go of one lease, whoever has it."""
        self._asks(Verb.LET_GO, ids=[lease_id], holder=holder or self.holder)
        self._request("lease.release", {"ids": [lease_id]})

    def give_all(self) -> None:
        """Let go of all there is, whoever has it, until everybody who waits has had their turn."""
        while leases := self.list():
            for each in leases:
                self.give(each["id"], seen(each)["holder"])

    def renew(self, lease_id: str) -> None:
        """Keep one for another while."""
        self._asks(Verb.RENEW, ids=[lease_id])
        self._request("lease.renew", {"ids": [lease_id]})

    def list(self) -> Sequence[Answer]:
        """Who has what."""
        self._asks(Verb.LIST)
        return self._request("lease.list", {})

    def _request(self, method: str, params: Answer) -> Sequence[Answer]:
        try:
            self._call = self._call or Call()
            answer = self._call.request(method, {"workspace": self._workspace, **params, **self.more})
        except ClientError as error:
            if error.code == _GONE:
                self.hang_up()
            else:
                self._told(Outcome.REFUSED, code=error.code)
            return ()
        return self._told_of(answer)


class Agent(Client):
    """A session of Claude Code, told of by its hooks; its process is this one."""

    tie = Tie.PROCESS

    def __init__(self, name: str, workspace: str, lasts_s: float, ink: Ink) -> None:
        super().__init__(name, workspace, lasts_s, ink)
        self._lives = count()
        self._begin()

    def write(self, file: str) -> None:
        """Before it is written."""
        self._asks(Verb.ASK, resources=[file])
        exit_code, text = self._tell("PreToolUse", file)
        if exit_code == 0:
            self._told(Outcome.OK, leases=[{"holder": self.holder, "resources": [file]}])
        elif exit_code == _REFUSED and (ticket := _TICKET.search(text)):
            self._told(Outcome.QUEUED, ticket=ticket[1])
        elif exit_code == _REFUSED:
            self._told(Outcome.REFUSED, code=text[:80])

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
        self._asks(verb, **fields)
        if self._tell(event, file)[0] == 0:
            self._told(Outcome.OK)

    def _tell(self, event: str, file: str) -> tuple[int | None, str]:
        """The verdict; None when none came, or the daemon could not judge."""
        document = {"hook_event_name": event, "session_id": self.holder, "cwd": self._workspace, **self.more}
        document |= {"tool_name": "Edit", "tool_input": {"file_path": f"{self._workspace}/{file}"}}
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


class Editor(Client):
    """Somebody's editor. Its holder is its connection, whose name nobody else has."""

    tie = Tie.CONNECTION

    def __init__(self, name: str, workspace: str, ink: Ink) -> None:
        super().__init__(name, workspace, NEVER, ink)  # what is unsaved stays
        self._lives = count()
        self._typed = count()
        self.open: set[str] = set()

    def type(self, file: str) -> None:
        """Type into a file, and ask whether it is ours by that."""
        self._dial()
        self._asks(Verb.ASK, resources=[file])
        if self._notify(*self._change(file)):
            self.open.add(file)
            wanted = {"command": _REQUEST, "arguments": [self._uri(file)]}
            self._request("workspace/executeCommand", wanted)

    def save(self, file: str) -> None:
        """What was typed is in the file."""
        self._let_go("textDocument/didSave", file)

    def close(self, file: str) -> None:
        """And is seen no more."""
        self._let_go("textDocument/didClose", file)
        self.open.discard(file)

    def vanish(self) -> None:
        """Without a goodbye."""
        self._ink(write(Death(who=self.holder, at=time.monotonic(), gone=NEVER)))
        self.hang_up()

    def hang_up(self) -> None:
        """The next window shows nothing yet."""
        super().hang_up()
        self.open.clear()

    def _dial(self) -> None:
        if self._call:
            return
        self.holder = f"{self.client}-{next(self._lives)}"
        root, info = f"file://{self._workspace}", {"name": self.holder}
        try:
            self._call = Call("editor")
        except ClientError:
            return
        if self._request(
            "initialize", {"processId": None, "rootUri": root, "capabilities": {}, "clientInfo": info}
        ):
            self._notify("initialized", {})

    def _change(self, file: str) -> tuple[str, Answer]:
        text, document = f"typed {next(self._typed)}", {"uri": self._uri(file), "version": 2}
        if file in self.open:
            changed = {"textDocument": document, "contentChanges": [{"text": text}]}
            return "textDocument/didChange", changed
        opened = {**document, "languageId": "plaintext", "text": text}
        return "textDocument/didOpen", {"textDocument": opened}

    def _let_go(self, method: str, file: str) -> None:
        self._asks(Verb.LET_GO, resources=[file])
        self._notify(method, {"textDocument": {"uri": self._uri(file)}})

    def _request(self, method: str, params: Answer) -> bool:
        """Whether it was answered; an answer that speaks of a lease or a ticket is written down."""
        assert self._call
        try:
            answer = self._call.request(method, params)
        except ClientError as error:
            if error.code == _GONE:
                self.hang_up()
            return False
        if "granted" in answer:
            self._told_of(answer)
        return True

    def _notify(self, method: str, params: Mapping[str, Any]) -> bool:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **self.more}
        try:
            if self._call:
                self._call.line.write(frame(json.dumps(message).encode()))
        except OSError:
            self.hang_up()
        return self._call is not None

    def _uri(self, file: str) -> str:
        return f"file://{self._workspace}/{file}"


def seen(document: Answer) -> Answer:
    """A lease or a waiter as a history has it; a person goes by the name of the editor."""
    holder = document["holder"]
    person = _PERSON.fullmatch(holder["name"])
    name = person[1] if person and holder["kind"] == "human" else holder["id"].removeprefix("cli:")
    return {
        "holder": name,
        "resources": document["resources"],
        "mode": document["mode"],
        "id": document["id"],
    }
