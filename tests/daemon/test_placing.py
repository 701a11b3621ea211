"""What a worker is not started on: a base without accepted work, a branch of somebody else's, nothing."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lsp_orch.adapters.git import GitProgram
from lsp_orch.daemon.desk import Desk
from lsp_orch.daemon.placing import Placing
from lsp_orch.domain.ending import is_final
from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.result import Outcome, Result, Status
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.task import Draft, Step, Task
from lsp_orch.services import task_files
from lsp_orch.services.dispatcher import Dispatcher
from lsp_orch.services.task_files import TaskFiles
from lsp_orch.services.tasks import Tasks, take
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.adapters.test_git import Repo
from tests.fixtures.clock import FakeClock, SerialIds

GOOD = Outcome(result=Result(status=Status.DONE, summary="did it"))


@dataclass
class Bench:
    desk: Desk
    tasks: Tasks
    dispatcher: Dispatcher
    placing: Placing
    repo: Repo

    async def add(self, *after: str) -> Task:
        draft = Draft(
            workspace=str(self.repo.path),
            prompt="do it",
            title="it",
            after=after,
            max_usd=1,
            max_turns=1,
            timeout_s=1,
            attempts=3,
        )
        task = await self.desk.do(lambda tx: self.tasks.add(tx, draft))
        assert isinstance(task, Task)
        return task

    async def start(self) -> Task:
        run = await self.desk.do(self.dispatcher.claim)
        assert isinstance(run, Task)
        return run

    async def accept(self, run: Task, tip: str) -> None:
        def work(tx: Tx) -> None:
            done = self.dispatcher.finished(tx, run, GOOD, tip, 0.0)
            assert done
            take(tx, done, Step.ACCEPT, done)
            self.tasks.settle(tx, run.id)

        await self.desk.do(work)

    async def refused(self, run: Task) -> Refusal:
        with pytest.raises(Unavailable) as caught:
            await self.placing.place(run)
        refusal = caught.value.refusal
        assert is_final(Outcome(result=refusal)), "it would be tried again, and nothing would be different"
        return refusal


def has(folder: str, name: str) -> bool:
    return Path(folder, name).is_file()


@pytest.fixture
async def bench(repository: Path, short_root: Path) -> AsyncIterator[Bench]:
    env = {"PATH": os.environ["PATH"], "HOME": str(short_root), "GIT_CONFIG_NOSYSTEM": "1"}
    clock, ids = FakeClock(), SerialIds()
    desk, dispatcher = Desk(SqliteStore(), lambda _: None), Dispatcher(clock, ids, Settings())
    placing = Placing(
        desk=desk,
        dispatcher=dispatcher,
        git=GitProgram(short_root / "worktrees", env),
        files=TaskFiles(worktrees=short_root / "worktrees", logs=short_root / "logs"),
    )
    yield Bench(desk, Tasks(clock, ids, Settings()), dispatcher, placing, Repo(repository, env))
    await desk.close()


async def test_a_base_without_the_accepted_work_it_waited_for_is_refused(bench: Bench) -> None:
    start = bench.repo("rev-parse", "HEAD")
    first = await bench.add()
    second = await bench.add(first.id)
    tip = bench.repo.commit("first.txt", "first\n")
    await bench.accept(await bench.start(), tip)
    bench.repo("checkout", "--quiet", "-b", "elsewhere", start)
    run = await bench.start()
    assert run.id == second.id
    refusal = await bench.refused(run)
    assert refusal.code is Code.BASE_STALE
    assert first.id in refusal.message
    assert f"task retry {second.id}" in refusal.hint
    bench.repo("checkout", "--quiet", "main")
    folder = await bench.placing.place(run)
    assert has(folder, "first.txt")


async def test_somebody_elses_branch_is_left_as_it_is(bench: Bench) -> None:
    task = await bench.add()
    bench.repo("branch", task_files.branch(task))
    before = bench.repo("rev-parse", task_files.branch(task))
    bench.repo.commit("more.txt", "more\n")
    run = await bench.start()
    assert (await bench.refused(run)).code is Code.BRANCH_TAKEN
    assert bench.repo("rev-parse", task_files.branch(task)) == before


async def test_our_own_branch_of_an_earlier_attempt_is_made_anew(bench: Bench) -> None:
    await bench.add()
    run = await bench.start()
    await bench.placing.place(run)
    left = await bench.desk.do(lambda tx: tx.tasks.by_id(run.id))
    assert left
    bench.repo.commit("more.txt", "more\n")
    folder = await bench.placing.place(left)
    assert has(folder, "more.txt")


async def test_a_checkout_that_is_gone_is_said(bench: Bench) -> None:
    await bench.add()
    run = await bench.start()
    gone = replace(run, workspace=f"{run.workspace}-gone")
    assert (await bench.refused(gone)).code is Code.NOT_A_REPOSITORY
