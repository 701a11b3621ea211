"""The verbs of tasks and reviews over a real store and a real git; the test plays the worker."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.checks import ShellChecks
from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.paths import RealPaths
from lsp_orch.adapters.processes import SystemProcesses
from lsp_orch.adapters.worker_log import read_log
from lsp_orch.adapters.workspaces import gone
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.merging import Merger
from lsp_orch.daemon.news import News
from lsp_orch.domain.errors import Code, Misuse, Refusal, Unavailable
from lsp_orch.domain.grants import Ask, Granted
from lsp_orch.domain.lease import Holder, Mode, Party, State
from lsp_orch.domain.result import Outcome, Result, Status
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Isolation, Task
from lsp_orch.endpoints.bell import Bell
from lsp_orch.endpoints.rpc.pruning import PruneMethods
from lsp_orch.endpoints.rpc.reviews import ReviewMethods
from lsp_orch.endpoints.rpc.role import Answer
from lsp_orch.endpoints.rpc.tasks import TaskMethods, TaskOffice
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.leases import Leases
from lsp_orch.services.merging import Merging
from lsp_orch.services.pruning import Pruning
from lsp_orch.services.reviews import Reviews
from lsp_orch.services.task_checks import TaskChecks
from lsp_orch.services.task_files import TaskFiles, branch
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.sqlite import SqliteStore
from tests.adapters.test_git import Repo
from tests.fixtures.clock import FakeClock, SerialIds

Call = Callable[[dict[str, Any]], Awaitable[Answer]]

GOOD = Result(status=Status.DONE, summary="did it", changed_files=("new.txt",))


@dataclass
class Office:
    """The methods, and the worker's side of the desk."""

    tasks: TaskMethods
    reviews: ReviewMethods
    prunes: PruneMethods
    clock: FakeClock
    desk: Desk
    dispatcher: Dispatcher
    leases: Leases
    git: GitProgram
    files: TaskFiles
    repo: Repo
    learned: list[str]
    merger: Merger

    async def add(self, prompt: str = "make new.txt", **params: Any) -> dict[str, Any]:
        answer = await self.tasks.add({"prompt": prompt, "workspace": str(self.repo.path), **params})
        assert isinstance(answer, dict), answer
        task: dict[str, Any] = answer["task"]
        return task

    async def start(self) -> Task:
        run = await self.desk.do(self.dispatcher.claim)
        assert isinstance(run, Task)
        return run

    async def work(
        self, name: str = "new.txt", text: str = "new\n", outcome: Result | Refusal = GOOD
    ) -> Task:
        """What a worker does to the next task: one file."""
        run, path = await self.start(), str(self.repo.path)
        place, base = self.files.worktree(self.git.repository(path), run), self.git.head(path)
        self.git.add_worktree(path, place, branch(run), base)
        _write(Path(place, name), text.encode())
        tip = self.git.commit_all(place, branch(run), "work")
        await self.desk.do(lambda tx: self.dispatcher.placed(tx, run, place, branch(run), base))
        await self.desk.do(
            lambda tx: self.dispatcher.finished(tx, run, Outcome(result=outcome, cost_usd=0.5), tip, 0.0)
        )
        return run

    async def state(self, task_id: str) -> str:
        answer = await self.tasks.show({"id": task_id})
        assert isinstance(answer, dict)
        state: str = answer["task"]["state"]
        return state


