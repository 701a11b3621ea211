"""``lsp-orch status`` with the real daemon."""

from lsp_orch.domain.task import State
from tests.fixtures.daemon import Instance


def test_tasks_are_counted_in_every_state_also_where_there_is_none(instance: Instance) -> None:
    assert instance.json("status")["tasks"] == dict.fromkeys(State, 0)
