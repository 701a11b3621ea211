"""What our rules make of any plan, against an oracle of files alone; and each promise failing on a bug."""

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lsp_orch.domain import declared, plan, plan_estimate, plan_order
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.plan import Piece
from lsp_orch.domain.plan_estimate import Typical, estimate
from lsp_orch.domain.plan_order import Link, Order, arrange
from lsp_orch.domain.scope import Kind, Scope
from tests.fixtures.plans import piece

THOROUGH = settings(
    max_examples=400, deadline=None, derandomize="CI" in os.environ, print_blob=True, database=None
)
UNTIL_FOUND = settings(THOROUGH, max_examples=1500, derandomize=True, phases=[Phase.generate])

NAMES = ("a", "b", "c")
FILES = ["/".join(names) for length in (1, 2, 3, 4) for names in itertools.product(NAMES, repeat=length)]
PATHS = ("a", "a/b", "a/", "b/c", "*", "a/*", "**/b", "a/**", "**", "?/b", "[ab]/a", "b/*/a", "{a,c}/b")
SECONDS = {"small": 1.0, "medium": 3.0, "large": 7.0}

Seed = Callable[[pytest.MonkeyPatch], None]


@st.composite
def pieces(draw: st.DrawFn, cyclic: bool = False) -> list[Piece]:  # noqa: FBT001, FBT002 - hypothesis names it
    """Random tasks; without ``cyclic`` each waits for earlier ones only, and then they are shuffled."""
    count = draw(st.integers(1, 7))
    names = [f"t{number}" for number in range(count)]
    found = []
    for index, name in enumerate(names):
        others = names if cyclic else names[:index]
        after = draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
        paths = draw(st.lists(st.sampled_from(PATHS), max_size=2, unique=True))
        size = draw(st.sampled_from(plan.SIZES))
        found.append(piece(name, paths=tuple(paths), after=tuple(after), size=size))
    return draw(st.permutations(found))


# --- the oracle: files, and nothing clever ---


def files(each: Piece) -> set[str]:
    return {file for file in FILES for path in each.paths if takes(path, file)}


def takes(path: str, file: str) -> bool:
    if "{" in path:
        head, _, rest = path.partition("{")
        inner, _, tail = rest.partition("}")
        return any(takes(head + one + tail, file) for one in inner.split(","))
    if not any(each in path for each in "*?["):
        return file == path.rstrip("/") or file.startswith(f"{path.rstrip('/')}/")
    return fits(path.split("/"), file.split("/"))