@pytest.fixture
async def office(short_root: Path, repository: Path) -> AsyncIterator[Office]:
    env = {"PATH": os.environ["PATH"], "HOME": str(short_root), "GIT_CONFIG_NOSYSTEM": "1"}
    clock, ids, settings, store = FakeClock(), SerialIds(), Settings(), SqliteStore()
    news, bell = News(), Bell()
    desk = Desk(store, news.publish)
    news.subscribe(bell.on_event)
    git = GitProgram(short_root / "worktrees", env)
    files = TaskFiles(worktrees=short_root / "worktrees", logs=short_root / "logs")
    tasks = Tasks(clock, ids, settings)
    learned: list[str] = []

    async def learn(task: Task) -> None:
        learned.append(task.id)

    checks = TaskChecks(clock, ShellChecks(SystemProcesses(), env), settings.tasks_check_timeout_s)
    reviews = Reviews(clock, git, checks, RealPaths(), tasks, files)
    merger = Merger(desk=desk, merging=Merging(clock, reviews), reviews=reviews, learn=learn)
    merging = asyncio.create_task(merger.run())
    yield Office(
        tasks=TaskMethods(
            TaskOffice(
                desk=desk,
                tasks=tasks,
                reviews=reviews,
                git=git,
                files=files,
                bell=bell,
                settings=lambda _: settings,
                read_log=read_log,
            )
        ),
        reviews=ReviewMethods(desk, reviews, merger.ask),
        prunes=PruneMethods(desk, Pruning(clock, settings, git, gone), reviews),
        clock=clock,
        desk=desk,
        dispatcher=Dispatcher(clock, ids, settings),
        leases=Leases(clock, ids, lambda _: settings),
        git=git,
        files=files,
        repo=Repo(repository, env),
        learned=learned,
        merger=merger,
    )
    await merger.drain()
    await merging
    await desk.close()
    store.close()


def refused(answer: object, code: Code) -> str:
    assert isinstance(answer, Refusal), answer
    assert answer.code is code
    return answer.message


# --- tasks ---


async def test_a_task_is_filed_with_the_settings_defaults(office: Office) -> None:
    task = await office.add("First line\nand more", paths=["src/**"])
    assert task["title"] == "First line"
    assert (task["state"], task["priority"], task["model"]) == ("ready", 2, "auto")
    assert (task["max_usd"], task["attempts"], task["attempt"]) == (2.0, 3, 0)
    assert task["result"] is None
    assert (await office.tasks.listing({"states": ["ready"]})) == {"tasks": [task]}
    assert (await office.tasks.listing({"states": ["done"]})) == {"tasks": []}
    assert (await office.tasks.listing({"workspace": "/elsewhere"})) == {"tasks": []}


async def test_a_folder_below_the_top_belongs_to_the_same_workspace(office: Office) -> None:
    (office.repo.path / "src").mkdir()
    task = await office.add(workspace=str(office.repo.path / "src"))
    assert task["workspace"] == str(office.repo.path)


async def test_a_task_waits_for_others_and_says_for_whom(office: Office) -> None:
    first = await office.add("first")
    second = await office.add("second", after=[first["id"]])
    assert second["state"] == "pending"
    shown = await office.tasks.show({"id": second["id"]})
    assert isinstance(shown, dict)
    assert shown["task"]["blocked_by"] == [{"id": first["id"], "state": "ready"}]
    await office.work()
    assert await office.state(second["id"]) == "pending"
    await office.reviews.accept({"ids": [first["id"]]})
    assert await office.state(second["id"]) == "ready"


async def test_asking_twice_with_one_key_is_asking_once(office: Office) -> None:
    first = await office.add(key="k")
    assert (await office.add(key="k"))["id"] == first["id"]
    where = {"prompt": "another", "workspace": str(office.repo.path), "key": "k"}
    assert first["id"] in refused(await office.tasks.add(where), Code.KEY_REUSED)


async def test_every_change_of_a_task_can_be_asked_for_twice(office: Office) -> None:
    first, second = await office.add("first"), await office.add("second")
    third = await office.add("third", after=[first["id"]])
    calls: list[tuple[Call, dict[str, Any]]] = [
        (office.tasks.after, {"id": third["id"], "after": [second["id"]]}),
        (office.tasks.cancel, {"ids": [second["id"]]}),
        (office.tasks.retry, {"ids": [second["id"]]}),
    ]
    for number, (call, params) in enumerate(calls):
        answer = await call({**params, "key": f"k{number}"})
        assert isinstance(answer, dict)
        assert await call({**params, "key": f"k{number}"}) == answer
        if number:
            refused(await call(params), Code.TASK_STATE)
    refused(await office.tasks.retry({"ids": [second["id"]], "key": "k1"}), Code.KEY_REUSED)


async def test_so_can_reviews(office: Office) -> None:
    first, second = await office.add("first"), await office.add("second")
    await office.work("a.txt")
    await office.work("b.txt")
    wanted = {"ids": [first["id"]], "key": "k"}
    assert await office.reviews.accept(wanted) == await office.reviews.accept(wanted)
    unwanted = {"id": second["id"], "reason": "no", "key": "k"}
    assert await office.reviews.reject(unwanted) == await office.reviews.reject(unwanted)
    refused(await office.reviews.reject({**unwanted, "reason": "other"}), Code.KEY_REUSED)
    await office.tasks.retry({"ids": [second["id"]]})
    assert _dict(await office.reviews.reject(unwanted))["task"]["state"] == "ready", "and nothing is done"


