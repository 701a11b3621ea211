"""What was acknowledged outlives ``kill -9``."""

import subprocess
import sys
from pathlib import Path

from lsp_orch.store.base import Store
from tests.fixtures.engines import Engine

REPOSITORY = Path(__file__).parents[2]


def test_no_acknowledged_lease_is_lost_when_the_daemon_is_killed(store: Store, engine: Engine) -> None:
    told: list[int] = []
    for run in range(3):  # a killed store is opened, goes on, and is killed again
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.store.acknowledge", engine.address, str(run)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            assert child.stdout is not None
            told += [int(child.stdout.readline()) for _ in range(200)]
            child.kill()
            rest = child.stdout.read()
        told += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    with store.transaction() as tx:
        kept = {each.token for each in tx.leases.live()}
        newest = tx.leases.next_token()
    assert len(told) >= 600
    assert len(set(told)) == len(told)
    assert set(told) <= kept
    assert newest > max(told)
