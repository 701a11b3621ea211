"""One daemon, however many ask for it and whatever was left behind."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_orch.client import lock
from lsp_orch.client.connect import Absent, connect, meet
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import Frames, frame
from lsp_orch.client.places import make
from tests.daemon.stage import ROOT, SOON_S, Stage, daemon_of, end


def leave_a_stale_socket(stage: Stage) -> None:
    stage.places.secure()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(stage.places.socket)


def test_sixteen_proxies_at_once_share_one_daemon_although_a_stale_socket_is_in_the_way(stage: Stage) -> None:
    leave_a_stale_socket(stage)
    pipes = [stage.client("pipe") for _ in range(16)]
    assert len({daemon_of(each) for each in pipes}) == 1
    assert len(stage.daemons()) == 1


def test_a_daemon_that_was_killed_is_followed_by_another(stage: Stage) -> None:
    first = daemon_of(stage.client("pipe"))
    (daemon,) = stage.daemons()
    end([daemon])
    assert Path(stage.places.socket).exists()
    assert daemon_of(stage.client("pipe")) != first


def test_no_client_is_lost_to_a_daemon_that_leaves_idle(stage: Stage) -> None:
    for _ in range(6):
        hooks = [stage.client("hook", "--idle=0.001") for _ in range(4)]
        for each in hooks:
            out, err = each.communicate(b'{"exit":0,"say":"yes"}', SOON_S)
            assert (each.returncode, out) == (0, b"yes"), err
    assert stage.log().count("idle: leaving") >= 2, "the race was never run"


def test_a_daemon_that_dies_in_its_start_is_told_with_its_log(stage: Stage) -> None:
    done = stage.client("pipe", "--crash")
    out, _ = done.communicate(frame(b'{"id":1,"method":"initialize"}'), SOON_S)
    assert done.returncode == 3
    assert stage.places.log.encode() in out
    assert b"RuntimeError: seeded in build" in out


def test_a_home_that_cannot_be_written_is_told_with_its_mend(inside: Stage) -> None:
    inside.places.secure()
    (inside.home / "log").touch()  # not a folder, so that root can't make it either
    with pytest.raises(ClientError, match="can't be made") as caught:
        connect("cli")
    assert caught.value.code == "home-read-only"
    (inside.home / "log").unlink()
    (inside.home / "state").touch()
    with pytest.raises(ClientError, match=re.escape(str(inside.home / "state"))):
        connect("cli")


def test_a_home_with_a_very_long_path_works(stage: Stage) -> None:
    stage.home = stage.root / ("x" * 120)
    stage.env["LSP_ORCH_HOME"] = str(stage.home)
    try:
        assert b"daemon" in daemon_of(stage.client("pipe"))
        assert Path(stage.places.socket).parent == Path(f"/tmp/lsp-orch-{os.getuid()}")
    finally:
        Path(stage.places.socket).unlink(missing_ok=True)


def test_a_folder_open_to_others_is_refused_before_anything_is_said(stage: Stage) -> None:
    stage.places.secure()
    Path(stage.places.run).chmod(0o777)
    hook = stage.client("hook")
    out, _ = hook.communicate(b"{}", SOON_S)
    assert b"open to others" in out
    assert stage.daemons() == []


@pytest.fixture
def stranger(inside: Stage) -> Iterator[socket.socket]:
    """Something that listens where the daemon should, and does not talk like it."""
    inside.places.secure()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(inside.places.socket)
        listener.listen()
        yield listener


def test_a_daemon_that_hangs_up_before_it_answers_is_leaving(inside: Stage, stranger: socket.socket) -> None:
    def hang_up() -> None:
        with stranger.accept()[0] as sock:
            Frames(sock.recv).next()

    with ThreadPoolExecutor() as pool:
        pool.submit(hang_up)
        with pytest.raises(Absent):
            meet(inside.places, "cli", 1, "", b"")


@pytest.mark.usefixtures("stranger")
def test_a_daemon_that_hangs_is_told_and_not_waited_for_for_ever(
    inside: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_orch.client.connect._HELLO_S", 0.05)
    with pytest.raises(ClientError, match="has not answered") as caught:
        connect("cli")
    assert inside.places.log in caught.value.hint
    assert inside.daemons() == []


def test_a_refusal_reaches_the_client_with_its_mend(inside: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    inside.daemon()
    monkeypatch.setattr("lsp_orch.client.hello.PROTOCOL", 0)
    with pytest.raises(ClientError, match="older than the running daemon") as caught:
        connect("cli")
    assert caught.value.code == "version-mismatch"
    assert "install lsp-orch" in caught.value.hint


def test_without_leave_to_start_one_a_missing_daemon_is_told(inside: Stage) -> None:
    with pytest.raises(ClientError, match="No lsp-orch daemon is running"):
        connect("cli", start=False)
    assert inside.daemons() == []


def test_a_starter_that_is_killed_leaves_its_lock_to_the_daemon_that_starts(stage: Stage) -> None:
    places = stage.places
    places.secure()
    make(str(Path(places.daemon_lock).parent))
    predecessor = lock.take(places.daemon_lock)
    starter = stage.client("pipe")
    make(str(Path(places.log).parent))
    _until_it_waits(stage)
    starter.kill()
    starter.wait()
    assert lock.try_take(places.spawn_lock) is None
    lock.release(predecessor)
    lock.release(lock.take(places.spawn_lock))  # waits until the daemon listens
    with stage.dial() as wire:
        assert wire.hello()[0][b"status"] == b"ok"


def test_a_daemon_does_not_inherit_the_session_it_was_started_in(stage: Stage) -> None:
    stage.env |= {
        "CLAUDE_CODE_SESSION_ID": "s",
        "CLAUDE_PID": "1",
        "CLAUDECODE": "1",
        "CLAUDE_CONFIG_DIR": "/c",
    }
    daemon_of(stage.client("pipe"))
    (daemon,) = stage.daemons()
    assert [name for name in daemon.environ() if name.startswith("CLAUDE")] == ["CLAUDE_CONFIG_DIR"]


def test_a_daemon_is_nobody_s_child_and_stands_in_nobody_s_way(stage: Stage) -> None:
    pipe = stage.client("pipe")
    daemon_of(pipe)
    (daemon,) = stage.daemons()
    assert daemon.ppid() != pipe.pid
    assert daemon.cwd() == "/"
    assert os.getsid(daemon.pid) not in (os.getsid(0), os.getsid(pipe.pid))
    held = {str(Path(f"/proc/{daemon.pid}/fd/{each}").readlink()) for each in (0, 1, 2)}
    assert held == {"/dev/null", stage.places.log}
    pipe.kill()
    assert pipe.stderr is not None
    assert pipe.stderr.read() == b""  # ends only when nobody holds the editor's stderr


def test_a_newer_client_takes_over_from_a_daemon_that_nobody_else_needs(stage: Stage) -> None:
    old = stage.daemon()
    newer = _newer(stage)
    answer = daemon_of(newer)
    assert old.wait(SOON_S) == 0
    (successor,) = stage.daemons()
    assert f'"daemon":{successor.pid}'.encode() in answer
    with stage.dial() as wire:
        headers, _ = wire.hello(version="0.1.0")
        assert (headers[b"status"], headers[b"version"]) == (b"ok", b"9.0.0")


def test_a_newer_client_is_served_by_an_older_daemon_that_is_at_work(stage: Stage) -> None:
    old = stage.daemon()
    with stage.dial() as wire:
        wire.hello()
        assert f'"daemon":{old.pid}'.encode() in daemon_of(_newer(stage))


def test_the_log_of_earlier_daemons_is_bounded(stage: Stage) -> None:
    log = Path(stage.places.log)
    log.parent.mkdir(parents=True)
    log.write_bytes(b"old\n" * 2_000_000)
    daemon_of(stage.client("pipe"))
    assert log.stat().st_size < 100_000
    assert Path(f"{log}.1").stat().st_size == 8_000_000


def _newer(stage: Stage) -> subprocess.Popen[bytes]:
    """A pipe of a later release, whose daemon is of that release too."""
    copy = stage.root / "newer"
    for each in ("lsp_orch", "tests"):
        shutil.copytree(ROOT / each, copy / each, ignore=shutil.ignore_patterns("__pycache__"))
    init = copy / "lsp_orch" / "__init__.py"
    init.write_text(re.sub(r'__version__ = ".*"', '__version__ = "9.0.0"', init.read_text()))
    code = f"import sys; sys.path.insert(0, {str(copy)!r}); from tests.client.with_toy import main; main()"
    return stage.run([sys.executable, "-I", "-c", code, "pipe"])


def _until_it_waits(stage: Stage) -> None:
    """Return once a detached daemon is blocked on the daemon lock."""
    with Path("/proc/locks").open(encoding="ascii") as locks:
        inode = f":{Path(stage.places.daemon_lock).stat().st_ino} "
        while True:
            locks.seek(0)
            if any("->" in each and inode in each for each in locks):
                return
