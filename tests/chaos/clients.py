"""What clients ask of the daemon: written down before it is asked and when answered. Here: a terminal."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from tests.chaos.history import Op, Outcome, Tie, Verb, write

Answer = dict[str, Any]
Ink = Callable[[bytes], object]

GONE = "daemon-unreachable"
_PERSON = re.compile(r".*\((.*)\)")


class Client:
    """Goes on when the daemon dies: it connects anew. ``more`` goes with whatever is asked."""

    tie = Tie.NOTHING

    def __init__(self, name: str, workspace: str, lasts_s: float, ink: Ink) -> None:
        self.client = name
        self.holder = name.partition(".")[0]
        self.lasts_s = lasts_s
        self.more: Answer = {}
        self.workspace = workspace
        self.ink = ink
        self.call: Call | None = None

    def hang_up(self) -> None:
        """The connection is over."""
        if self.call:
            self.call.line.close()
        self.call = None

    def asks(self, verb: Verb, **fields: Any) -> None:
        fields = {"holder": self.holder, "tie": self.tie, "lasts_s": self.lasts_s, **fields}
        self.ink(write(Op(client=self.client, verb=verb, began=time.monotonic(), **fields)))

    def told(self, outcome: Outcome, **more: Any) -> None:
        self.ink(write({"ended": time.monotonic(), "outcome": outcome, **more}))

    def told_of(self, answer: Answer) -> Sequence[Answer]:
        """Write down what the daemon said of leases and waiters; give the leases as it said them."""
        if answer.get("granted") is False:
            self.told(Outcome.QUEUED, ticket=answer["ticket"]["id"])
            return ()
        given: list[Answer] = answer.get("leases") or answer.get("released") or []
        given = [answer["lease"]] if "lease" in answer else given
        leases = [{**seen(each), "token": each["token"]} for each in given]
        self.told(Outcome.OK, leases=leases, waiters=[seen(each) for each in answer.get("waiters", ())])
        return given


class Terminal(Client):
    """Asks by the name that all its lives have."""

    def ask(self, *files: str, mode: str = "write", wait_s: float = 0.0) -> Sequence[Answer]:
        """All of them or none."""
        self.asks(Verb.ASK, resources=files, mode=mode)
        wanted = {"paths": files, "mode": mode, "ttl_s": self.lasts_s, "wait_s": wait_s, "as": self.holder}
        return self._request("lease.acquire", wanted)

    def let_go(self) -> None:
        """Of all that it has or waits for."""
        self.asks(Verb.LET_GO)
        self._request("lease.release", {"as": self.holder})

    def give(self, lease_id: str, holder: str = "") -> None:
        """Let go of one lease, whoever has it."""
        self.asks(Verb.LET_GO, ids=[lease_id], holder=holder or self.holder)
        self._request("lease.release", {"ids": [lease_id]})

    def give_all(self) -> None:
        """Let go of all there is, whoever has it, until everybody who waits has had their turn."""
        while leases := self.list():
            for each in leases:
                if each["holder"]["id"].startswith("cli:"):
                    self.give(each["id"], seen(each)["holder"])
                else:
                    self.take(each)

    def take(self, lease: Answer) -> None:
        """Take a lease from an agent or an editor, as a person may, and let go of it."""
        self.asks(Verb.LET_GO, ids=[lease["id"]], holder=seen(lease)["holder"])
        try:
            self.call = self.call or Call()
            wanted = {"workspace": self.workspace, "paths": lease["resources"], "reason": "to tidy up"}
            ours = self.call.request("lease.steal", wanted)["lease"]
        except ClientError:
            self.hang_up()
        else:
            self._request("lease.release", {"ids": [ours["id"]]})

    def renew(self, lease_id: str) -> None:
        """Keep one for another while."""
        self.asks(Verb.RENEW, ids=[lease_id])
        self._request("lease.renew", {"ids": [lease_id]})

    def list(self) -> Sequence[Answer]:
        """Who has what."""
        self.asks(Verb.LIST)
        return self._request("lease.list", {})

    def _request(self, method: str, params: Answer) -> Sequence[Answer]:
        try:
            self.call = self.call or Call()
            answer = self.call.request(method, {"workspace": self.workspace, **params, **self.more})
        except ClientError as error:
            if error.code == GONE:
                self.hang_up()
            else:
                self.told(Outcome.REFUSED, code=error.code)
            return ()
        return self.told_of(answer)


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
