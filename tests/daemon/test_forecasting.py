"""What would collide is known before anybody merges it, and is forgotten when it would no more."""

import asyncio
from pathlib import Path

import pytest

from lsp_orch.daemon.forecasting import Forecasting
from lsp_orch.domain.events import FileWritten, TaskChanged
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import Author
from lsp_orch.services.task_files import branch
from tests.endpoints.test_tasks import Office, _dict, office
from tests.fixtures.clock import FakeClock

__all__ = ["office"]


@pytest.fixture
async def forecasting(office: Office) -> Forecasting:
    part = Forecasting(office.desk, office.git, FakeClock())
    await part.look()
    return part


async def clouds(office: Office, task_id: str) -> list[tuple[str | None, list[str]]]:
    """What the review of a task says it would collide with."""
    tasks = _dict(await office.reviews.listing({}))["tasks"]
    [found] = [each["forecast"] for each in tasks if each["id"] == task_id]
    assert _dict(await office.reviews.show({"id": task_id}))["forecast"] == found
    return [(each["task"], each["paths"]) for each in found]


async def test_work_in_review_is_held_against_each_other_and_what_is_checked_out(
    office: Office, forecasting: Forecasting
) -> None:
    ids = [(await office.add(name))["id"] for name in "abc"]
    await office.work("README.md", "one\n")
    await office.work("README.md", "another\n")
    await office.work("apart.txt")
    before = office.repo.state()
    for each in ids:
        forecasting.on_event(TaskChanged(id=each, state="review"))
    await forecasting.look()
    assert await clouds(office, ids[0]) == [(ids[1], ["README.md"])]
    assert await clouds(office, ids[1]) == [(ids[0], ["README.md"])]
    assert await clouds(office, ids[2]) == []
    assert office.repo.state() == before
    await office.reviews.accept({"ids": ids[:1]})
    forecasting.on_event(TaskChanged(id=ids[0], state="done"))
    await forecasting.look()
    assert await clouds(office, ids[1]) == [(None, ["README.md"])]
    assert await clouds(office, ids[2]) == []


async def test_a_worker_that_writes_is_held_against_work_in_review_before_it_ends(
    office: Office, forecasting: Forecasting
) -> None:
    first = (await office.add("first"))["id"]
    await office.add("second")
    await office.work("README.md", "one\n")
    run, path = await office.start(), str(office.repo.path)
    place, base = office.files.worktree(office.git.repository(path), run), office.git.head(path)
    office.git.add_worktree(path, place, branch(run), base)
    await office.desk.do(lambda tx: office.dispatcher.placed(tx, run, place, branch(run), base))
    await asyncio.to_thread(Path(place, "README.md").write_text, "another\n", encoding="utf-8")
    await forecasting.look()
    assert await clouds(office, first) == [], "it looks when it is told, and not before"
    author = Author(id=f"{run.session_id}/helper", name="a subagent")
    scope = Scope(Kind.FILE, f"{place}/README.md")
    forecasting.on_event(FileWritten(scope=scope, by=author, at=0.0))
    await forecasting.look()
    assert await clouds(office, first) == [(run.id, ["README.md"])]
    assert office.repo("fsck", "--strict", "--no-dangling") == ""
