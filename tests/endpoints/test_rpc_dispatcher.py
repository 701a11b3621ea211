"""What `lsp-orch pause` and `resume` ask and are answered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters.git import GitProgram
from lsp_orch.adapters.paths import RealPaths
from lsp_orch.daemon.desk import Desk
from lsp_orch.domain.errors import Misuse
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.rpc.dispatcher import DispatcherMethods
from lsp_orch.endpoints.rpc.lease_requests import LeaseRequests
from lsp_orch.services.callers import Callers
from lsp_orch.services.pausing import Pausing
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock


@pytest.fixture
async def methods(tmp_path: Path) -> AsyncIterator[DispatcherMethods]:
    paths, desk = RealPaths(), Desk(SqliteStore(), lambda _: None)
    requests = LeaseRequests(desk, Callers(paths, lambda _: (), "ann"), paths, lambda _: Settings())
    yield DispatcherMethods(desk, Pausing(FakeClock()), requests, GitProgram(tmp_path))
    await desk.close()


async def test_a_pause_is_of_a_workspace_or_of_all_and_says_what_is_paused(
    methods: DispatcherMethods, tmp_path: Path
) -> None:
    one: dict[str, Any] = {"workspace": str(tmp_path), "reason": "a demo"}
    first = await methods.pause(one)
    assert isinstance(first, dict)
    [pause] = first["paused"]
    assert pause == {"workspace": str(tmp_path), "reason": "a demo", "by": "ann", "at": pause["at"]}
    both = await methods.pause({"all": True})
    assert isinstance(both, dict)
    assert [each["workspace"] for each in both["paused"]] == [None, str(tmp_path)]
    left = await methods.resume(one)
    assert isinstance(left, dict)
    assert [each["workspace"] for each in left["resumed"]] == [str(tmp_path)]
    assert [each["workspace"] for each in left["paused"]] == [None]
    assert await methods.resume({"all": True}) == {"resumed": left["paused"], "paused": []}


async def test_whoever_names_nothing_pauses_nothing(methods: DispatcherMethods) -> None:
    with pytest.raises(Misuse):
        await methods.pause({})