async def test_a_task_falls_with_what_it_waits_for_if_it_was_asked_to(office: Office) -> None:
    first = await office.add("first")
    second = await office.add("second", after=[first["id"]], on_failed="cascade")
    third = await office.add("third", after=[second["id"]])
    await office.tasks.cancel({"ids": [first["id"]]})
    assert [await office.state(each["id"]) for each in (second, third)] == ["cancelled", "pending"]
    shown = _dict(await office.tasks.show({"id": second["id"]}))["task"]
    assert first["id"] in shown["error"]
    assert shown["on_failed"] == "cascade"
    refused(await office.tasks.retry({"ids": [second["id"]]}), Code.TASK_BLOCKED)
    assert isinstance(await office.tasks.retry({"ids": [second["id"], first["id"]]}), dict)
    assert await office.state(second["id"]) == "pending"


async def test_a_task_cannot_wait_for_itself_over_others(office: Office) -> None:
    head = await office.add("head")
    first = await office.add("first", after=[head["id"]])
    second = await office.add("second", after=[first["id"]])
    message = refused(await office.tasks.after({"id": first["id"], "after": [second["id"]]}), Code.TASK_CYCLE)
    assert f"{first['id']} after {second['id']} after {first['id']}" in message


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "  "},
        {"prompt": 7},
        {"priority": 9},
        {"max_usd": 0},
        {"max_usd": float("nan")},
        {"max_usd": float("inf")},
        {"attempts": 0},
        {"isolate": "moon"},
        {"on_failed": "weep"},
        {"paths": "src"},
        {"timeout_s": -1},
    ],
)
async def test_what_makes_no_sense_is_refused(office: Office, wrong: dict[str, Any]) -> None:
    with pytest.raises(Misuse) as error:
        await office.tasks.add({"prompt": "x", "workspace": str(office.repo.path), **wrong})
    assert error.value.refusal.code is Code.BAD_REQUEST


async def test_paths_outside_and_unknown_tasks_are_refused(office: Office) -> None:
    where = {"prompt": "x", "workspace": str(office.repo.path)}
    refused(await office.tasks.add({**where, "paths": ["../x"]}), Code.PATH_OUTSIDE)
    refused(await office.tasks.add({**where, "paths": ["/etc/passwd"]}), Code.PATH_OUTSIDE)
    assert "task-9" in refused(await office.tasks.add({**where, "after": ["task-9"]}), Code.TASK_NOT_FOUND)
    for call in (office.tasks.show, office.tasks.logs):
        refused(await call({"id": "task-9"}), Code.TASK_NOT_FOUND)
    for many in (office.tasks.cancel, office.tasks.retry, office.tasks.wait, office.reviews.accept):
        refused(await many({"ids": ["task-9"]}), Code.TASK_NOT_FOUND)


async def test_a_folder_without_a_repository_is_refused_at_once(office: Office, short_root: Path) -> None:
    with pytest.raises(Unavailable) as error:
        await office.tasks.add({"prompt": "x", "workspace": str(short_root)})
    assert error.value.refusal.code is Code.NOT_A_REPOSITORY


async def test_cancelling_is_for_all_or_for_none(office: Office) -> None:
    first, second = await office.add("first"), await office.add("second")
    refused(await office.tasks.cancel({"ids": [first["id"], "task-9"]}), Code.TASK_NOT_FOUND)
    assert await office.state(first["id"]) == "ready"
    answer = await office.tasks.cancel({"ids": [first["id"], second["id"]]})
    assert isinstance(answer, dict)
    assert [task["state"] for task in answer["tasks"]] == ["cancelled", "cancelled"]
    refused(await office.tasks.cancel({"ids": [first["id"]]}), Code.TASK_STATE)
    assert isinstance(await office.tasks.retry({"ids": [first["id"]]}), dict)
    assert await office.state(first["id"]) == "ready"


