"""What must hold whatever happens to the time, over random histories; each of it failing on a seeded bug."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import vigil as rules
from lsp_orch.domain.lease import State as LeaseState
from lsp_orch.domain.lease import expiry
from lsp_orch.domain.session import State as SessionState
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.vigil import Moment, State, Vigil, begin
from lsp_orch.services import reaper as service
from lsp_orch.services.claims import Claims
from lsp_orch.services.leases import Leases
from lsp_orch.services.reaper import Reaper
from lsp_orch.services.sessions import Sessions
from lsp_orch.store.base import Tx
from lsp_orch.store.vigil import VigilTable
from tests.fixtures.clock import moment
from tests.properties import histories
from tests.properties import vigil as machine
from tests.properties.histories import THOROUGH
from tests.properties.seeds import Seed, method, query
from tests.properties.vigil import TimeMachine

UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=2000, stateful_step_count=30)


def test_no_clock_and_no_sleep_ends_anything_and_the_dead_are_reaped() -> None:
    run_state_machine_as_test(TimeMachine, settings=THOROUGH)


def constant(owner: object, name: str) -> Seed:
    """A limit that is never reached."""
    return lambda patch: patch.setattr(owner, name, 1e9)


def silence_is_no_death(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "SETTINGS", replace(machine.SETTINGS, reaper_dead_s=1e9))


def seen_as(wrong: dict[str, str]) -> Seed:
    """Clocks that are taken for others."""
    right = rules.broken

    def broken(vigil: Vigil, now: Moment) -> str:
        def mixed(each: Moment) -> Moment:
            return replace(each, **{clock: getattr(each, other) for clock, other in wrong.items()})

        before = mixed(vigil.seen)
        offset = before.wall - before.steady if "wall" in wrong else vigil.offset
        return right(replace(vigil, seen=before, offset=offset), mixed(now))

    return method(service, "broken", broken)


def only_forward(vigil: Vigil, now: Moment) -> str:
    why = rules.broken(vigil, now)
    return "" if "back" in why else why


def small_steps_never_add_up(vigil: Vigil, now: Moment) -> Vigil:
    return replace(rules.look(vigil, now), offset=now.wall - now.steady)


def every_look_is_the_end_of_a_freeze(vigil: Vigil, now: Moment) -> Vigil:
    return rules.look(replace(vigil, until=0.0), now)


def no_freeze_ends(vigil: Vigil, now: Moment) -> Vigil:
    return replace(vigil, seen=now)


def a_further_sign_does_not_count(patch: pytest.MonkeyPatch) -> None:
    def alarm(vigil: Vigil, why: str, freeze_s: float) -> Vigil:
        after = rules.alarm(vigil, why, freeze_s)
        return replace(after, until=vigil.until) if vigil.state is State.FROZEN else after

    patch.setattr(service, "alarm", alarm)


def the_dead_are_buried_where_they_are_found(patch: pytest.MonkeyPatch) -> None:
    right = Sessions.judge

    def judge(self: Sessions, tx: Tx) -> object:
        dead = right(self, tx)
        self.bury(tx)
        return dead

    patch.setattr(Sessions, "judge", judge)


def who_was_reaped_goes_on(patch: pytest.MonkeyPatch) -> None:
    right = Sessions.seen

    def seen(self: Sessions, tx: Tx, session_id: str, *rest: object) -> object:
        known = tx.sessions.by_id(session_id)
        if known and known.state is SessionState.REAPED:
            tx.sessions.delete(session_id)
        return right(self, tx, session_id, *rest)  # type: ignore[arg-type]  # passed on

    patch.setattr(Sessions, "seen", seen)


def what_is_given_is_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    right = Claims.hand_over

    def hand_over(self: Claims, *rest: object) -> object:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(Leases, "barred", lambda *_: None)
            return right(self, *rest)  # type: ignore[arg-type]  # passed on

    patch.setattr(Claims, "hand_over", hand_over)


def what_they_have_read_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = Sessions.bury

    def bury(self: Sessions, tx: Tx) -> None:
        dead = [each.id for each in tx.sessions.all() if each.state is SessionState.DEAD]
        right(self, tx)
        for name in dead:
            for forget in self._forget:
                forget(tx, name)

    patch.setattr(Sessions, "bury", bury)


def claims_come_due_in_a_freeze(patch: pytest.MonkeyPatch) -> None:
    right = Reaper._contest

    def contest(self: Reaper, tx: Tx) -> None:
        right(self, tx)
        self._claims.enforce(tx)

    patch.setattr(Reaper, "_contest", contest)


def what_is_unsaved_has_a_time_too(patch: pytest.MonkeyPatch) -> None:
    def wrong(state: LeaseState, ttl_s: float, now: float, of: Settings) -> float | None:
        return expiry(LeaseState.HELD if state is LeaseState.DIRTY else state, ttl_s, now, of)

    patch.setattr(service, "expiry", wrong)


def a_daemon_begins_without_grace(patch: pytest.MonkeyPatch) -> None:
    right = Reaper.restart

    def restart(self: Reaper, tx: Tx) -> Vigil:
        right(self, tx)
        return begin(moment(self._clock))

    patch.setattr(Reaper, "restart", restart)


SEEDS: dict[str, tuple[Seed, str]] = {
    # the time
    "a clock that is set is not noticed": (seen_as({"wall": "steady"}), "ended by a jump|not told"),
    "only a clock set forward is": (method(service, "broken", only_forward), "not told"),
    "small steps never add up": (method(service, "look", small_steps_never_add_up), "not told"),
    "a sleep is not noticed": (seen_as({"steady": "awake"}), "ended by a jump|not told"),
    "a daemon that stood still is not noticed": (constant(rules, "GAP_S"), "by a jump|told|freeze"),
    "what is left of a lease is believed": (method(Reaper, "_anew", lambda *_: None), "by a jump|outl|cont"),
    "silence goes on through a sleep": (method(Sessions, "anew", lambda *_: None), "the (d|suspect)"),
    "unsaved work is given a time": (what_is_unsaved_has_a_time_too, "unsaved"),
    # the freeze
    "nothing is frozen": (method(service, "look", every_look_is_the_end_of_a_freeze), "in a freeze|not told"),
    "it never ends": (method(service, "look", no_freeze_ends), "not told|another end"),
    "it is not made longer": (a_further_sign_does_not_count, "in a freeze|not told|another end"),
    "the dead are buried in it": (the_dead_are_buried_where_they_are_found, "in a freeze|the d"),
    "it is not told": (method(Reaper, "_resume", lambda *_: None), "not told"),
    "many deaths are only many": (method(service, "too_many", lambda _: ""), "not told|the d"),
    "old deaths count": (constant(rules, "DEATHS_S"), "not told"),
    # the dead
    "nobody is reaped": (method(Sessions, "bury", lambda *_: None), "the d"),
    "only processes die": (silence_is_no_death, "the d"),
    "nobody is suspect": (
        query("session.all", "SELECT * FROM session WHERE state = 'x'"),
        "the |not told as it is",
    ),
    "nobody is granted what they held": (method(Leases, "_promote", lambda *_: None), "nothing stood before"),
    "they go on as if nothing was": (who_was_reaped_goes_on, "the dead|a reaped session holds"),
    "they may ask": (method(Leases, "barred", lambda *_: None), "a reaped session"),
    "they may be given": (what_is_given_is_not_asked_for, "a reaped session holds"),
    "what they have read is forgotten": (what_they_have_read_is_forgotten, "was forgotten"),
    # claims
    "a claim comes due in a freeze": (claims_come_due_in_a_freeze, "in a freeze"),
    "no claim ever comes due": (method(Claims, "enforce", lambda *_: None), "outlived"),
    # a daemon that begins
    "it reaps at once": (a_daemon_begins_without_grace, "another end|the d|not told|in a freeze"),
    "it forgets the freeze": (method(VigilTable, "why", lambda _: ""), "another end|not told|the d"),
    # no progress
    "nothing is ever contested": (method(Reaper, "_contest", lambda *_: None), "contested for another"),
}


@pytest.mark.parametrize(("seed", "told"), SEEDS.values(), ids=SEEDS)
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        run_state_machine_as_test(TimeMachine, settings=UNTIL_FOUND)
