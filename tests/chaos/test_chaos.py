"""``kill -9`` of the daemon and of its clients at random moments: what they were told stays true."""

import secrets
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.history import History, Outcome, Verb
from tests.chaos.run import Run
from tests.fixtures.daemon import Instance

# what a run must have seen, however slow the machine is, so that it can prove anything
SEEN = [
    (Verb.ASK, Outcome.OK),
    (Verb.ASK, Outcome.QUEUED),
    (Verb.ASK, Outcome.UNKNOWN),
    (Verb.RENEW, Outcome.OK),
    (Verb.FADE, Outcome.OK),
    (Verb.LET_GO, Outcome.OK),
    (Verb.LIST, Outcome.OK),
]


def test_no_promise_is_broken_whoever_is_killed_when(
    instance: Instance, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    seconds = pytestconfig.getoption("chaos_seconds")
    seed = pytestconfig.getoption("chaos_seed") or 1 + secrets.randbelow(10**6)
    again = f"--chaos-seconds {seconds:g} --chaos-seed {seed}"
    run = Run(instance, seed)
    try:
        run.play(seconds)
        run.settle()
    finally:
        history = run.history()
        run.keep(tmp_path)
    found = [f"{each.kind}: {each.told}" for each in check(history)]
    assert not found, "\n".join((again, f"all that was written down is in {tmp_path}", *found))
    assert_it_proves_something(run, history, again)
    end = history.lists[-1]
    assert (end.leases, end.waiters) == ((), ()), again
    assert "Traceback" not in (instance.home / "log" / "default.log").read_text(encoding="utf-8"), again


def assert_it_proves_something(run: Run, history: History, again: str) -> None:
    assert min(run.killed.values()) > 0, (again, run.killed)
    seen = Counter((each.verb, each.outcome) for each in history.ops)
    assert not [each for each in SEEN if not seen[each]], (again, seen)
