"""Who led to a process, the nearest first."""

import os
import subprocess
import sys

import psutil

from lsp_orch.adapters.ancestors import ancestors


def test_a_process_and_those_above_it_are_told_with_their_start() -> None:
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        found = ancestors(child.pid)
        assert [each.pid for each in found[:3]] == [child.pid, os.getpid(), os.getppid()]
        assert found[1].started == psutil.Process().create_time()
        child.communicate()


def test_where_there_is_no_process_nothing_is_told() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
        gone = child.pid
    assert ancestors(gone) == ()
    for nonsense in (0, -1, 1 << 40, 1 << 70):
        assert ancestors(nonsense) == ()
