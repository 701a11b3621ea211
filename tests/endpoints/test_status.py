"""What `status` tells, and what the daemon tries for the doctor."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.news import News
from lsp_orch.domain.errors import Code, Misuse, Refusal, Unavailable
from lsp_orch.domain.grants import Ask
from lsp_orch.domain.lease import Holder, Mode, Party
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.vigil import alarm, begin
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.rpc.status import Daemon, Parts, StatusMethods
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.health import Health
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START, FakeClock, FakeProcesses, SerialIds, moment

Document = dict[str, Any]


class Room:
    """A store, what is live in it, and what the other parts say."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.view = LeaseView([], [])
        self.store_name = "sqlite:///x.db"
        self.vigil = begin(moment(self.clock))
        self.notes: Callable[[str], int] = len
        self.tries: dict[str, Callable[[str], str]] = {}
        self._store = SqliteStore()
        news = News()
        news.subscribe(Hub(self.view).on_event)
        self.desk = Desk(self._store, news.publish)
        self.leases = Leases(self.clock, SerialIds(), lambda _: Settings())
        self.sessions = Sessions(self.clock, FakeProcesses(), self.leases)

    def methods(self) -> StatusMethods:
        daemon = Daemon(version="1.2.3", pid=42, started=START, store=self.store_name)
        parts = Parts(
            tasks=lambda _: {"running": 2}, notes=self.notes, tries=self.tries, vigil=lambda: self.vigil
        )
        return StatusMethods(daemon, parts, self.desk, self.view, self.clock)

    async def status(self, workspace: str = "") -> Document:
        return _document(await self.methods().status({"workspace": workspace}))

    async def checks(self, workspace: str = "") -> dict[str, Document]:
        answer = _document(await self.methods().doctor({"workspace": workspace}))
        return {each["name"]: each for each in answer["checks"]}

    async def close(self) -> None:
        await self.desk.close()
        self._store.close()


def _document(answer: Document | Refusal) -> Document:
    assert not isinstance(answer, Refusal)
    return answer


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    await room.close()


async def test_status_of_an_empty_daemon_has_contracts_shape(room: Room) -> None:
    room.clock.advance(90.5)
    assert await room.status("/abc") == {
        "version": "1.2.3",
        "daemon": {"pid": 42, "uptime_s": 90.5, "store": "sqlite:///x.db"},
        "sessions": [],
        "leases": [],
        "tasks": {"running": 2},
        "holds": [],
        "notices": [],
        "dispatcher": {"paused": []},
        "vault": {"notes": 4},
        "reaper": {"frozen_until": None, "why": ""},
    }


async def test_status_shows_who_is_here_and_what_they_hold(room: Room) -> None:
    def work(tx: Tx) -> None:
        room.sessions.seen(tx, "s1", Party.AGENT, "Ada", "/w", 0)
        holder = Holder(id="s1", kind=Party.AGENT, name="Ada", session="s1")
        scopes = (Scope(Kind.FILE, "/w/a.py"),)
        ask = Ask(holder=holder, workspace="/w", scopes=scopes, mode=Mode.WRITE, reason="Edit", ttl_s=60.0)
        room.leases.acquire(tx, ask)

    await room.desk.do(work)
    told = await room.status()
    assert [(each["id"], each["name"]) for each in told["sessions"]] == [("s1", "Ada")]
    assert [(each["resources"], each["workspace"]) for each in told["leases"]] == [(["a.py"], "/w")]


async def test_an_unreadable_vault_hides_nothing_else(room: Room) -> None:
    def unreadable(_: str) -> int:
        raise Unavailable(Code.NOTE_UNREADABLE, "vault is a file")

    room.notes = unreadable
    told = await room.status()
    assert told["vault"] == {"notes": 0, "error": "vault is a file"}
    assert told["tasks"] == {"running": 2}


async def test_the_store_is_written_and_read_back(room: Room) -> None:
    check = (await room.checks())["store"]
    assert check == {
        "name": "store",
        "ok": True,
        "status": "ok",
        "detail": "sqlite:///x.db is sound, written and read back",
        "mend": "",
    }


@pytest.mark.parametrize(
    ("method", "result", "said"),
    [("damage", ["row 3 is missing"], "row 3 is missing"), ("remembers", False, "it forgets")],
)
async def test_an_ill_store_fails_its_check(
    room: Room, monkeypatch: pytest.MonkeyPatch, method: str, result: object, said: str
) -> None:
    monkeypatch.setattr(Health, method, lambda *_: result)
    check = (await room.checks())["store"]
    assert not check["ok"]
    assert said in check["detail"]
    assert "recover" in check["mend"]
    room.store_name = "postgresql://ada@db/team"
    assert "dump of the database" in (await room.checks())["store"]["mend"]


async def test_each_part_tries_the_workspace_and_says_what_it_saw_or_the_mend(room: Room) -> None:
    def broken(workspace: str) -> str:
        raise Misuse(Code.BAD_SETTING, f"{workspace}/lsp-orch.toml:1: no", "mend it")

    room.tries = {"settings": broken, "git": lambda workspace: f"git of {workspace}"}
    checks = await room.checks("/w")
    assert checks["git"]["detail"] == "git of /w"
    assert checks["settings"] == {
        "name": "settings",
        "ok": False,
        "status": "failed",
        "detail": "/w/lsp-orch.toml:1: no",
        "mend": "mend it",
    }


async def test_a_freeze_is_shown_with_its_end_and_is_a_warning_and_no_failure(room: Room) -> None:
    room.clock.advance(60)
    room.vigil = alarm(begin(moment(room.clock)), "the machine slept for 9 s", 120.0)
    room.clock.jump(3600)  # the end is by the clock that nobody sets, and told by the one that people read
    why = "the machine slept for 9 s"
    until = "2027-01-15T09:03:00.000Z"
    assert (await room.status())["reaper"] == {"frozen_until": until, "why": why}
    check = (await room.checks())["reaper"]
    assert (check["ok"], check["status"]) == (True, "warning")
    assert check["detail"] == f"nobody is taken for dead until {until}: {why}"
    assert "passes by itself" in check["mend"]


async def test_a_missing_repository_is_a_warning_and_no_failure(room: Room) -> None:
    def none(_: str) -> str:
        raise Unavailable(Code.NOT_A_REPOSITORY, "no checkout", "go to one")

    room.tries = {"repository": none}
    check = (await room.checks())["repository"]
    assert (check["ok"], check["status"], check["mend"]) == (True, "warning", "go to one")
