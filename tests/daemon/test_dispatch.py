"""The dispatcher with everything real: store, git, Claude Code; only the model is scripted."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_orch.adapters import sandbox
from lsp_orch.adapters.checks import ShellChecks
from lsp_orch.adapters.claude import ClaudeWorker
from lsp_orch.adapters.clock import SystemClock
from lsp_orch.adapters.fence_files import FenceFiles
from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.ids import RandomIds
from lsp_orch.adapters.processes import SystemProcesses
from lsp_orch.daemon.attempt import Attempts
from lsp_orch.daemon.checking import Checking
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.dispatch import Dispatch
from lsp_orch.daemon.fencing import Fencing
from lsp_orch.daemon.gate import Gate
from lsp_orch.daemon.job import Jobs
from lsp_orch.daemon.news import News
from lsp_orch.daemon.sheltering import Sheltering
from lsp_orch.demo.scripted_model import Call, ScriptedModel, Turn, answer, text, tool
from lsp_orch.domain.conflict import Conflict
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.events import Event, TaskChanged
from lsp_orch.domain.result import Ending
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, Isolation, State, Task
from lsp_orch.endpoints.hooks.guests import Guests
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.leases import Leases
from lsp_orch.services.parking import Parking
from lsp_orch.services.ports import Job, Shelter
from lsp_orch.services.sessions import Sessions
from lsp_orch.services.task_checks import TaskChecks
from lsp_orch.services.task_files import BRANCHES, TaskFiles
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.sqlite import SqliteStore
from tests.adapters.test_processes import gone
from tests.fixtures.claude import RealClaude
from tests.fixtures.gate import Decider
from tests.fixtures.scenes import SCENES

pytestmark = pytest.mark.real

QUIET = ["/bin/true"]  # a hook that has nothing to say
DONE = answer(
    status="done", summary="wrote it", changed_files=["new.txt"], follow_ups=[], learnings=["a fact"]
)


def settings(**changes: Any) -> Settings:
    quick: dict[str, Any] = {"tasks_kill_grace_s": 2.0, "tasks_backoff_s": (0.0,), "tasks_workers": 2}
    return Settings(**quick | changes)


@dataclass
class Bench:
    """A dispatcher at work, and what happened to its tasks so far."""

    desk: Desk
    dispatch: Dispatch
    tasks: Tasks
    files: TaskFiles
    workspace: Path
    seen: list[TaskChanged] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def add(self, prompt: str, **changes: Any) -> Task:
        fields: dict[str, Any] = {
            "workspace": str(self.workspace),
            "prompt": prompt,
            "title": prompt,
            "max_usd": 1.0,
            "max_turns": 9,
            "timeout_s": 60.0,
            "attempts": 3,
        }
        draft = Draft(**fields | changes)
        task = await self.desk.do(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        return task

    async def task(self, task_id: str) -> Task:
        task = await self.desk.do(lambda tx: tx.tasks.by_id(task_id))
        assert task
        return task

    async def until(self, task_id: str, *states: State) -> Task:
        async with asyncio.timeout(30):
            while (task := await self.task(task_id)).state not in states:
                self.changed.clear()
                if (await self.task(task_id)).state not in states:
                    await self.changed.wait()
        return task

    def on_event(self, event: Event) -> None:
        if isinstance(event, TaskChanged):
            self.seen.append(event)
            self.changed.set()

    def states(self, task_id: str) -> list[str]:
        return [event.state for event in self.seen if event.id == task_id]

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.workspace, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


@asynccontextmanager
async def bench(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore, **changes: Any
) -> AsyncIterator[Bench]:
    root = claude.home.parent
    chosen, clock, ids, processes = settings(**changes), SystemClock(), RandomIds(), SystemProcesses()
    news = News()
    desk = Desk(store, news.publish)
    files = TaskFiles(worktrees=root / "worktrees", logs=root / "logs")
    dispatcher = Dispatcher(clock, ids, chosen)
    environment = claude.env | {"ANTHROPIC_BASE_URL": model.url}
    leases = Leases(clock, ids, lambda _: chosen)
    gate = Gate(Decider(), Guests())
    await gate.open()
    attempts = Attempts(
        desk=desk,
        dispatcher=dispatcher,
        git=GitProgram(root / "worktrees", environment),
        worker=ClaudeWorker(str(claude.binary), QUIET, processes, chosen.tasks_silence_s, environment),
        gate=gate,
        sessions=Sessions(clock, processes, leases),
        sheltering=Sheltering(
            chosen.tasks_sandbox,
            Fencing(list, FenceFiles(root / "fences", environment)),
            lambda: sandbox.probe(environment),
            lambda folder: sandbox.git_folders(folder, BRANCHES, environment),
        ),
        processes=processes,
        files=files,
        settings=chosen,
        clock=clock,
        checking=Checking(
            desk=desk,
            checks=TaskChecks(clock, ShellChecks(processes, environment), chosen.tasks_check_timeout_s),
        ),
    )
    dispatch = Dispatch(
        desk=desk,
        dispatcher=dispatcher,
        attempts=attempts,
        parking=Parking(clock, leases, lambda _: chosen),
        clock=clock,
        settings=chosen,
    )
    news.subscribe(dispatch.on_event)
    found = Bench(desk, dispatch, Tasks(clock, ids, chosen), files, claude.project)
    news.subscribe(found.on_event)
    running = asyncio.create_task(dispatch.run())
    try:
        yield found
        await dispatch.drain()
        await running
    finally:
        gate.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await desk.close()


@pytest.fixture
def store(short_root: Path) -> SqliteStore:
    return SqliteStore(short_root / "tasks.db")


async def called(model: ScriptedModel, wanted: Callable[[Call], bool]) -> Call:
    return await asyncio.to_thread(model.wait_for, wanted)


def carriers(session_id: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if session_id in environment(each)]


def exists(*parts: str) -> bool:
    return Path(*parts).exists()


def environment(process: psutil.Process) -> list[str]:
    try:
        return [] if process.status() == psutil.STATUS_ZOMBIE else list(process.environ().values())
    except psutil.Error:
        return []


async def test_a_task_runs_in_a_worktree_and_lands_in_review(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(tool("Write", file_path="new.txt", content="made\n"), DONE)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt")
        done = await it.until(task.id, State.REVIEW, State.FAILED)
    assert it.states(task.id) == ["pending", "ready", "running", "review"]
    assert done.result
    assert done.result.summary == "wrote it"
    assert done.turns > 0
    assert done.cost_usd > 0
    assert not done.engaged
    assert carriers(done.session_id) == []
    assert it.git("show", f"{done.branch}:new.txt") == "made"
    assert it.git("status", "--porcelain") == ""
    assert it.git("rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert exists(done.worktree, "new.txt")


async def test_a_killed_worker_takes_its_shells_with_it_and_its_task_is_done_by_the_next(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(
        tool("Write", file_path="wait.sh", content="sleep 600\n"),
        tool("Bash", command="sh wait.sh", description="wait"),
        tool("Write", file_path="new.txt", content="made\n"),
        DONE,
    )
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt", check="sh wait.sh")
        await called(model, lambda call: call.turn == 1)
        first = await it.task(task.id)
        async with asyncio.timeout(20):
            while not any(
                each.name() == "sleep" for each in await asyncio.to_thread(carriers, first.session_id)
            ):
                pass
        os.kill(first.pid, signal.SIGKILL)
        done = await it.until(task.id, State.REVIEW, State.FAILED)
    assert it.states(task.id) == ["pending", "ready", "running", "ready", "running", "review"]
    assert carriers(first.session_id) == []
    assert done.attempt == 2
    assert done.session_id != first.session_id
    assert it.git("show", f"{done.branch}:new.txt") == "made"
    assert it.git("show", f"refs/lsp-orch/snapshots/{task.id}/1:wait.sh") == "sleep 600"
    assert it.git("ls-tree", "--name-only", done.branch).split() == ["README.md", "new.txt"]


async def test_a_worker_without_a_result_is_tried_again_and_then_fails_with_the_reason(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(text("I would rather not."), repeat=True)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt", attempts=2)
        failed = await it.until(task.id, State.FAILED, State.REVIEW)
    assert it.states(task.id) == ["pending", "ready", "running", "ready", "running", "failed"]
    assert failed.attempt == 2
    assert "no structured result" in failed.error
    assert not exists(failed.worktree)
    assert it.git("branch", "--list", failed.branch) == ""
    assert it.git("worktree", "list").count("\n") == 0


async def test_a_silent_worker_is_ended(claude: RealClaude, model: ScriptedModel, store: SqliteStore) -> None:
    model.play(*SCENES["hang"].turns, DONE, repeat=True)
    async with bench(claude, model, store, tasks_silence_s=3.0) as it:
        task = await it.add("be quick")
        again = await it.until(task.id, State.REVIEW)
        attempts = await it.desk.do(lambda tx: tx.attempts.of_task(task.id))
    assert again.attempt == len(attempts)
    assert attempts[0].ending is Ending.SILENT
    assert attempts[-1].ending is Ending.DONE


async def test_a_cancelled_tasks_worker_is_ended_and_its_work_is_kept(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(tool("Write", file_path="half.txt", content="half\n"), Turn(hang=True))
    async with bench(claude, model, store) as it:
        task = await it.add("make half.txt")
        await called(model, lambda call: call.turn == 1)
        await it.desk.do(lambda tx: it.tasks.cancel(tx, [task.id]))
        ended = await it.task(task.id)
        async with asyncio.timeout(20):
            while (ended := await it.task(task.id)).engaged:
                it.changed.clear()
                await it.changed.wait()
    assert ended.state is State.CANCELLED
    assert carriers(ended.session_id) == []
    assert not exists(ended.worktree)
    assert it.git("show", f"refs/lsp-orch/snapshots/{task.id}/1:half.txt") == "half"


@pytest.mark.parametrize(("check", "passed"), [("test -f new.txt", True), ("echo no; false", False)])
async def test_the_check_runs_on_the_work_before_its_review(
    claude: RealClaude,
    model: ScriptedModel,
    store: SqliteStore,
    check: str,
    passed: bool,  # noqa: FBT001 - pytest names it
) -> None:
    model.play(tool("Write", file_path="new.txt", content="new\n"), DONE)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt", check=check)
        ended = await it.until(task.id, State.REVIEW)
        [found] = await it.desk.do(lambda tx: tx.checks.of_run(ended.run))
    assert (found.command, found.passed) == (check, passed)
    assert passed or found.said == "no\n(exit status 1)"


async def test_a_drain_stops_the_check_and_keeps_the_work_for_the_review(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore, short_root: Path
) -> None:
    told = short_root / "told"
    os.mkfifo(told)
    model.play(tool("Write", file_path="new.txt", content="new\n"), DONE)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt", check=f"setsid sh -c 'echo $$ > {told}; exec sleep 600'")
        async with asyncio.timeout(30):
            pid = int(await asyncio.to_thread(told.read_text, encoding="utf-8"))
        async with asyncio.timeout(20):
            await it.dispatch.drain()
        ended = await it.task(task.id)
        assert ended.state is State.REVIEW
        assert gone(pid)
        assert await it.desk.do(lambda tx: tx.checks.of_run(ended.run)) == []


async def test_work_of_a_task_that_was_cancelled_meanwhile_is_set_aside(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore, short_root: Path
) -> None:
    told = short_root / "told"
    os.mkfifo(told)
    model.play(tool("Write", file_path="new.txt", content="new\n"), DONE)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt", check=f"echo x > {told}; sleep 600")
        async with asyncio.timeout(30):
            await asyncio.to_thread(told.read_text, encoding="utf-8")
        await it.desk.do(lambda tx: it.tasks.cancel(tx, [task.id]))
        async with asyncio.timeout(20):
            while (ended := await it.task(task.id)).engaged:
                it.changed.clear()
                await it.changed.wait()
        [late] = await it.desk.do(lambda tx: tx.late.of_task(task.id))
    assert (ended.state, ended.result) == (State.CANCELLED, None)
    assert (late.run, late.summary) == (ended.run, "wrote it")
    assert it.git("show", f"{late.kept_ref}:new.txt") == "new"
    assert not exists(ended.worktree)


async def test_a_drain_gives_the_attempt_back(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(Turn(hang=True))
    async with bench(claude, model, store) as it:
        task = await it.add("go on for ever")
        await called(model, lambda call: call.turn == 0)
        first = await it.task(task.id)
        await it.dispatch.drain()
        left = await it.task(task.id)
    assert first.attempt == 1
    assert (left.state, left.attempt, left.engaged, left.pid) == (State.READY, 0, False, 0)
    assert carriers(first.session_id) == []
    assert not it.dispatch.busy() or left.state is State.READY


async def test_what_a_dead_daemon_has_left_is_ended_kept_and_done_again(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(tool("Write", file_path="new.txt", content="made\n"), DONE)
    left = abandoned(claude, store)
    with sleeper(left.session_id) as orphan:
        async with bench(claude, model, store) as it:
            done = await it.until(left.id, State.REVIEW)
        assert orphan.wait(10) == -signal.SIGTERM
    assert done.attempt == 1
    assert it.git("show", f"refs/lsp-orch/snapshots/{left.id}/1:half.txt") == "half"


async def test_no_more_workers_than_the_cap_work_at_once(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(DONE, each_session=True)
    async with bench(claude, model, store) as it:
        tasks = [await it.add(f"task {number}") for number in range(5)]
        for task in tasks:
            await it.until(task.id, State.REVIEW)
    running: set[str] = set()
    most = 0
    for event in it.seen:
        (running.add if event.state == "running" else running.discard)(event.id)
        most = max(most, len(running))
    assert most == 2


async def test_a_store_that_cannot_be_told_once_costs_an_attempt_and_no_more(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, full = Dispatcher.finished, [Unavailable(Code.DISK_FULL, "the disk is full")]

    def finished(self: Dispatcher, *arguments: Any) -> Task | None:
        if full:
            raise full.pop()
        return right(self, *arguments)

    monkeypatch.setattr(Dispatcher, "finished", finished)
    model.play(tool("Write", file_path="new.txt", content="made\n"), DONE, each_session=True)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt")
        done = await it.until(task.id, State.REVIEW)
    assert it.states(task.id).count("running") == 2
    assert it.git("show", f"{done.branch}:new.txt") == "made"
    assert it.git("show", f"refs/lsp-orch/snapshots/{task.id}/1:new.txt") == "made"


async def test_a_bug_in_one_attempt_does_not_end_the_others(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Jobs.make

    def job(self: Jobs, task: Task, folder: str, shelter: Shelter | None, conflict: Conflict | None) -> Job:
        if task.title == "cursed":
            raise ZeroDivisionError
        return right(self, task, folder, shelter, conflict)

    monkeypatch.setattr(Jobs, "make", job)
    model.play(DONE, each_session=True)
    async with bench(claude, model, store) as it:
        cursed, other = await it.add("cursed", attempts=1), await it.add("other")
        failed = await it.until(cursed.id, State.FAILED)
        await it.until(other.id, State.REVIEW)
    assert "lsp-orch itself failed" in failed.error
    assert not exists(failed.worktree)


async def test_a_shared_task_works_in_the_users_checkout_and_commits_nothing(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    model.play(tool("Write", file_path="new.txt", content="made\n"), DONE)
    async with bench(claude, model, store) as it:
        task = await it.add("make new.txt", isolate=Isolation.SHARED)
        done = await it.until(task.id, State.REVIEW, State.FAILED)
    assert done.state is State.REVIEW
    assert (done.worktree, done.branch, done.tip) == ("", "", "")
    assert it.git("status", "--porcelain") == "?? new.txt"


async def test_a_missing_client_fails_the_task_and_says_what_to_do(
    claude: RealClaude, model: ScriptedModel, store: SqliteStore
) -> None:
    claude.binary = claude.home / "nothing-here"
    async with bench(claude, model, store) as it:
        task = await it.add("try", attempts=1)
        failed = await it.until(task.id, State.FAILED)
    assert "cannot be started" in failed.error
    assert not failed.engaged


@contextmanager
def sleeper(session_id: str) -> Iterator[subprocess.Popen[bytes]]:
    """A shell that outlived its worker and its daemon."""
    shell = subprocess.Popen(["sleep", "600"], env={"LSP_ORCH_SESSION": session_id}, start_new_session=True)
    try:
        yield shell
    finally:
        shell.kill()
        shell.wait()


def abandoned(claude: RealClaude, store: SqliteStore) -> Task:
    """A task as a daemon leaves it that is killed while a worker works."""
    clock, ids = SystemClock(), RandomIds()
    tasks, dispatcher = Tasks(clock, ids, settings()), Dispatcher(clock, ids, settings())
    git = GitProgram(claude.home.parent / "worktrees", claude.env)
    files = TaskFiles(worktrees=claude.home.parent / "worktrees", logs=claude.home.parent / "logs")
    workspace = str(claude.project)
    draft = Draft(
        workspace=workspace,
        prompt="make new.txt",
        title="make",
        max_usd=1,
        max_turns=9,
        timeout_s=60,
        attempts=3,
    )
    with store.transaction() as tx:
        tasks.add(tx, draft)
        run = dispatcher.claim(tx)
        assert isinstance(run, Task)
        path = files.worktree(git.repository(workspace), run)
        base = git.head(workspace)
        dispatcher.placed(tx, run, path, f"lsp-orch/{run.id}", base)
    git.add_worktree(workspace, path, f"lsp-orch/{run.id}", base)
    Path(path, "half.txt").write_text("half\n", encoding="utf-8")
    return run
