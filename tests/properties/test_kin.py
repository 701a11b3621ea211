"""Who is kin to whom, against the plainest way to find out: look at every pair."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_orch.domain import kin as rules
from lsp_orch.domain.kin import Kin
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.repository import Checkout
from lsp_orch.domain.scope import Kind, Scope
from tests.properties import histories

CHECKOUTS = tuple(
    Checkout(root=root, repository=repository)
    for root, repository in (("/r/a", "one"), ("/r/b", "one"), ("/r/a/inner", "one"), ("/r/c", "two"))
)
NAMES = ("x", "d/x", "d/y")

THOROUGH = settings(histories.THOROUGH, max_examples=300)
UNTIL_FOUND = settings(histories.UNTIL_FOUND, max_examples=3000)

Placed = tuple[Lease, Checkout]


@st.composite
def leases(draw: st.DrawFn) -> list[Placed]:
    """Leases of four holders on the same few names in all checkouts; some lie outside of theirs."""
    found: list[Placed] = []
    for number in range(draw(st.integers(0, 6))):
        checkout = draw(st.sampled_from(CHECKOUTS))
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
        root = draw(st.sampled_from((checkout.root, checkout.root, checkout.root, "/elsewhere")))
        scopes = tuple(Scope(Kind.FILE, f"{root}/{name}") for name in names)
        found.append(
            (_lease(number, draw(st.sampled_from("abcd")), draw(st.sampled_from(Mode)), scopes), checkout)
        )
    return found


def _lease(number: int, who: str, mode: Mode, scopes: tuple[Scope, ...]) -> Lease:
    return Lease(
        id=f"lease-{number}",
        token=number,
        mode=mode,
        state=State.HELD,
        workspace="/r",
        scopes=scopes,
        holder=Holder(id=who, kind=Party.AGENT, name=who, session=who),
        reason="",
        ttl_s=1.0,
        acquired_at=0.0,
        expires_at=1.0,
    )


def conflict(one: Placed, two: Placed) -> bool:
    """Whether these two write the same path of one repository in different places, as different holders."""
    (lease, here), (other, there) = one, two
    if Mode.READ in (lease.mode, other.mode) or lease.holder == other.holder:
        return False
    if here.root == there.root or here.repository != there.repository:
        return False
    mine = {
        scope.key.removeprefix(here.root) for scope in lease.scopes if scope.key.startswith(here.root + "/")
    }
    theirs = {
        scope.key.removeprefix(there.root) for scope in other.scopes if scope.key.startswith(there.root + "/")
    }
    return bool(mine & theirs)


def check(placed: list[Placed], gone: int) -> None:
    """Add them all, take one away, and compare."""
    kin = Kin()
    for lease, checkout in placed:
        kin.add(lease, checkout)
    for lease, _ in placed[gone : gone + 1]:
        kin.remove(lease.id)
        assert kin.of(lease.id) == (), "what has ended is still kin"
    left = [each for index, each in enumerate(placed) if index != gone]
    for lease, checkout in left:
        expected = [each.id for each, where in left if conflict((lease, checkout), (each, where))]
        found = kin.of(lease.id)
        assert sorted(each.lease.id for each in found) == sorted(expected), "other kin"
        assert all(each.asked in lease.scopes and each.scope in each.lease.scopes for each in found), (
            "misnamed"
        )
    for root in {each.root for each in CHECKOUTS}:
        others = {where.root for lease, where in left if lease.mode is Mode.WRITE} - {root}
        assert kin.lonely(root) == (not others), "lonely in company, or the other way round"


def look_at_every_pair(options: settings) -> None:
    options(given(leases(), st.integers(0, 6))(check))()


def test_kin_are_those_that_a_look_at_every_pair_finds() -> None:
    look_at_every_pair(THOROUGH)


def _ignore_the_repository(kin: Kin, scope: Scope, checkout: Checkout) -> list[str]:
    del scope, checkout
    return list(kin._leases)


SEEDS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "any repository": lambda patch: patch.setattr(Kin, "_near", _ignore_the_repository),
    "nobody is near": lambda patch: patch.setattr(Kin, "_near", lambda *_: ()),
    "absolute paths": lambda patch: patch.setattr(rules, "moved", lambda scope, *_: scope),
    "nothing is removed": lambda patch: patch.setattr(Kin, "remove", lambda *_: None),
    "shelves are not cleared": lambda patch: patch.setattr(
        Kin, "remove", lambda kin, lease_id: kin._leases.pop(lease_id, None)
    ),
}


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_a_seeded_bug_is_found(
    seed: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(monkeypatch)
    with pytest.raises((AssertionError, KeyError)):
        look_at_every_pair(UNTIL_FOUND)
