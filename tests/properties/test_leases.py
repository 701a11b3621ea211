"""The invariants of leases over random histories, and each of them failing on a seeded bug."""

from collections.abc import Callable
from dataclasses import replace
from sqlite3 import IntegrityError

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import lease as rules
from lsp_orch.domain.events import LeaseChanged, WaiterGone
from lsp_orch.domain.grants import Ask, Waiter
from lsp_orch.domain.lease import STEPS, Lease, Mode, State, Step
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services import claims, cycles
from lsp_orch.services import leases as service
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.leases import LeaseTable, WaiterTable
from tests.properties import histories
from tests.properties.leases import LeaseMachine
from tests.properties.seeds import Seed, method, query

THOROUGH = settings(histories.THOROUGH, max_examples=250)
UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=2000, stateful_step_count=30)

Leased = tuple[Lease, ...]
Waiting = tuple[Waiter, ...]


def test_leases_keep_every_promise_in_any_history() -> None:
    run_state_machine_as_test(LeaseMachine, settings=THOROUGH)


def obstacles(wrong: Callable[[Ask, Leased, Waiting], tuple[Leased, Waiting]]) -> Seed:
    """Other things in the way than those that are."""
    right = cycles.obstacles
    return method(cycles, "obstacles", lambda tx, ask, *rest: wrong(ask, *right(tx, ask, *rest)))


def readers_block_nobody(_: Ask, leases: Leased, waiters: Waiting) -> tuple[Leased, Waiting]:
    return () if all(each.mode is Mode.READ for each in leases) else leases, waiters


def nobody_queues(_: Ask, leases: Leased, waiters: Waiting) -> tuple[Leased, Waiting]:
    return leases, waiters if leases else ()


def readers_overtake(ask: Ask, leases: Leased, waiters: Waiting) -> tuple[Leased, Waiting]:
    return leases, waiters if leases or ask.mode is Mode.WRITE else ()


def only_the_first_file_is_granted(patch: pytest.MonkeyPatch) -> None:
    right = Leases._issue
    patch.setattr(
        Leases,
        "_issue",
        lambda self, tx, ask, live: right(self, tx, replace(ask, scopes=ask.scopes[:1]), live),
    )


def only_the_first_file_is_promoted(patch: pytest.MonkeyPatch) -> None:
    right = Leases._promote
    patch.setattr(Leases, "_promote", lambda self, tx, freed: right(self, tx, list(freed)[:1]))


def tickets_vanish_silently(patch: pytest.MonkeyPatch) -> None:
    right = Tx.announce
    patch.setattr(
        Tx, "announce", lambda self, event: None if isinstance(event, WaiterGone) else right(self, event)
    )


def buffers_expire(patch: pytest.MonkeyPatch) -> None:
    right = rules.expiry

    def expiry(state: State, ttl_s: float, now: float, settings: object) -> float | None:
        return right(State.HELD if state is State.DIRTY else state, ttl_s, now, settings)  # type: ignore[arg-type]  # passed on

    patch.setattr(rules, "expiry", expiry)
    patch.setattr(service, "expiry", expiry)


def typing_into_what_was_asked_for_is_not_noticed(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(STEPS, (State.HELD, Step.CHANGE))


def renewals_are_not_told(patch: pytest.MonkeyPatch) -> None:
    right = LeaseView.on_event
    patch.setattr(
        LeaseView,
        "on_event",
        lambda self, event: () if isinstance(event, LeaseChanged) else right(self, event),
    )


SEEDS: list[tuple[Seed, str]] = [
    # 1: no two holders
    (obstacles(readers_block_nobody), "two holders|lease-held"),  # the schema may say it first
    # 2: tokens
    (query("lease.next_token", "SELECT COALESCE(MAX(token), 0) + 1, 1000 FROM lease"), "used twice"),
    (query("fence.raise", "SELECT 1"), "the newest token did not pass"),
    (method(Leases, "check", lambda *_: None), "a superseded token passed"),
    # 3: every waiter
    (method(Leases, "_promote", lambda *_: None), "nothing stood before"),
    (only_the_first_file_is_promoted, "nothing stood before"),
    (tickets_vanish_silently, "forgotten"),
    (obstacles(nobody_queues), "overtaken"),
    (obstacles(readers_overtake), "overtaken"),
    (method(service, "again", lambda *_: False), "place lost"),
    (only_the_first_file_is_granted, "granted in part"),
    # nobody waits for themselves
    (method(cycles, "circle", lambda *_: ()), "a circle of waiters closed"),
    (method(cycles, "cycle", lambda who, *_: (who, who)), "refused without a circle"),
    # a vanished editor's files
    (method(Leases, "_reclaim", lambda *_: None), "a returning person waited"),
    # claims
    (method(Claims, "enforce", lambda *_: None), "outlived"),
    (method(Leases, "object", lambda *_: None), "an objection was not heard"),
    (method(claims, "_unsaved", lambda *_: None), "a program took unsaved work"),
    (method(Leases, "unclaim", lambda *_: None), "outlived|was not heard"),
    # time
    (method(LeaseTable, "expired", lambda *_: []), "outlived"),
    (method(WaiterTable, "expired", lambda *_: []), "outlived"),
    (method(WaiterTable, "deadline", lambda *_: None), "sleep too long"),
    (buffers_expire, "time limit"),
    (typing_into_what_was_asked_for_is_not_noticed, "time limit"),
    # sessions
    (query("lease.of_session", "SELECT * FROM lease WHERE holder_id = :session"), "left something behind"),
    (method(Sessions, "reap", lambda *_: None), "left something behind|still here"),
    # the view
    (renewals_are_not_told, "the view saw other leases"),
]


@pytest.mark.parametrize(("seed", "told"), SEEDS, ids=[f"{told}-{n}" for n, (_, told) in enumerate(SEEDS)])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError), match=told):
        run_state_machine_as_test(LeaseMachine, settings=UNTIL_FOUND)
