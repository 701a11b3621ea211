"""Who is woken by what."""

import pytest

from lsp_orch.domain.events import TaskChanged
from lsp_orch.domain.task import SETTLED, State
from lsp_orch.endpoints.bell import Bell


@pytest.mark.parametrize("state", list(State))
def test_every_change_is_heard_and_an_end_by_those_who_wait_for_one(state: State) -> None:
    bell = Bell()
    change, end = bell.next(), bell.next_end()
    bell.on_event(TaskChanged(id="task-1", state=state))
    assert change.is_set()
    assert end.is_set() == (state in SETTLED)
    assert not bell.next().is_set()
    assert not bell.next_end().is_set()


def test_what_a_worker_says_wakes_nobody_who_waits_for_an_end() -> None:
    bell = Bell()
    change, end = bell.next(), bell.next_end()
    bell.ring()
    assert change.is_set()
    assert not end.is_set()
