"""What is foreign is told once, what is not never, in any order; and each promise failing on a bug."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import attribution as rules
from lsp_orch.domain.attribution import Attribution, Scene, Sighting, attribute
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.version import Content, Why
from lsp_orch.endpoints.witnesses import Witnesses
from lsp_orch.services import foreign as service
from lsp_orch.services.foreign import ForeignWrites, Look, Open
from lsp_orch.services.reads import Reads
from lsp_orch.services.recovery import Recovery
from lsp_orch.store import queries
from lsp_orch.store.base import Tx
from lsp_orch.store.reads import ReadTable
from tests.properties.foreign import ForeignMachine
from tests.properties.histories import THOROUGH, UNTIL_FOUND
from tests.properties.seeds import Seed, method

_attribute, _looked, _announce = attribute, ForeignWrites.looked, service._announce
_otherwise = ReadTable.otherwise


def test_what_is_foreign_is_told_once_and_what_is_not_never() -> None:
    run_state_machine_as_test(ForeignMachine, settings=THOROUGH)


def evidence(wrong: Callable[[list[tuple[bool, object]]], Iterable[tuple[bool, object]]]) -> Seed:
    """Evidence in another order, or less of it."""
    return method(rules, "EVIDENCE", tuple(wrong(list(rules.EVIDENCE))))


def without(name: str) -> Seed:
    return evidence(lambda table: [each for each in table if getattr(each[1], "__name__", "") != name])


def any_save_will_do(patch: pytest.MonkeyPatch) -> None:
    """Whatever the file says, the last save said it."""

    def attribute(seen: Sighting, scene: Scene) -> Attribution:
        saves = tuple(replace(each, contents=frozenset({seen.content})) for each in scene.saves)
        return _attribute(seen, replace(scene, saves=saves))

    patch.setattr(service, "attribute", attribute)


def nobody_holds(patch: pytest.MonkeyPatch) -> None:
    """Nobody is known to hold."""
    patch.setattr(service, "_with", lambda scene, *_: scene)


def noted_twice(writes: ForeignWrites, tx: Tx, look: Look, scene: Scene) -> Open | bool:
    """The newest version is asked for after the new one was noted."""
    outcome = _looked(writes, tx, look, scene)
    if isinstance(outcome, Open):
        return replace(outcome, sighting=replace(outcome.sighting, before=outcome.sighting.after))
    return outcome


def not_noted(writes: ForeignWrites, tx: Tx, look: Look, scene: Scene) -> Open | bool:
    """What the file says now is forgotten again."""
    outcome = _looked(writes, tx, look, scene)
    if isinstance(outcome, Open) and outcome.sighting.after:
        tx.connection.run("version.seen", id=outcome.sighting.after, seen_at=look.at)
        tx.versions.insert(
            replace(
                tx.versions.by_id(outcome.sighting.before) or pytest.fail("no version"),
                id=f"{outcome.sighting.after}-again",
            )
        )
    return outcome


def told_to_the_author(
    tx: Tx, seen: Sighting, verdict: Attribution, leases: Iterable[Lease], readers: Iterable[str]
) -> None:
    _announce(tx, seen, replace(verdict, authors=()), leases, readers)


def told_to_holders_only(
    tx: Tx, seen: Sighting, verdict: Attribution, leases: Iterable[Lease], readers: Iterable[str]
) -> None:
    del readers
    _announce(tx, seen, verdict, leases, ())


def told_twice(
    tx: Tx, seen: Sighting, verdict: Attribution, leases: Iterable[Lease], readers: Iterable[str]
) -> None:
    _announce(tx, seen, verdict, leases, readers)
    _announce(tx, seen, verdict, leases, readers)


_NOTHING = "UPDATE version SET id = id WHERE :holder_id = :holder_name AND :why = :id"
_LOST = Content(digest="0" * 64, size=1)
SEEDS: dict[str, tuple[Seed, str]] = {
    "saves are not asked about": (without("_saved"), "not attributed"),
    "tools are not asked about": (without("_named"), "own write"),
    "a holder's shell is like any other": (without("_writers"), "not attributed"),
    "shells are not asked about": (without("_beside"), "not attributed"),
    "the weakest evidence counts first": (evidence(reversed), "not attributed|own write"),
    "a call is over when it has ended": (method(rules, "LATE_S", 0.0), "not attributed"),
    "an editor must tell at once": (method(rules, "GRACE_S", 0.0), "not attributed"),
    "any save explains any content": (any_save_will_do, "not attributed"),
    "nobody is known to hold": (nobody_holds, "own write|not attributed"),
    "all is known already": (method(ForeignWrites, "_known", lambda *_: True), "missed|was not noted"),
    "nothing is known already": (
        method(ForeignWrites, "_known", lambda *_: False),
        "sighted|without a change",
    ),
    "the verdict is not written down": (
        lambda patch: patch.setitem(queries.load(), "version.attribute", _NOTHING),
        "not attributed",
    ),
    "before is after": (method(ForeignWrites, "looked", noted_twice), "bytes of before"),
    "what it says now is not the newest": (method(ForeignWrites, "looked", not_noted), "was not noted"),
    "what it says now is not kept": (
        method(Recovery, "note", lambda self, tx, path, _, by, why: self._note(tx, path, _LOST, by, why)),
        "was not noted",
    ),
    "the author is told": (method(service, "_announce", told_to_the_author), "own write|told to others"),
    "readers are not told": (method(service, "_announce", told_to_holders_only), "told to others|told once"),
    "it is told twice": (method(service, "_announce", told_twice), "told once"),
    "who knows what it says now is told, too": (
        method(ReadTable, "otherwise", lambda self, path, _: _otherwise(self, path, None)),
        "told to others|told as foreign",
    ),
    "what a hook came upon is known already": (method(service, "_found", lambda *_: None), "missed"),
    "all that was kept lately was come upon": (
        method(service, "_FOUND", tuple(Why)),
        "sighted|without a change|not attributed",
    ),
    "a lease that has ended was never there": (
        method(Witnesses, "released", lambda *_: None),
        "told as foreign|not attributed",
    ),
    "who wrote is not remembered": (method(Reads, "changed", lambda *_: None), "is named"),
    "calls never end": (method(Witnesses, "_over", lambda *_, **__: None), "not attributed"),
}


@pytest.mark.parametrize(("seed", "told"), SEEDS.values(), ids=SEEDS)
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(AssertionError, match=told):
        run_state_machine_as_test(ForeignMachine, settings=UNTIL_FOUND)