def fits(pattern: Sequence[str], names: Sequence[str]) -> bool:
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(fits(pattern[1:], names[skip:]) for skip in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and fits(pattern[1:], names[1:])


def closure(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Who waits for whom, over any number of steps."""
    found = set(pairs)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def waits(links: Iterable[Link]) -> set[tuple[str, str]]:
    return closure((link.after, link.before) for link in links)


# --- promises ---


def arranged(some: list[Piece]) -> Order:
    order = arrange(some)
    assert isinstance(order, Order), "refused without a cycle"
    return order


def keeps_apart(some: list[Piece]) -> None:
    order = arranged(some)
    assert sorted(each.name for each in order.pieces) == sorted(each.name for each in some), "a task was lost"
    before = waits(order.links)
    for one, other in itertools.combinations(some, 2):
        ordered = {(one.name, other.name), (other.name, one.name)} & before
        assert ordered or not files(one) & files(other), "two that may change the same file run side by side"
    assert not any(a == b for a, b in before), "a cycle"


def adds_nothing_needless(some: list[Piece]) -> None:
    order = arranged(some)
    known = {each.name: each for each in some}
    declared = {(name, each) for name, it in known.items() for each in it.after}
    stays = {(link.after, link.before) for link in order.links if not link.because}
    assert stays == declared, "what the planner said was changed"
    for link in order.links:
        if link.because:
            meet = files(known[link.before]) & files(known[link.after])
            assert meet, "waits without a reason"
            first, _, second = link.because.partition(" and ")
            named = {file for file in FILES if takes(first, file) and takes(second or first, file)}
            assert named & meet, "another reason is named"
            others = [each for each in order.links if each is not link]
            assert (link.after, link.before) not in waits(others), "waits twice for the same"


def nobody_comes_before_what_they_need(some: list[Piece]) -> None:
    order = arranged(some)
    places = {each.name: place for place, each in enumerate(order.pieces)}
    assert all(places[link.before] < places[link.after] for link in order.links), "a task comes too early"


def names_cycles(some: list[Piece]) -> None:
    after = {each.name: set(each.after) for each in some}
    around = closure((name, each) for name, others in after.items() for each in others)
    cyclic = any(a == b for a, b in around)
    answer = arrange(some)
    if not cyclic:
        assert isinstance(answer, Order), "refused without a cycle"
        return
    assert isinstance(answer, Refusal), "a cycle was taken"
    assert answer.code is Code.TASK_CYCLE
    path = answer.message.partition(": ")[2].split(" after ")
    assert path[0] == path[-1], "what is named is no cycle"
    assert all(later in after[name] for name, later in itertools.pairwise(path)), "what is named is no cycle"


def typical(each: Piece) -> Typical:
    return Typical(usd=0.5, seconds=SECONDS[each.size], measured=each.size != "small")


def foresees(some: list[Piece], workers: int) -> None:
    order = arranged(some)
    found = estimate(order, workers, typical)
    seconds = {each.name: SECONDS[each.size] for each in some}
    chains = [[each.name] for each in some]
    for chain in chains:  # it grows while we walk: every chain there is
        chains += [[*chain, link.after] for link in order.links if link.before == chain[-1]]
    assert found.longest_s == max(sum(seconds[name] for name in chain) for chain in chains), "a longer chain"
    assert list(found.longest) in chains, "what is named is no chain"
    assert found.wall_s == by_the_second(order, seconds, workers), "another wall clock"
    assert found.work_s == sum(seconds.values())
    assert found.cost_usd == pytest.approx(0.5 * len(some))
    assert found.guessed == sum(each.size == "small" for each in some)
    assert found.longest_s <= found.wall_s <= found.work_s <= found.wall_s * workers, "faster than possible"


def by_the_second(order: Order, seconds: dict[str, float], workers: int) -> int:
    """One second after the other, each worker takes the first task that may start."""
    left, now = dict(seconds), 0
    ends: dict[str, float] = {}
    while left or any(end > now for end in ends.values()):
        for each in order.pieces:
            free = all(ends.get(name, now + 1) <= now for name in order.after(each.name))
            if each.name in left and free and sum(end > now for end in ends.values()) < workers:
                ends[each.name] = now + left.pop(each.name)
        now += 1
    return now


CHECKS: dict[str, Callable[[settings], None]] = {
    "apart": lambda how: how(given(pieces())(keeps_apart))(),
    "needless": lambda how: how(given(pieces())(adds_nothing_needless))(),
    "order": lambda how: how(given(pieces())(nobody_comes_before_what_they_need))(),
    "cycles": lambda how: how(given(pieces(cyclic=True))(names_cycles))(),
    "estimate": lambda how: how(given(pieces(), st.integers(1, 4))(foresees))(),
}


@pytest.mark.parametrize("promise", CHECKS)
def test_any_plan_becomes_a_graph_that_keeps_every_promise(promise: str) -> None:
    CHECKS[promise](THOROUGH)


# --- seeded bugs ---


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    return lambda patch: patch.setattr(owner, name, wrong)


def only_the_first_path_counts(patch: pytest.MonkeyPatch) -> None:
    right = plan_order.scopes
    patch.setattr(plan_order, "scopes", lambda each: right(replace(each, paths=each.paths[:1])))


def only_equal_paths_meet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan_order, "touch", lambda some, others: bool(set(some) & set(others)))


def only_neighbours_are_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan_order, "reversed", lambda some: list(some)[-1:], raising=False)


def a_folder_is_only_a_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(declared, "Scope", lambda kind, key: Scope(Kind.FILE if kind is Kind.DIR else kind, key))


def what_one_waits_for_is_not_handed_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan_order, "_all", lambda names, _: set(names))


def the_farthest_come_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan_order, "reversed", list, raising=False)


def what_the_planner_said_is_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        plan_order, "_sorted", lambda some: tuple(replace(each, after=each.after[:1]) for each in some)
    )


def all_sizes_take_the_same(patch: pytest.MonkeyPatch) -> None:
    right = plan_estimate._longest
    patch.setattr(plan_estimate, "_longest", lambda order, seconds: right(order, dict.fromkeys(seconds, 1.0)))


def there_are_workers_enough(patch: pytest.MonkeyPatch) -> None:
    right = plan_estimate._wall
    patch.setattr(plan_estimate, "_wall", lambda order, seconds, _: right(order, seconds, len(seconds)))


def one_worker_too_many(patch: pytest.MonkeyPatch) -> None:
    right = plan_estimate._wall
    patch.setattr(plan_estimate, "_wall", lambda order, seconds, most: right(order, seconds, most + 1))


SEEDS: list[tuple[Seed, str, str]] = [
    (method(plan_order, "touch", lambda *_: False), "apart", "side by side"),
    (only_the_first_path_counts, "apart", "side by side"),
    (only_equal_paths_meet, "apart", "side by side"),
    (only_neighbours_are_compared, "apart", "side by side"),
    (a_folder_is_only_a_file, "apart", "side by side"),
    (what_the_planner_said_is_dropped, "needless", "what the planner said"),
    (what_one_waits_for_is_not_handed_on, "needless", "twice for the same"),
    (the_farthest_come_first, "needless", "twice for the same"),
    (method(plan_order, "touch", lambda *_: True), "needless", "without a reason|StopIteration"),
    (method(plan_order, "_meeting", lambda *_: "nowhere"), "needless", "another reason"),
    (method(plan_order, "_sorted", tuple), "order", "KeyError|too early"),
    (method(plan_order, "cycle", lambda *_: ()), "cycles", "a cycle was taken"),
    (
        method(plan_order, "cycle", lambda name, after, _: after and (name, *after, name)),
        "cycles",
        "no cycle|without",
    ),
    (all_sizes_take_the_same, "estimate", "a longer chain"),
    (there_are_workers_enough, "estimate", "another wall clock"),
    (one_worker_too_many, "estimate", "another wall clock"),
]


@pytest.mark.parametrize(
    ("seed", "promise", "told"), SEEDS, ids=[f"{promise}-{n}" for n, (_, promise, _) in enumerate(SEEDS)]
)
def test_a_seeded_bug_is_found(seed: Seed, promise: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises((AssertionError, KeyError, StopIteration)) as caught:
        CHECKS[promise](UNTIL_FOUND)
    assert any(word in f"{caught.typename} {caught.value}" for word in told.split("|"))
