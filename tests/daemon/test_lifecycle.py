"""When the daemon leaves, and what it leaves behind."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_orch.client import lock
from lsp_orch.client.places import make
from lsp_orch.daemon.door import open_door
from lsp_orch.daemon.lifecycle import Life
from tests.daemon.stage import SOON_S, Stage
from tests.daemon.toy import Toy


def test_an_idle_daemon_leaves_and_takes_its_socket_along(stage: Stage) -> None:
    daemon = stage.daemon("--idle=0.01")
    _, err = daemon.communicate(timeout=SOON_S)
    assert daemon.returncode == 0
    assert b"idle: leaving" in err
    assert err.index(b"toy: drained") < err.index(b"toy: closed")
    assert not Path(stage.places.socket).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_finish(stage: Stage, number: signal.Signals) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire, stage.dial() as other:
        other.ask("who")
        wire.send({"id": 1, "method": "hold"})
        wire.read()
        daemon.send_signal(number)
        _until_refused(stage)
        assert other.ask("release") is None
        assert wire.read()[1] == {"id": 1, "result": "released"}
        with pytest.raises(EOFError):
            wire.read()
    assert daemon.wait(SOON_S) == 0
    assert not Path(stage.places.socket).exists()


def test_what_never_finishes_is_cancelled_in_the_end(stage: Stage) -> None:
    daemon = stage.daemon("--finish=0.05")
    with stage.dial() as wire:
        wire.send({"id": 1, "method": "hold"})
        wire.read()
        daemon.terminate()
        _, err = daemon.communicate(timeout=SOON_S)
    assert daemon.returncode == 0
    assert err.index(b"toy: cancelled") < err.index(b"toy: drained")


def test_roles_have_their_last_word_before_the_application_ends(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        wire.ask("who")
        daemon.terminate()
        _, err = daemon.communicate(timeout=SOON_S)
    assert err.index(b"toy: lost clean=False") < err.index(b"toy: drained")


def test_a_peer_that_does_not_read_does_not_keep_the_daemon(stage: Stage) -> None:
    daemon = stage.daemon("--finish=0.05")
    with stage.dial() as wire:
        wire.send({"id": 1, "method": "flood", "params": 5})
        wire.send({"id": 2, "method": "who"})
        with stage.dial() as other:
            other.ask("who")
        daemon.terminate()
        assert daemon.wait(SOON_S) == 0


def test_a_signal_before_anything_is_promised_ends_the_daemon_at_once(stage: Stage) -> None:
    daemon = stage.daemon("--stuck")
    assert daemon.stderr is not None
    assert daemon.stderr.readline() == b"toy: stuck\n"
    daemon.terminate()
    assert daemon.wait(SOON_S) == 0
    assert not Path(stage.places.socket).exists()


def test_a_crash_is_told_in_the_log_and_leaves_no_socket(stage: Stage) -> None:
    daemon = stage.daemon("--crash")
    _, err = daemon.communicate(timeout=SOON_S)
    assert daemon.returncode == 70
    assert b"RuntimeError: seeded in build" in err
    assert not Path(stage.places.socket).exists()


def test_a_service_that_crashes_ends_the_daemon_with_its_reason(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        wire.ask("crash")
        _, err = daemon.communicate(timeout=SOON_S)
    assert daemon.returncode == 70
    assert b"RuntimeError: seeded in run" in err
    assert b"toy: closed" in err


def test_a_successor_waits_for_a_daemon_that_is_still_leaving(stage: Stage) -> None:
    first = stage.daemon()
    with stage.dial() as wire, stage.dial() as other:
        other.ask("who")
        wire.send({"id": 1, "method": "hold"})
        wire.read()
        first.terminate()
        _until_refused(stage)
        hook = stage.client("hook")
        assert hook.stdin is not None
        hook.stdin.write(b'{"exit":0,"say":"served"}')
        hook.stdin.close()
        hook.stdin = None
        other.ask("release")
        assert first.wait(SOON_S) == 0
        out, _ = hook.communicate(timeout=SOON_S)
    assert out == b"served"


def test_a_predecessor_that_hangs_is_told_with_what_ends_it(stage: Stage) -> None:
    make(str(Path(stage.places.daemon_lock).parent))
    held = lock.take(stage.places.daemon_lock)
    Path(stage.places.daemon_lock).write_text(f"4711 {stage.places.socket}\n", encoding="utf-8")
    daemon = stage.run([*_toy(), "--predecessor=0.05"])
    _, err = daemon.communicate(timeout=SOON_S)
    lock.release(held)
    assert daemon.returncode == 3
    assert b"pid 4711" in err
    assert b"kill -9" in err


def test_a_daemon_of_this_user_at_another_address_is_told_apart(stage: Stage) -> None:
    make(str(Path(stage.places.daemon_lock).parent))
    held = lock.take(stage.places.daemon_lock)
    Path(stage.places.daemon_lock).write_text("4711 /elsewhere/default.sock\n", encoding="utf-8")
    daemon = stage.run(_toy())
    _, err = daemon.communicate(timeout=SOON_S)
    lock.release(held)
    assert daemon.returncode == 3
    assert b"pid 4711) serves /elsewhere/default.sock" in err
    assert stage.places.socket.encode() in err


class TestLeavingIdle:
    """The decision itself, without waiting for the timer."""

    @pytest.fixture
    async def life(self, stage: Stage) -> AsyncIterator[Life]:
        stage.places.secure()
        door = open_door(stage.places)
        async with asyncio.TaskGroup() as tasks:
            life = Life(Toy(1000.0), door, tasks)
            yield life
            life._timer.cancel()
        door.sock.close()

    async def test_it_leaves_when_nothing_speaks_against_it(self, life: Life) -> None:
        life._leave_if_idle()
        assert life.leaving

    async def test_not_while_a_task_a_lease_or_a_waiter_lives(self, life: Life) -> None:
        assert isinstance(life.app, Toy)
        life.app.work = 1
        life._leave_if_idle()
        assert not life.leaving
        life.app.work = 0
        life._leave_if_idle()
        assert life.leaving

    async def test_not_while_a_client_holds_the_spawn_lock(self, life: Life) -> None:
        guard = lock.take(life.door.places.spawn_lock)
        life._leave_if_idle()
        assert not life.leaving
        lock.release(guard)
        life._leave_if_idle()
        assert life.leaving

    async def test_not_while_somebody_waits_at_the_door(self, life: Life) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(life.door.places.socket)
            life._leave_if_idle()
        assert not life.leaving

    async def test_it_asks_itself_again_later_when_something_did(self, life: Life) -> None:
        assert isinstance(life.app, Toy)
        life.app.work = 1
        before = life._timer
        life._leave_if_idle()
        assert life._timer is not before
        assert not life._timer.cancelled()

    async def test_the_spawn_lock_is_free_again_afterwards(self, life: Life) -> None:
        life._leave_if_idle()
        lock.release(lock.take(life.door.places.spawn_lock))


def _toy() -> list[str]:
    return [sys.executable, "-m", "tests.daemon.toy"]


def _until_refused(stage: Stage) -> None:
    """Return once the door is shut: a daemon that leaves answers nobody, or sends them on."""
    while True:
        try:
            with stage.dial() as wire:
                if wire.hello()[0][b"status"] == b"retry":
                    return
        except (OSError, EOFError):
            return
