"""What the inbox promises, over random histories, and each promise failing on a seeded bug."""

import os
from collections.abc import Callable

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import inbox as rules
from lsp_orch.domain.inbox import Inbox
from tests.properties.inbox import InboxMachine

THOROUGH = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
)
UNTIL_FOUND = settings(THOROUGH, max_examples=1000, derandomize=True, phases=[Phase.generate])

Seed = Callable[[pytest.MonkeyPatch], None]


def test_the_inbox_keeps_every_promise_in_any_history() -> None:
    run_state_machine_as_test(InboxMachine, settings=THOROUGH)


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    """A function that does something else."""
    return lambda patch: patch.setattr(owner, name, wrong)


def constant(name: str, wrong: float) -> Seed:
    """A rule with another number."""
    return lambda patch: patch.setattr(rules, name, wrong)


def all_is_taken_whatever_fits(patch: pytest.MonkeyPatch) -> None:
    right = Inbox._drop
    patch.setattr(Inbox, "_drop", lambda self, holder, _: right(self, holder, self._boxes.get(holder, ())))


WRONG = "lost|out of order|told twice|too many|sleeps through"

SEEDS: list[tuple[Seed, str]] = [
    (method(Inbox, "_drop", lambda *_: None), WRONG),
    (all_is_taken_whatever_fits, WRONG),
    (constant("MOST", 10**6), WRONG),
    (constant("MOST", 10), WRONG),
    (constant("TTL_S", 1e9), WRONG),
    (constant("TTL_S", 60.0), WRONG),
    (constant("TRUST_S", 0.0), WRONG),
    (constant("TRUST_S", 1e9), WRONG),
    (method(Inbox, "unsent", lambda *_: None), WRONG),
    (method(Inbox, "heard", lambda *_: None), WRONG),
    (method(Inbox, "end", lambda self, holder: self._boxes.pop(holder, None)), WRONG),
    (method(Inbox, "wakes", lambda *_: False), "sleeps through"),
    (method(rules, "size", lambda _: 0), "too long"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[str(number) for number in range(len(SEEDS))])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        run_state_machine_as_test(InboxMachine, settings=UNTIL_FOUND)
