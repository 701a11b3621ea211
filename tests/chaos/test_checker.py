"""The checker finds each kind of bad history, and nothing in a good one."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from lsp_orch.services import leases as service
from lsp_orch.services.leases import Leases
from lsp_orch.services.sessions import Sessions
from lsp_orch.store import queries
from lsp_orch.store.base import Tx
from tests.chaos.cases import ANN, CASES, Events, dies
from tests.chaos.checker import Kind, check
from tests.chaos.deeds import Deed, deeds
from tests.chaos.history import Death, History, Op, read, write
from tests.chaos.model import Model
from tests.chaos.spoils import SPOILS, Spoil, ask, seen

THOROUGH = settings(
    max_examples=100,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much],  # not every history can be spoilt in every way
)
UNTIL_FOUND = settings(
    THOROUGH,
    max_examples=2000,
    derandomize=True,
    phases=[Phase.generate],  # a seeded bug need not be explained
)

stories = st.lists(deeds(), max_size=50)
long_stories = st.lists(deeds(), min_size=30, max_size=50)


def tell(story: list[Deed]) -> History:
    model = Model()
    for deed in story:
        model.do(deed)
    return model.history()


def test_nothing_is_found_in_a_good_history() -> None:
    @settings(THOROUGH)
    @given(stories)
    def look(story: list[Deed]) -> None:
        assert check(tell(story)) == ()

    look()


@pytest.mark.parametrize("spoil", SPOILS, ids=[each.__name__ for each in SPOILS])
def test_a_spoilt_history_is_found(spoil: Spoil) -> None:
    @settings(UNTIL_FOUND, max_examples=20)
    @given(st.data())
    def look(data: st.DataObject) -> None:
        spoilt = list(spoil(tell(data.draw(long_stories))))
        assume(spoilt)
        assert SPOILS[spoil] in {each.kind for each in check(data.draw(st.sampled_from(spoilt)))}

    look()


# --- rules that are wrong ---

Seed = Callable[[pytest.MonkeyPatch], None]


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    """A function that does something else."""
    return lambda patch: patch.setattr(owner, name, wrong)


def query(name: str, text: str) -> Seed:
    """A query that says something else."""
    return lambda patch: patch.setitem(queries.load(), name, text)


def ends_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(service, "expiry", lambda state, ttl_s, now, settings: now)  # noqa: ARG005 - as it is called


def a_restart_loses(lose: Callable[[Tx], None]) -> Seed:
    """A daemon that starts does not find all that there was."""
    right = Sessions.restart

    def restart(self: Sessions, tx: Tx) -> None:
        lose(tx)
        right(self, tx)

    return method(Sessions, "restart", restart)


def waiters(tx: Tx) -> None:
    for each in tx.waiters.waiting():
        tx.waiters.delete(each)


def leases(tx: Tx) -> None:
    for each in tx.leases.live():
        tx.leases.delete(each)


SEEDS: dict[str, tuple[Seed, Kind]] = {
    "a lease ends at once": (ends_at_once, Kind.LOST),
    "a restart loses leases": (a_restart_loses(leases), Kind.LOST),
    "a restart loses waiters": (a_restart_loses(waiters), Kind.FORGOTTEN),
    "nobody is next": (method(Leases, "_promote", lambda *_: None), Kind.FORGOTTEN),
    "a token is one more than those that live": (
        query("lease.next_token", "SELECT COALESCE(MAX(token), 0) + 1, 1000 FROM lease"),
        Kind.TWICE,
    ),
    "tokens count down": (
        query(
            "lease.next_token",
            "UPDATE token SET last = last - 1, reserved = last - 1 RETURNING last, reserved",
        ),
        Kind.OLD,
    ),
    "what is let go stays": (method(Leases, "release", lambda *_: None), Kind.CAME_BACK),
}


@pytest.mark.parametrize(("seed", "kind"), SEEDS.values(), ids=SEEDS)
def test_wrong_rules_are_found(seed: Seed, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)

    @settings(UNTIL_FOUND)
    @given(long_stories)
    def look(story: list[Deed]) -> None:
        assert kind not in {each.kind for each in check(tell(story))}, "found"

    with pytest.raises(AssertionError, match="found"):
        look()


# --- what is only possible, and what is not ---


@pytest.mark.parametrize(("events", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_may_have_been_is_told_from_what_cannot(events: Events, kind: Kind | None) -> None:
    history = History(
        ops=tuple(each for each in events if isinstance(each, Op)),
        deaths=tuple(each for each in events if isinstance(each, Death)),
        ticket_s=100.0,
        vanished_s=3.0,
    )
    assert {each.kind for each in check(history)} == ({kind} if kind else set())


def test_resources_overlap_as_is_said() -> None:
    folder, file = ask("ann", 0, seen("ann", 1, "src/")), ask("bob", 2, seen("bob", 2, "src/a"))
    history = History(ops=(folder, file))
    assert check(history) == ()
    [found] = check(history, lambda one, other: one.startswith(other) or other.startswith(one))
    assert found.kind is Kind.TWO_HOLDERS


def test_half_a_line_and_a_missing_answer_are_read() -> None:
    first, last = ask("ann", 0, ANN), ask("ann", 2)
    lines = [write(first), write(last), write(dies("ann", 3)), b'{"verb": "as']
    assert read(lines) == ([first, last], [dies("ann", 3)])
