"""What the inbox promises, over random histories, and each promise failing on a seeded bug."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import inbox as rules
from lsp_orch.domain.inbox import Inbox
from tests.properties import histories
from tests.properties.histories import THOROUGH
from tests.properties.inbox import InboxMachine
from tests.properties.seeds import Seed, method

UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=1000)


def test_the_inbox_keeps_every_promise_in_any_history() -> None:
    run_state_machine_as_test(InboxMachine, settings=THOROUGH)


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
    (constant("TRUST_S", 1e9), "lost|out of order"),  # whether all of it stays behind, or the first
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
