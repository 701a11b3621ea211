"""What an editor starts."""

import json
import subprocess
import sys
import threading

import psutil
import pytest

from lsp_orch.client.line import Frames, frame
from tests.daemon.stage import ROOT, SOON_S, Stage, daemon_of, watched

ENTRY = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from lsp_orch.__main__ import main; main()"


def test_an_editor_may_write_ten_megabytes_before_it_reads(stage: Stage) -> None:
    stage.daemon()
    pipe = stage.client("pipe")
    assert pipe.stdin is not None
    assert pipe.stdout is not None
    message = frame(b"y" * 1_000_000)
    stuck = threading.Timer(SOON_S, pipe.kill)
    stuck.start()
    for _ in range(10):
        pipe.stdin.write(message)
    pipe.stdin.close()
    assert pipe.stdout.read() == message * 10
    assert pipe.wait(SOON_S) == 0
    stuck.cancel()


def test_the_pipe_leaves_in_peace_when_the_editor_does(stage: Stage) -> None:
    daemon = stage.daemon()
    pipe = stage.client("pipe")
    daemon_of(pipe)
    assert pipe.stdin is not None
    pipe.stdin.close()
    assert pipe.wait(SOON_S) == 0
    assert daemon.poll() is None


def test_a_conversation_that_ended_with_exit_is_no_failure(stage: Stage) -> None:
    stage.daemon()
    pipe = stage.client("pipe")
    assert pipe.stdin is not None
    pipe.stdin.write(frame(b'{"jsonrpc":"2.0","method":"exit"}'))
    pipe.stdin.flush()
    assert pipe.wait(SOON_S) == 0


def test_the_pipe_fails_and_names_the_log_when_the_daemon_goes_away(stage: Stage) -> None:
    daemon = stage.daemon()
    pipe = stage.client("pipe")
    daemon_of(pipe)
    daemon.kill()
    assert pipe.wait(SOON_S) == 1
    assert pipe.stderr is not None
    [told] = pipe.stderr.read().decode().splitlines()
    assert told.startswith("lsp-orch: the daemon is gone")
    assert told.endswith(".log.")


def test_an_editor_that_dies_takes_its_pipe_along(stage: Stage) -> None:
    stage.daemon()
    code = (
        "import subprocess, sys, os\n"
        "pipe = subprocess.PIPE, subprocess.PIPE\n"
        "p = subprocess.Popen([sys.executable, '-m', 'tests.client.with_toy', 'pipe'], 0, None, *pipe)\n"
        "print(p.pid, flush=True)\n"
        "os.read(0, 1)\n"
    )
    editor = stage.run([sys.executable, "-c", code])
    assert editor.stdout is not None
    pipe = psutil.Process(int(editor.stdout.readline()))
    with watched([pipe]):
        editor.kill()


def test_an_editor_is_told_why_the_daemon_cannot_be_reached(stage: Stage) -> None:
    stage.places.secure()
    (stage.home / "log").touch()
    pipe = stage.client("pipe")
    out, err = pipe.communicate(frame(b'{"jsonrpc":"2.0","id":5,"method":"initialize","params":{}}'), SOON_S)
    assert (pipe.returncode, err) == (3, b"")
    chunks = iter([out])
    frames = Frames(lambda _: next(chunks, b""))
    shown, answered = (json.loads(got[1]) for got in (frames.next(), frames.next()) if got)
    assert shown["method"] == "window/showMessage"
    assert shown["params"]["type"] == 1
    assert str(stage.home / "log") in shown["params"]["message"]
    assert answered["id"] == 5
    assert answered["error"]["data"]["code"] == "home-read-only"


def test_an_editor_that_says_nothing_to_be_answered_is_still_told(stage: Stage) -> None:
    stage.places.secure()
    (stage.home / "log").touch()
    pipe = stage.client("pipe")
    out, _ = pipe.communicate(b"", SOON_S)
    assert pipe.returncode == 3
    assert b"showMessage" in out


@pytest.mark.parametrize("verb", ["lsp", "hook"])
def test_what_editors_and_hooks_start_imports_next_to_nothing(stage: Stage, verb: str) -> None:
    stage.daemon()
    run = stage.run([sys.executable, "-X", "importtime", "-I", "-S", "-c", ENTRY, verb])
    _, err = run.communicate(b'{"exit":0}' if verb == "hook" else b"", SOON_S)
    assert run.returncode == 0, err
    loaded = imported(err) - imported(_bare())
    ours = {each for each in loaded if each.startswith("lsp_orch")}
    assert ours <= {
        "lsp_orch",
        "lsp_orch.__main__",
        "lsp_orch.client",
        *(f"lsp_orch.client.{each}" for each in (verb_module(verb), "pump", *SHARED)),
    }
    assert loaded - ours <= {"_socket"}


SHARED = ("connect", "errors", "hello", "line", "places", "unix")


def verb_module(verb: str) -> str:
    return {"lsp": "pipe", "hook": "hook"}[verb]


def imported(report: bytes) -> set[str]:
    """The modules of an ``-X importtime`` report."""
    return {line.rpartition(b"|")[2].strip().decode() for line in report.splitlines() if b"|" in line}


def _bare() -> bytes:
    command = [sys.executable, "-X", "importtime", "-I", "-S", "-c", "import os"]
    return subprocess.run(command, capture_output=True, check=True).stderr