async def test_a_task_behind_a_cancelled_one_stays_and_a_wait_for_it_ends(office: Office) -> None:
    first = await office.add("first")
    second = await office.add("second", after=[first["id"]])
    third = await office.add("third", after=[second["id"]])
    await office.tasks.cancel({"ids": [first["id"]]})
    async with asyncio.timeout(5):
        answer = await office.tasks.wait({"ids": [third["id"]]})
    assert isinstance(answer, dict)
    assert answer["tasks"][0]["state"] == "pending"


async def test_a_wait_ends_with_the_task_and_not_before(office: Office) -> None:
    task = await office.add()
    waiting = asyncio.create_task(office.tasks.wait({"ids": [task["id"]]}))
    answer = await office.tasks.wait({"ids": [task["id"]], "timeout_s": 0.05})
    assert isinstance(answer, dict)
    assert answer["tasks"][0]["state"] == "ready"
    assert not waiting.done()
    await office.work()
    async with asyncio.timeout(5):
        done = await waiting
    assert isinstance(done, dict)
    assert done["tasks"][0]["state"] == "review"


async def test_logs_come_in_whole_lines_and_follow_the_task_to_its_end(office: Office) -> None:
    task = await office.add()
    run = await office.start()
    log = Path(office.files.log(run))
    assert await office.tasks.logs({"id": task["id"]}) == {
        "lines": [],
        "offset": 0,
        "more": True,
        "attempt": 1,
    }
    following = asyncio.create_task(office.tasks.logs({"id": task["id"], "follow": True}))
    await office.tasks.show({"id": task["id"]})
    assert not following.done()
    _write(log, b'{"a": 1}\n{"b": "\xff"}\n{"half')
    await office.desk.do(lambda tx: office.dispatcher.finished(tx, run, Outcome(result=GOOD), "tip", 0.0))
    async with asyncio.timeout(5):
        answer = await following
    assert isinstance(answer, dict)
    assert answer["lines"] == ['{"a": 1}', '{"b": "\ufffd"}']
    again = await office.tasks.logs({"id": task["id"], "offset": answer["offset"], "follow": True})
    assert again == {"lines": [], "offset": answer["offset"], "more": False, "attempt": 1}


# --- pruning ---


async def test_pruning_says_why_and_a_dry_run_changes_nothing(office: Office) -> None:
    dead, fresh = await office.add("dead"), await office.add("fresh")
    await office.tasks.cancel({"ids": [dead["id"]]})
    office.clock.advance(30 * 24 * 3600.0)
    await office.tasks.cancel({"ids": [fresh["id"]]})
    told = {"pruned": [{"id": dead["id"], "why": "old: cancelled for 30 days"}]}
    assert await office.prunes.asked({"dry_run": True}) == {**told, "dry_run": True}
    assert await office.state(dead["id"]) == "cancelled"
    assert await office.prunes.asked({}) == {**told, "dry_run": False}
    assert await office.prunes.asked({}) == {"pruned": [], "dry_run": False}
    shown = _dict(await office.tasks.show({"id": dead["id"]}))["task"]
    assert (shown["state"], shown["pruned_why"]) == ("pruned", "old: cancelled for 30 days")
    assert isinstance(await office.tasks.retry({"ids": [dead["id"]]}), dict)
    assert await office.state(fresh["id"]) == "cancelled"


async def test_work_in_review_is_pruned_with_its_work_kept(office: Office) -> None:
    await office.add()
    run = await office.work()
    office.clock.advance(31 * 24 * 3600.0)
    assert [each["id"] for each in _dict(await office.prunes.asked({}))["pruned"]] == [run.id]
    assert office.repo("show", f"refs/lsp-orch/rejected/{run.id}/1:new.txt") == "new"
    assert len(office.repo("worktree", "list").splitlines()) == 1
    assert office.repo("branch", "--list", "lsp-orch/*") == ""


async def test_work_that_cannot_be_kept_is_not_pruned(office: Office) -> None:
    await office.add()
    run = await office.work()
    office.clock.advance(31 * 24 * 3600.0)
    shutil.rmtree(office.repo.path / ".git")
    assert _dict(await office.prunes.asked({}))["pruned"] == []
    assert await office.state(run.id) == "review"


