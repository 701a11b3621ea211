"""Whose call of the command line it is: an agent's from its shell, or the person's; and what each may."""

from typing import Any

import pytest

from lsp_orch.domain.caller import Process
from lsp_orch.domain.events import LeaseEnded
from lsp_orch.domain.lease import Party
from tests.endpoints.house import House
from tests.fixtures.clock import START
from tests.fixtures.peers import Message

SHELL, CLIENT, OTHER = 40, 30, 31  # what an agent's shell started, and the clients of two sessions


class Scene:
    """Two agents, s1 and s2, and the person."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.processes.running |= {CLIENT: START, OTHER: START}

    async def begin(self) -> None:
        for session, pid in (("s1", CLIENT), ("s2", OTHER)):
            told = {"hook_event_name": "SessionStart", "session_id": session, "cwd": str(self.house.root)}
            await self.house.hook(told, pid=pid)

    async def ask(self, method: str, *paths: str, **more: Any) -> Message:
        params = {"paths": list(paths), "workspace": str(self.house.root), "user": "ann", "reason": "why"}
        return await self.house.terminal().ask(method, params | more)

    async def acquire(self, *paths: str, **more: Any) -> Any:
        return (await self.ask("lease.acquire", *paths, **more))["result"]

    async def holders(self) -> dict[str, str]:
        """Who holds each file."""
        live = await self.house.live()
        return {scope.key.rpartition("/")[2]: each.holder.id for each in live for scope in each.scopes}


@pytest.fixture
async def scene(house: House) -> Scene:
    scene = Scene(house)
    await scene.begin()
    return scene


def code(answer: Message) -> str:
    return str(answer["error"]["data"]["code"])


S1 = {"sessions": ["s1"]}
S2 = {"sessions": ["s2"]}


async def test_what_an_agent_takes_is_its_sessions_and_ends_with_it(scene: Scene) -> None:
    lease = (await scene.acquire("a.py", **S1))["lease"]
    assert lease["holder"] == {"id": "s1", "kind": "agent", "name": "Claude Code s1"}
    assert (await scene.house.write("s1", scene.house.file("a.py")))[0] == 0, "its tools may write it"
    assert (await scene.house.write("s2", scene.house.file("a.py")))[0] == 2
    await scene.house.event("s1", "SessionEnd")
    assert await scene.holders() == {"a.py": "s2"}, "who waited has it"


@pytest.mark.parametrize("sessions", [[], ["s9"], ["Claude Code s1"], ["ann"]])
async def test_who_is_not_here_is_the_person(scene: Scene, sessions: list[str]) -> None:
    lease = (await scene.acquire("a.py", sessions=sessions, pid=SHELL))["lease"]
    assert lease["holder"] == {"id": "user:ann", "kind": "human", "name": "ann"}


async def test_a_session_that_has_ended_is_nobody(scene: Scene) -> None:
    await scene.house.event("s1", "SessionEnd")
    assert (await scene.acquire("a.py", **S1))["lease"]["holder"]["id"] == "user:ann"


@pytest.mark.parametrize("sessions", [[], ["s2"], ["s9"]])
async def test_the_process_says_better_than_the_environment(scene: Scene, sessions: list[str]) -> None:
    scene.house.above[SHELL] = (Process(pid=SHELL, started=START), Process(pid=CLIENT, started=START))
    assert (await scene.acquire("a.py", pid=SHELL, sessions=sessions))["lease"]["holder"]["id"] == "s1"


async def test_an_editor_is_no_agent(scene: Scene) -> None:
    scene.house.editor()
    await scene.house.live()
    (editor,) = [
        each.id for each in await scene.house.look(lambda tx: tx.sessions.all()) if each.kind is Party.HUMAN
    ]
    assert (await scene.acquire("a.py", sessions=[editor]))["lease"]["holder"]["id"] == "user:ann"


async def test_an_agent_that_steals_makes_a_claim_and_the_holder_may_object(scene: Scene) -> None:
    await scene.acquire("a.py", "b.py", ttl_s=600)
    claim = (await scene.ask("lease.steal", "a.py", **S1))["result"]
    assert (claim["granted"], claim["claim"]) == (False, {"until": "2027-01-15T08:01:00.000Z"})
    assert await scene.holders() == {"a.py": "user:ann", "b.py": "user:ann"}
    await scene.house.pass_time(59)
    assert await scene.holders() == {"a.py": "user:ann", "b.py": "user:ann"}
    await scene.house.pass_time(1)
    assert (await scene.holders())["a.py"] == "s1"
    ended = next(each for each in scene.house.events if isinstance(each, LeaseEnded))
    assert (ended.why, ended.by) == ("stolen", "Claude Code s1")


async def test_a_person_who_steals_from_an_agent_has_it_at_once(scene: Scene) -> None:
    await scene.acquire("a.py", **S1)
    assert (await scene.ask("lease.steal", "a.py"))["result"]["granted"]
    assert await scene.holders() == {"a.py": "user:ann"}


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("lease.release", {}),
    ("lease.renew", {}),
    ("lease.downgrade", {}),
    ("lease.handover", {"to": "s1"}),
]


@pytest.mark.parametrize(("method", "more"), CALLS)
@pytest.mark.parametrize("holder", [{}, S2])
async def test_an_agent_does_nothing_with_what_others_hold(
    scene: Scene, method: str, more: dict[str, Any], holder: dict[str, Any]
) -> None:
    lease = (await scene.acquire("a.py", **holder))["lease"]
    before = await scene.house.live()
    answer = await scene.ask(method, ids=[lease["id"]], id=lease["id"], **more, **S1)
    assert code(answer) == "lease-not-yours"
    assert lease["holder"]["name"] in answer["error"]["message"]
    assert await scene.house.live() == before


@pytest.mark.parametrize(("method", "more"), CALLS)
@pytest.mark.parametrize("holder", [S1, {"as": "bot"}])
async def test_an_agent_does_it_with_its_own_and_with_what_is_under_a_mere_name(
    scene: Scene, method: str, more: dict[str, Any], holder: dict[str, Any]
) -> None:
    lease = (await scene.acquire("a.py", **holder))["lease"]
    assert "result" in await scene.ask(method, ids=[lease["id"]], id=lease["id"], **more, **S1)


async def test_an_agent_takes_nobody_else_out_of_the_queue(scene: Scene) -> None:
    await scene.acquire("a.py", **{"as": "bot"})
    theirs = (await scene.acquire("a.py"))["ticket"]["id"]
    mine = (await scene.acquire("a.py", **S1))["ticket"]["id"]
    assert code(await scene.ask("lease.release", ids=[theirs], **S1)) == "lease-not-yours"
    assert "result" in await scene.ask("lease.release", ids=[mine], **S1)
    assert [each["id"] for each in (await scene.ask("lease.list"))["result"]["waiters"]] == [theirs]


async def test_a_name_that_an_agent_gives_is_that_name_and_no_person(scene: Scene) -> None:
    lease = (await scene.acquire("a.py", **S1, **{"as": "ann"}))["lease"]
    assert lease["holder"] == {"id": "cli:ann", "kind": "agent", "name": "ann"}
    assert await scene.ask("lease.release", **S1, **{"as": "user:ann"})
    assert await scene.holders() == {"a.py": "cli:ann"}


@pytest.mark.parametrize("wrong", [{"pid": "1"}, {"pid": True}, {"sessions": "s1"}, {"sessions": [1]}])
async def test_a_trace_that_is_none_is_refused(scene: Scene, wrong: dict[str, Any]) -> None:
    assert code(await scene.ask("lease.acquire", "a.py", **wrong)) == "bad-request"
    assert await scene.house.live() == []


@pytest.mark.parametrize("pid", [-1, 2**70])
async def test_nonsense_pids_are_nobodys(scene: Scene, pid: int) -> None:
    assert (await scene.acquire("a.py", pid=pid))["lease"]["holder"]["id"] == "user:ann"
