"""News of leases, pushed to the connections that watch."""

from dataclasses import replace
from typing import Any

from lsp_orch.domain.events import (
    Event,
    ForeignWrite,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    ReapingFrozen,
    ReapingResumed,
    TaskChanged,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Ask, Waiter
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.rpc.role import RpcRole
from lsp_orch.endpoints.rpc.watch import EVENT, LeaseWatch
from lsp_orch.endpoints.view import LeaseView
from tests.fixtures.clock import START, FakeClock
from tests.fixtures.peers import FakePeer, Talk

ADA = Holder(id="ada", kind=Party.HUMAN, name="Ada")
FILE = (Scope(Kind.FILE, "/w/a.py"),)
LEASE = Lease(
    id="lease-1",
    token=7,
    mode=Mode.WRITE,
    state=State.HELD,
    workspace="/w",
    scopes=FILE,
    holder=ADA,
    reason="",
    ttl_s=60.0,
    acquired_at=START,
    expires_at=START + 60,
)


FOREIGN = ForeignWrite(
    path="/w/a.py",
    workspace="/w",
    by=Author(id="bot", name="Bot"),
    at=START,
    before="version-1",
    after="version-2",
    holders=(ADA,),
    readers=("other",),
)


def waiter(number: int) -> Waiter:
    ask = Ask(holder=ADA, workspace="/w", scopes=FILE, mode=Mode.WRITE, reason="", ttl_s=60.0)
    return Waiter(id=f"ticket-{number}", place=number, ask=ask, since=START, expires_at=None)


class Tower:
    """The watch behind its view, as the daemon wires it."""

    def __init__(self) -> None:
        self.view = LeaseView([], [])
        self.watch = LeaseWatch(FakeClock(), self.view)

    def happen(self, event: Event) -> None:
        self.view.on_event(event)
        self.watch.on_event(event)

    def talk(self) -> Talk:
        peer = FakePeer()
        return Talk(RpcRole(peer, self.watch.methods(peer)), peer)


def seen(talk: Talk) -> list[dict[str, Any]]:
    return [each["params"] for each in talk.peer.messages if each.get("method") == EVENT]


async def test_each_kind_of_event_comes_as_a_document() -> None:
    tower = Tower()
    talk = tower.talk()
    assert (await talk.ask("lease.watch", {"workspace": "/w"}))["result"] == {"watching": "/w"}
    tower.happen(LeaseGranted(lease=LEASE, ticket="ticket-9"))
    tower.happen(LeaseChanged(lease=LEASE))
    tower.happen(WaiterQueued(waiter=waiter(1)))
    tower.happen(WaiterQueued(waiter=waiter(2)))
    tower.happen(WaiterGone(waiter=waiter(1), why="withdrawn"))
    tower.happen(LeaseEnded(lease=LEASE, why="released"))
    tower.happen(TaskChanged(id="task-1", state="ready"))
    tower.happen(FOREIGN)
    tower.happen(replace(FOREIGN, by=Author(id="", name="somebody outside"), before="", after=""))
    events = seen(talk)
    kinds = ["granted", "changed", "queued", "queued", "gone", "ended", "foreign-write", "foreign-write"]
    assert [each["event"] for each in events] == kinds
    assert events[0]["ticket"] == "ticket-9"
    assert events[0]["lease"]["resources"] == ["a.py"]
    assert events[0]["at"] == "2027-01-15T08:00:00.000Z"
    assert [each["waiter"]["position"] for each in events[2:4]] == [1, 2]
    assert (events[4]["why"], events[5]["why"]) == ("withdrawn", "released")
    foreign, unknown = events[6:]
    assert foreign == {
        "event": "foreign-write",
        "at": "2027-01-15T08:00:00.000Z",
        "path": "a.py",
        "by": {"id": "bot", "name": "Bot"},
        "before": "version-1",
        "after": "version-2",
        "holders": [{"id": "ada", "kind": "human", "name": "Ada"}],
        "readers": ["other"],
    }
    assert (unknown["by"]["id"], unknown["before"], unknown["after"]) == (None, None, None)
    await talk.peer.end()


async def test_a_freeze_is_told_to_all_who_watch() -> None:
    tower = Tower()
    here, elsewhere = tower.talk(), tower.talk()
    for talk, workspace in ((here, "/w"), (elsewhere, "/other")):
        await talk.ask("lease.watch", {"workspace": workspace})
    tower.happen(ReapingFrozen(until=START + 120, why="the machine slept for 9 s"))
    tower.happen(ReapingResumed())
    at = "2027-01-15T08:00:00.000Z"
    until = "2027-01-15T08:02:00.000Z"
    for talk in (here, elsewhere):
        assert seen(talk) == [
            {"event": "reaping-frozen", "at": at, "until": until, "why": "the machine slept for 9 s"},
            {"event": "reaping-resumed", "at": at},
        ]
        await talk.peer.end()


async def test_only_the_watched_workspace_is_told_of() -> None:
    tower = Tower()
    here, elsewhere, everywhere = tower.talk(), tower.talk(), tower.talk()
    for talk, workspace in ((here, "/w"), (elsewhere, "/other"), (everywhere, "")):
        await talk.ask("lease.watch", {"workspace": workspace})
    tower.happen(LeaseChanged(lease=LEASE))
    assert [len(seen(each)) for each in (here, elsewhere, everywhere)] == [1, 0, 1]
    for talk in (here, elsewhere, everywhere):
        await talk.peer.end()


async def test_a_connection_that_ended_is_told_nothing_and_forgotten() -> None:
    tower = Tower()
    talk = tower.talk()
    await talk.ask("lease.watch", {})
    await talk.peer.end()
    tower.happen(LeaseChanged(lease=LEASE))
    assert not seen(talk)
