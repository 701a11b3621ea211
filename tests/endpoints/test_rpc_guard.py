"""What the daemon answers git's hooks: who it is, what is held, and in which words."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.paths import RealPaths
from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.caller import Process
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.grants import Ask, Granted
from lsp_orch.domain.guard import Operation, operation
from lsp_orch.domain.lease import Holder, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import State as TaskState
from lsp_orch.endpoints.rpc.guard import GuardMethods
from lsp_orch.services.callers import Callers
from lsp_orch.services.guard import Guard
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START, FakeClock, FakeProcesses, SerialIds
from tests.fixtures.tasks import a_task, claimed

ANN = Holder(id="editor-1", kind=Party.HUMAN, name="ann (Vim)", session="editor-1")
BOT = Holder(id="cli:bot", kind=Party.AGENT, name="bot")
GIT = 7  # the pid of who asks


class Scene:
    """A store with leases, sessions and tasks; ``above`` are the processes that led to who asks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock, self.processes = FakeClock(), FakeProcesses()
        self.leases = Leases(self.clock, SerialIds(), lambda _: Settings())
        self.sessions = Sessions(self.clock, self.processes, self.leases)
        self.store = SqliteStore()
        self.desk = Desk(self.store, lambda _: None)
        self.above: tuple[Process, ...] = ()
        paths = RealPaths()
        guard = Guard(paths, Callers(paths, lambda pid: self.above if pid == GIT else (), "ann"))
        self.method = GuardMethods(self.desk, guard).methods()["guard.check"]

    async def check(self, *paths: str, **more: Any) -> Any:
        params = {
            "operation": "commit",
            "repository": str(self.root / ".git"),
            "worktree": str(self.root),
            "paths": list(paths),
            "pid": GIT,
            "sessions": [],
        }
        answer = self.method(params | more)
        assert not isinstance(answer, dict | Refusal)
        return await answer

    async def refused(self, *paths: str, **more: Any) -> Refusal:
        answer = await self.check(*paths, **more)
        assert isinstance(answer, Refusal)
        assert answer.code is Code.COMMIT_HELD
        return answer

    async def hold(
        self, holder: Holder, *scopes: Scope, state: State = State.HELD, mode: Mode = Mode.WRITE
    ) -> None:
        ask = Ask(
            holder=holder,
            workspace=str(self.root),
            scopes=scopes,
            mode=mode,
            reason="rename it",
            ttl_s=60,
            state=state,
        )
        assert isinstance(await self.desk.do(lambda tx: self.leases.acquire(tx, ask)), Granted)

    async def agent(self, session: str, pid: int) -> Holder:
        self.processes.running[pid] = START
        await self.desk.do(
            lambda tx: self.sessions.seen(tx, session, Party.AGENT, f"agent {session}", "", pid)
        )
        return Holder(id=session, kind=Party.AGENT, name=f"agent {session}", session=session)

    async def run(self, worktree: Path, pid: int = 0) -> Holder:
        """A task's run, which no hook has told of yet."""
        task = replace(a_task(TaskState.PENDING), workspace=str(self.root))

        def work(tx: Tx) -> None:
            tx.tasks.insert(task)
            ready = replace(task, state=TaskState.READY)
            assert tx.tasks.update(task, ready)
            running = claimed(tx, "run-1", START)
            assert running
            placed = replace(running, worktree=str(worktree), pid=pid, pid_started=START)
            assert tx.tasks.update(running, placed)

        await self.desk.do(work)
        return Holder(id="run-1", kind=Party.AGENT, name="do it", session="run-1")

    def file(self, name: str) -> Scope:
        return Scope(Kind.FILE, f"{self.root}/{name}")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    await scene.desk.close()
    scene.store.close()


async def test_what_is_free_passes_and_what_is_held_is_named(scene: Scene) -> None:
    assert await scene.check("a", "b") == {"warnings": []}
    await scene.hold(BOT, scene.file("a"), scene.file("sub/c"))
    assert await scene.check("b") == {"warnings": []}
    refusal = await scene.refused("a", "b", "sub/c")
    assert refusal.message == (
        "this commit takes what somebody else holds\n  a, sub/c: bot holds it since 08:00 UTC (rename it)"
    )
    assert "lease acquire PATH --wait" in refusal.hint


async def test_an_agent_is_told_that_it_cannot_wait_here(scene: Scene) -> None:
    await scene.agent("s1", 5)
    scene.above = (Process(pid=5, started=START),)
    await scene.hold(ANN, scene.file("a"), state=State.DIRTY)
    refusal = await scene.refused("a")
    assert "a: a person, ann (Vim), has unsaved changes in it since 08:00 UTC" in refusal.message
    assert "end your turn and say that you wait for it" in refusal.hint
    assert "--wait" not in refusal.hint


async def test_what_an_agent_started_that_was_taken_for_dead_is_not_the_persons(scene: Scene) -> None:
    await scene.agent("s1", 5)
    scene.processes.running.clear()
    await scene.desk.do(scene.sessions.reap)
    scene.above = (Process(pid=5, started=START),)
    await scene.hold(ANN, scene.file("a"))
    refusal = await scene.refused("a")
    assert "end your turn and say that you wait for it" in refusal.hint
    scene.above = ()
    await scene.refused("a", sessions=["s1"])
    assert await scene.check("a") == {"warnings": []}


