"""The daemon is killed at each step of what it does: what it acknowledged is there, nothing is half done."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.chaos.crashes import SEEDS
from tests.chaos.history import Outcome
from tests.chaos.nursery import Daemons
from tests.chaos.scenes import SCENES, SETTINGS, Cast, Scene, some_hold_and_some_wait
from tests.fixtures.daemon import Instance

MOST = 100  # steps of one request
# the scene in which each seeded bug shows, and the word for it
SHOWN = {
    "answers come too early": ("a grant", "misses it"),
    "statements stand alone": ("a grant", "became"),
    "a restart forgets who waits": ("a place in the queue", "is not in the list"),
    "a grant is another transaction": ("a release", "nothing stands before"),
}


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemons]:
    folder = tmp_path_factory.mktemp("nursery")
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}
    with Daemons(env, folder / "log") as daemons:
        yield daemons


@pytest.fixture
def daemons(nursery: Daemons, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Daemons:
    for name, value in instance.env.items():
        monkeypatch.setenv(name, value)
    (instance.home / "config").mkdir(parents=True)
    (instance.home / "config" / "config.toml").write_text(SETTINGS, encoding="utf-8")
    nursery.home = instance.home
    return nursery


@pytest.fixture
def cast(instance: Instance) -> Iterator[Cast]:
    cast = Cast(instance.workspace)
    yield cast
    for each in cast.everybody:
        each.hang_up()


def wrong(scene: Scene, cast: Cast, daemons: Daemons, seed: str = "") -> list[str]:
    """Kill a daemon at each step of it; what is then not as it should be."""
    lives = []
    daemons.start(1, seed=seed)
    for step in range(1, MOST):
        cast.ann.give_all()
        scene.before(cast)
        before = cast.state()
        outcome, died_of = cast.play(scene.act, daemons)
        daemons.start(step + 1, seed=seed)
        after = cast.state()
        lives.append((died_of, outcome, before, after))
        if not died_of:
            break
    daemons.end()
    died_of, outcome, _, done = lives[-1]
    assert not died_of, "there is no end of it"
    assert outcome is not Outcome.UNKNOWN
    return cast.findings() + [
        f"killed at {died_of!r}, {outcome}: {before} became {after}, not {done}"
        for died_of, outcome, before, after in lives
        if after != done and (after != before or outcome is not Outcome.UNKNOWN)
    ]


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_a_request_is_done_or_not_and_what_was_acknowledged_is_done(
    scene: Scene, cast: Cast, daemons: Daemons
) -> None:
    assert wrong(scene, cast, daemons) == []


@pytest.mark.parametrize("seed", [each for each in SEEDS if each])
def test_a_seeded_bug_is_found(seed: str, cast: Cast, daemons: Daemons) -> None:
    scene, told = SHOWN[seed]
    assert any(told in each for each in wrong(SCENES[scene], cast, daemons, seed))


def die_while_starting(instance: Instance, daemons: Daemons, step: int) -> bool:
    """Whether it died of that step; it serves otherwise, until it is ended."""
    daemons.start(step, armed=True)
    instance.pid()  # it answers, or has died of it
    return bool(daemons.end())


def test_a_start_that_dies_loses_nothing(instance: Instance, cast: Cast, daemons: Daemons) -> None:
    daemons.start()
    some_hold_and_some_wait(cast)
    told = cast.state()
    cast.play(lambda _: None, daemons)
    step = 1
    while die_while_starting(instance, daemons, step):
        step += 1
    assert step > 8  # BEGIN, the sessions, what each of them has, COMMIT
    daemons.start()
    assert cast.state() == told
    daemons.end()
    assert cast.findings() == []


def test_a_first_start_that_dies_is_begun_anew(instance: Instance, cast: Cast, daemons: Daemons) -> None:
    step = 1
    while die_while_starting(instance, daemons, step):
        daemons.start()
        assert cast.ann.ask("a")
        cast.ann.let_go()
        daemons.end()
        cast.ann.hang_up()
        shutil.rmtree(instance.home / "state")
        step += 1
    assert step > 8  # four pragmas, each migration, the first transaction
