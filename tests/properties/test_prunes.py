"""Pruning over random histories, and its promises failing on seeded bugs."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import prune
from lsp_orch.domain.prune import Candidate, Limits
from lsp_orch.domain.task import State, Step
from lsp_orch.services import pruning as pruning_service
from lsp_orch.services.pruning import Pruning
from lsp_orch.services.tasks import take, taken
from tests.properties.prunes import PruneMachine
from tests.properties.seeds import Seed, method
from tests.properties.test_tasks import THOROUGH, UNTIL_FOUND, query


def test_pruning_keeps_every_promise_in_any_history() -> None:
    run_state_machine_as_test(PruneMachine, settings=THOROUGH)


def running_ones_too(patch: pytest.MonkeyPatch) -> None:
    """Neither the query nor the rules know that some are at work."""
    query("prune.candidates", (" AND engaged = 0", ""), ("'pending',", "'pending', 'running',"))(patch)
    patch.setattr(prune, "_OPEN", prune._OPEN | {State.RUNNING})


def without(name: str) -> Seed:
    """A rule is missing."""
    return lambda patch: patch.setattr(
        prune, "RULES", tuple(each for each in prune.RULES if each.__name__ != name)
    )


def sees(**changes: Any) -> Seed:
    """The rules do not see something."""
    right = prune.verdict

    def wrong(task: Candidate, limits: Limits) -> str:
        return right(replace(task, **changes), limits)

    return method(pruning_service, "verdict", wrong)


def _at_once(_: Pruning, tx: Any, was: Candidate, why: str) -> Any:
    """Does not look again."""
    task = tx.tasks.by_id(was.id)
    return taken(take(tx, task, Step.PRUNE, replace(task, pruned_why=why)))


def _looks(self: Pruning, tx: Any) -> Any:
    """Prunes though it was only to look."""
    found = tx.prunes.candidates()
    self.prune(tx, self.choose(found))
    return found


SEEDS: list[tuple[Seed, str]] = [
    (without("superseded"), "should go and would not"),
    (without("orphaned"), "should go and would not"),
    (without("stale"), "should go and would not"),
    (without("old"), "should go and would not"),
    (sees(priority=4), "would go and should not"),
    (sees(awaited=False), "would go and should not"),
    (sees(stuck=True), "would go and should not"),
    (sees(touched=0.0), "would go and should not"),
    (method(Pruning, "_prune", _at_once), "changed meanwhile|cannot be pruned"),
    (method(Pruning, "look", _looks), "dry run pruned|KeyError|silently|stays"),
    (method(Pruning, "keep", lambda *_: None), "work was lost"),
    (running_ones_too, "would go and should not"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[f"{told}-{n}" for n, (_, told) in enumerate(SEEDS)])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(Exception, match=told):
        run_state_machine_as_test(PruneMachine, settings=UNTIL_FOUND)