async def test_the_person_is_warned_of_their_own_buffer(scene: Scene) -> None:
    await scene.hold(ANN, scene.file("a"), state=State.DIRTY)
    (warning,) = (await scene.check("a"))["warnings"]
    assert warning == "a has unsaved changes in ann (Vim), and this commit is without them"


async def test_readers_are_in_nobodys_way(scene: Scene) -> None:
    await scene.hold(BOT, scene.file("a"), mode=Mode.READ)
    assert await scene.check("a") == {"warnings": []}


@pytest.mark.parametrize("what", list(Operation))
async def test_the_operation_itself_can_be_held(scene: Scene, what: Operation) -> None:
    await scene.hold(BOT, operation(what, str(scene.root / ".git")))
    refusal = await scene.refused(operation=what.value)
    assert f"the {what} itself: bot holds it" in refusal.message
    assert refusal.hint.startswith("Wait until it is free")
    other = next(each for each in Operation if each is not what)
    assert await scene.check(operation=other.value) == {"warnings": []}
    assert await scene.check(operation=what.value, repository=str(scene.root / "other.git")) == {
        "warnings": []
    }


async def test_a_bare_repository_has_operations_and_no_files(scene: Scene) -> None:
    await scene.hold(BOT, scene.file("a"))
    assert await scene.check("a", worktree="") == {"warnings": []}


async def test_a_sessions_subagents_are_that_session(scene: Scene) -> None:
    mine = await scene.agent("s1", 5)
    await scene.hold(replace(mine, id="s1/sub"), scene.file("a"))
    assert (await scene.refused("a")).message.endswith("agent s1 holds it since 08:00 UTC (rename it)")
    scene.above = (Process(pid=9, started=START), Process(pid=5, started=START + 1))
    assert await scene.check("a") == {"warnings": []}
    scene.above = (Process(pid=5, started=START + 100),)
    await scene.refused("a")


async def test_a_tasks_run_is_known_before_its_hooks_have_told_of_it(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "worktree"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    mine = await scene.run(tmp_path / "link", pid=5)
    await scene.hold(mine, scene.file("a"), Scope(Kind.FILE, f"{folder}/a"))
    await scene.refused("a")
    assert await scene.check("a", sessions=["", "run-1"]) == {"warnings": []}
    scene.above = (Process(pid=5, started=START),)
    assert await scene.check("a") == {"warnings": []}
    scene.above = ()
    assert await scene.check("a", worktree=str(folder)) == {"warnings": []}
    await scene.hold(ANN, Scope(Kind.FILE, f"{folder}/b"), state=State.DIRTY)
    await scene.refused("b", worktree=str(folder))


async def test_paths_are_named_as_leases_name_them(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")
    (tmp_path / "link").symlink_to("target")
    await scene.hold(BOT, scene.file("real/a"))
    assert "real/a: bot" in (await scene.refused("linked/a")).message
    await scene.hold(BOT, scene.file("target"))
    assert await scene.check("link") == {"warnings": []}
    odd = os.fsdecode(b"\xff'\"\n\x1b[31m")
    await scene.hold(BOT, Scope(Kind.FILE, RealPaths().canonical(odd, str(tmp_path))))
    message = (await scene.refused(odd)).message
    assert "\\xff'\"\\x0a\\x1b[31m: bot" in message
    assert "\x1b" not in message


async def test_much_that_is_held_is_counted(scene: Scene) -> None:
    await scene.hold(BOT, *(scene.file(f"a{number:02}") for number in range(14)))
    for number in range(14):
        await scene.hold(replace(BOT, id=f"cli:{number}"), scene.file(f"b{number}"))
    many = (*(f"a{number:02}" for number in range(14)), *(f"b{number}" for number in range(14)))
    lines = (await scene.refused(*many)).message.splitlines()
    assert "a09 and 4 more: bot" in lines[1]
    assert lines[-1] == "  and 5 more"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"operation": "fetch"}, "operation must be commit or push or rebase"),
        ({"operation": 1}, "operation must be str"),
        ({"repository": None}, "repository must be str"),
        ({"paths": "a"}, "paths must be a list"),
        ({"paths": [1]}, "paths must be a list"),
        ({"paths": ["a\0/b"]}, "is not a path"),
        ({"paths": ["\ud800"]}, "is not a path"),
        ({"worktree": "\0"}, "is not a path"),
        ({"pid": "1"}, "pid must be int"),
        ({"sessions": [None]}, "sessions must be a list"),
    ],
)
async def test_what_git_would_never_ask_is_said(scene: Scene, more: dict[str, Any], told: str) -> None:
    with pytest.raises(Misuse, match=told):
        await scene.check("a", **more)


async def test_nonsense_pids_are_nobodys(scene: Scene) -> None:
    await scene.hold(BOT, scene.file("a"))
    nonsense: Sequence[int] = (0, -1, 1 << 70)
    for pid in nonsense:
        await scene.refused("a", pid=pid)
