"""The promises about who may start over random histories, and each of them failing on a seeded bug."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain.lease import Lease, Party
from lsp_orch.domain.starting import Hold
from lsp_orch.services import dispatcher, lanes, start_rules, waits, ways
from lsp_orch.services.ways import by_itself
from lsp_orch.store.lanes import LaneTable
from tests.properties import starts
from tests.properties.seeds import Seed, method
from tests.properties.starts import StartMachine

THOROUGH = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
)
UNTIL_FOUND = settings(THOROUGH, max_examples=400, derandomize=True, phases=[Phase.generate])


def test_starts_keep_every_promise_in_any_history() -> None:
    run_state_machine_as_test(StartMachine, settings=THOROUGH)


def writers(keep: Callable[[Lease], bool]) -> Seed:
    """Only some leases are seen."""
    right = ways._writers
    return method(ways, "_writers", lambda tx, asked: list(filter(keep, right(tx, asked))))


def off_by_one(patch: pytest.MonkeyPatch) -> None:
    right = start_rules._full

    def full(at_work: int, cap: int, *words: str) -> Hold | None:
        return right(at_work, cap + 1, *words)

    patch.setattr(start_rules, "_full", full)


def ignored(name: str) -> Seed:
    """A rule of those with numbers that never has anything against anybody."""
    right = start_rules.capped

    def capped(given: Any) -> tuple[Any, ...]:
        return tuple(each for each in right(given) if each.__name__ != name)

    return method(dispatcher, "capped", capped)


def without(rule: str) -> Seed:
    """The plain rules but one."""
    right: Any = dispatcher.Dispatcher.__init__

    def begin(self: Any, *arguments: Any, **named: Any) -> None:
        rules = tuple(each for each in start_rules.RULES if each.__name__ != rule)
        right(self, *arguments, rules=rules, **named)

    return method(dispatcher.Dispatcher, "__init__", begin)


SEEDS: dict[str, tuple[Seed, str]] = {
    "a person's lease is ignored": (
        writers(lambda each: each.holder.kind is Party.AGENT),
        "somebody holds it",
    ),
    "an agent's lease is ignored": (
        writers(lambda each: each.holder.kind is Party.HUMAN),
        "somebody holds it",
    ),
    "a reader holds back": (
        method(ways, "_writers", lambda tx, asked: tx.leases.touching(asked)),
        "left lying",
    ),
    "what runs is ignored": (method(ways, "_with_tasks", lambda *_: None), "a run may change it"),
    "other checkouts are ignored": (
        method(starts, "checkout_of", by_itself),
        "somebody holds it|a run may change it",
    ),
    "a shared checkout is no matter": (method(ways, "_crowded", lambda *_: False), "the checkout is shared"),
    "a cap is off by one": (off_by_one, "the model is at work|the workspace is full"),
    "a model has no cap": (ignored("of_model"), "the model is at work"),
    "a workspace has no cap": (ignored("of_workspace"), "the workspace is full"),
    "there is no floor": (ignored("memory"), "there is no memory"),
    "who is paused starts": (without("paused"), "it is paused"),
    "a hold is never lifted": (method(LaneTable, "open", lambda *_: 0), "left lying"),
    "only the first of a lane ever starts": (method(dispatcher, "firsts", lambda *_: iter(())), "left lying"),
    "a daemon's death leaves holds behind": (
        method(dispatcher.Dispatcher, "restart", lambda *_: None),
        "left lying",
    ),
    "a lane's last one is lost": (
        method(LaneTable, "first", lambda *_: ""),
        "left lying|held back by nothing",
    ),
    "caps are never free again": (method(waits, "model_workers", lambda *_: 99), "left lying"),
    "lanes are one": (method(lanes, "lane_of", lambda *_: "all"), "left lying"),
}


@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, promise = SEEDS[name]
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=promise):
        run_state_machine_as_test(StartMachine, settings=UNTIL_FOUND)