async def test_tasks_of_a_workspace_that_is_gone_are_pruned_and_of_one_that_is_not_mounted_are_not(
    office: Office,
) -> None:
    task = await office.add()
    aside = office.repo.path.with_name("aside")
    office.repo.path.rename(aside)
    assert [each["id"] for each in _dict(await office.prunes.asked({}))["pruned"]] == [task["id"]]
    await office.tasks.retry({"ids": [task["id"]]})
    left = office.repo.path.parent
    hidden = left.with_name("hidden")
    left.rename(hidden)
    left.mkdir()  # an empty mount point
    assert _dict(await office.prunes.asked({}))["pruned"] == []
    left.rmdir()
    assert _dict(await office.prunes.asked({}))["pruned"] == []
    hidden.rename(left)


# --- reviews ---


async def test_accepting_merges_into_what_is_checked_out_and_tidies_up(office: Office) -> None:
    task = await office.add(check="test -f new.txt && test -f other.txt")
    run = await office.work()
    office.repo.commit("other.txt", "meanwhile\n")
    shown = await office.reviews.show({"id": task["id"]})
    assert isinstance(shown, dict)
    assert shown["files"] == [{"path": "new.txt", "added": 1, "removed": 0}]
    assert "+new" in shown["diff"]
    assert "diff" not in _dict(await office.reviews.show({"id": task["id"], "stat": True}))
    answer = _dict(await office.reviews.accept({"ids": [task["id"]]}))
    assert answer["tasks"][0]["state"] == "done"
    assert office.learned == [task["id"]]
    assert (office.repo.path / "new.txt").read_text(encoding="utf-8") == "new\n"
    assert office.repo("status", "--porcelain") == ""
    assert office.repo("log", "-1", "--format=%s") == "make new.txt"
    assert office.repo("branch", "--list", "lsp-orch/*") == ""
    assert len(office.repo("worktree", "list").splitlines()) == 1
    assert office.repo("show", f"refs/lsp-orch/merged/{run.id}:new.txt") == "new"
    assert _dict(await office.reviews.listing({}))["tasks"] == []
    refused(await office.reviews.accept({"ids": [task["id"]]}), Code.TASK_STATE)


async def test_a_failed_check_leaves_everything_as_it_was(office: Office) -> None:
    task = await office.add(check="echo broken; false")
    run = await office.work()
    before = office.repo.state()
    assert "broken" in refused(await office.reviews.accept({"ids": [task["id"]]}), Code.CHECK_FAILED)
    await _untouched(office, run, before)


@pytest.mark.parametrize("name", ["README.md", "new.txt"])
async def test_uncommitted_work_is_never_merged_over(office: Office, name: str) -> None:
    task = await office.add()
    run = await office.work()
    office.repo.write(name, "precious\n")
    before = office.repo.state()
    assert name in refused(await office.reviews.accept({"ids": [task["id"]]}), Code.TREE_DIRTY)
    await _untouched(office, run, before)
    assert (office.repo.path / name).read_text(encoding="utf-8") == "precious\n"


async def test_work_that_becomes_dirty_during_the_check_is_noticed(office: Office) -> None:
    task = await office.add(check=f"echo precious > {office.repo.path}/README.md")
    await office.work()
    assert "README.md" in refused(await office.reviews.accept({"ids": [task["id"]]}), Code.TREE_DIRTY)
    assert (office.repo.path / "README.md").read_text(encoding="utf-8") == "precious\n"


async def test_a_file_that_a_person_is_writing_is_not_changed_under_them(office: Office) -> None:
    task = await office.add()
    run = await office.work("README.md", "theirs\n")
    before = office.repo.state()
    ask = Ask(
        holder=Holder(id="e", kind=Party.HUMAN, name="alice"),
        workspace=str(office.repo.path),
        scopes=(Scope(Kind.FILE, str(office.repo.path / "README.md")),),
        mode=Mode.WRITE,
        reason="",
        ttl_s=60,
        state=State.DIRTY,
    )
    held = await office.desk.do(lambda tx: office.leases.acquire(tx, ask))
    assert isinstance(held, Granted)
    assert "alice" in refused(await office.reviews.accept({"ids": [task["id"]]}), Code.LEASE_HELD)
    await _untouched(office, run, before)
    await office.desk.do(lambda tx: office.leases.release(tx, [held.lease]))
    assert isinstance(await office.reviews.accept({"ids": [task["id"]]}), dict)


