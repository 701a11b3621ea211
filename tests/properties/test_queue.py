"""Keys, cascades, batches and ageing over random histories, and each of them failing on a seeded bug."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import chain, keys
from lsp_orch.domain.task import rank
from lsp_orch.services import chains as chains_service
from lsp_orch.services import keys as keys_service
from lsp_orch.services import tasks as tasks_service
from lsp_orch.services.keys import Keys
from lsp_orch.store.chains import ChainTable
from lsp_orch.store.keys import KeyTable
from tests.properties.queues import QueueMachine
from tests.properties.seeds import Seed, method
from tests.properties.test_tasks import THOROUGH, UNTIL_FOUND, query


def test_the_queue_keeps_every_promise_in_any_history() -> None:
    run_state_machine_as_test(QueueMachine, settings=THOROUGH)


def kept(seconds: float) -> Seed:
    """Keys are known for another time."""
    return lambda patch: patch.setattr(keys_service, "KEPT_S", seconds)


def _any_request(request: Any, known: Any) -> None:
    """Answers whatever was asked with that key."""


def _one_level(self: ChainTable, task_id: str) -> dict[str, str]:
    return {each: cause for each, cause in RIGHT_FALLING(self, task_id).items() if cause == task_id}


RIGHT_FALLING = ChainTable.falling


def _alone(self: Keys, tx: Any, asked: Any, work: Callable[[], Any]) -> Any:
    """Does it, and has no time to note that."""
    known = self.known(tx, asked)
    return work() if known is None else known


SEEDS: list[tuple[Seed, str]] = [
    # keys are known for a day, with what was done
    (kept(math.inf), "kept for ever|not done"),
    (kept(3600.0), "done twice"),
    (method(keys_service, "differs", _any_request), "something else"),
    (method(Keys, "once", _alone), "done twice"),
    (method(KeyTable, "insert", lambda *_: None), "done twice"),
    # with a dead task fall all that asked for it, and nobody else
    (query("chain.falling", (" AND task.on_dead = 'cascade'\n    UNION", "\n    UNION")), "fell|CANCEL"),
    (method(ChainTable, "falling", _one_level), "fell|ruins"),
    (method(ChainTable, "falling", lambda *_: {}), "fell|ruins"),
    (method(chain, "fell", lambda _: ""), "without a reason"),
    (method(chains_service, "ruins", lambda *_: None), "ruins|dead one"),
    # all of a batch or none
    (method(chain, "order", tuple), "cycle got in|KeyError|FOREIGN KEY"),
    # whoever is less urgent has its turn too
    (method(tasks_service, "rank", lambda _, priority, __: float(priority)), "waited longer"),
    (method(tasks_service, "rank", lambda now, _, __: now), "waited longer"),
    (method(tasks_service, "rank", lambda now, each, age: rank(now, each, 4 * age)), "waited longer"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[f"{told}-{n}" for n, (_, told) in enumerate(SEEDS)])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(Exception, match=told):
        run_state_machine_as_test(QueueMachine, settings=UNTIL_FOUND)


def test_a_key_is_kept_for_a_day() -> None:
    assert keys.KEPT_S == 24 * 3600