async def test_a_merge_that_a_crash_kept_from_being_noted_is_accepted_again(office: Office) -> None:
    task = await office.add()
    run = await office.work()
    office.repo("merge", "--quiet", branch(run))
    before = office.repo("rev-parse", "HEAD")
    assert isinstance(await office.reviews.accept({"ids": [task["id"]]}), dict)
    assert office.repo("rev-parse", "HEAD") == before


async def test_a_rejected_task_keeps_its_work_and_a_retry_is_told_why(office: Office) -> None:
    task = await office.add()
    run = await office.work()
    with pytest.raises(Misuse):
        await office.reviews.reject({"id": task["id"], "reason": " "})
    answer = _dict(await office.reviews.reject({"id": task["id"], "reason": "wrong colour"}))
    assert answer["task"]["state"] == "failed"
    assert "wrong colour" in answer["task"]["error"]
    assert len(office.repo("worktree", "list").splitlines()) == 1
    assert office.repo("show", f"refs/lsp-orch/rejected/{run.id}/1:new.txt") == "new"
    again = _dict(await office.tasks.retry({"ids": [task["id"]]}))
    assert again["tasks"][0]["state"] == "ready"
    assert "wrong colour" in again["tasks"][0]["error"]


async def test_work_that_is_cancelled_in_review_is_kept_too(office: Office) -> None:
    task = await office.add()
    run = await office.work()
    await office.tasks.cancel({"ids": [task["id"]]})
    assert office.repo("show", f"refs/lsp-orch/rejected/{run.id}/1:new.txt") == "new"
    assert len(office.repo("worktree", "list").splitlines()) == 1


async def test_a_shared_task_has_nothing_to_merge(office: Office) -> None:
    task = await office.add(isolate=Isolation.SHARED.value, check="test -f README.md")
    run = await office.start()
    await office.desk.do(lambda tx: office.dispatcher.placed(tx, run, "", "", "base"))
    await office.desk.do(lambda tx: office.dispatcher.finished(tx, run, Outcome(result=GOOD), "", 0.0))
    shown = _dict(await office.reviews.show({"id": task["id"]}))
    assert shown["files"] == [{"path": "new.txt", "added": None, "removed": None}]
    before = office.repo.state()
    assert _dict(await office.reviews.accept({"ids": [task["id"]]}))["tasks"][0]["state"] == "done"
    assert office.repo.state() == before


async def test_two_accepts_at_once_merge_one_after_the_other(office: Office) -> None:
    first, second = await office.add("first"), await office.add("second")
    await office.work("a.txt")
    await office.work("b.txt")
    await asyncio.gather(*(office.reviews.accept({"ids": [each["id"]]}) for each in (first, second)))
    assert {path.name for path in office.repo.path.iterdir()} == {".git", "README.md", "a.txt", "b.txt"}
    assert office.repo("status", "--porcelain") == ""


async def test_a_repository_that_has_gone_is_an_error_and_not_the_end(office: Office) -> None:
    task = await office.add()
    await office.work()
    shutil.rmtree(office.repo.path / ".git")
    with pytest.raises(Unavailable):
        await office.reviews.accept({"ids": [task["id"]]})
    assert await office.state(task["id"]) == "review"


async def _untouched(office: Office, run: Task, before: tuple[str, ...]) -> None:
    assert office.repo("fsck", "--strict", "--no-dangling") == ""
    assert office.repo.state() == before
    assert await office.state(run.id) == "review"
    assert office.repo("rev-parse", branch(run))
    assert len(office.repo("worktree", "list").splitlines()) == 2


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _dict(answer: object) -> dict[str, Any]:
    assert isinstance(answer, dict), answer
    return answer


async def test_what_of_the_checkout_a_worker_will_not_see_is_said(office: Office) -> None:
    where = {"prompt": "x", "workspace": str(office.repo.path)}
    clean = await office.tasks.add(where)
    assert isinstance(clean, dict)
    assert clean["notices"] == []
    office.repo.write("README.md", "changed\n")
    office.repo("checkout", "--quiet", "--detach")
    answer = await office.tasks.add(where)
    assert isinstance(answer, dict)
    detached, dirty = answer["notices"]
    assert "no branch is checked out" in detached
    assert dirty.startswith("1 changed file is not committed")
