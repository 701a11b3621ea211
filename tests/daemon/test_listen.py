"""Connections that behave, that don't, and that die."""

import os
import socket
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.client.line import frame
from lsp_orch.daemon import door
from lsp_orch.endpoints.framing import FRAME_CAP
from tests.daemon.stage import SOON_S, Stage


def log_after(daemon: subprocess.Popen[bytes]) -> str:
    """End the daemon and give what it wrote."""
    daemon.terminate()
    _, err = daemon.communicate(timeout=SOON_S)
    assert daemon.returncode == 0, err
    return err.decode()


def test_who_says_no_hello_is_an_editor(stage: Stage) -> None:
    stage.daemon()
    with stage.dial() as wire:
        assert wire.ask("who")["role"] == "editor"


def test_a_hello_chooses_the_role(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        headers, message = wire.hello("cli", cwd="/caf\udce9")
        assert headers[b"status"] == b"ok"
        assert int(headers[b"pid"]) == message["result"]["pid"] == daemon.pid
        assert wire.ask("who") == {"daemon": daemon.pid, "role": "cli", "cwd": "/caf\udce9"}


@pytest.mark.parametrize("changed", [{"role": "spy"}, {"role": 7}, {"protocol": 99}, {"protocol": "x"}])
def test_a_hello_that_is_refused_is_told_why_and_hung_up_on(stage: Stage, changed: dict[str, Any]) -> None:
    stage.daemon()
    with stage.dial() as other, stage.dial() as wire:
        other.hello()
        headers, message = wire.hello(**changed)
        assert headers[b"status"] == b"refused"
        assert message["error"]["data"]["code"] in {"bad-request", "version-mismatch"}
        with pytest.raises(EOFError):
            wire.read()
        assert other.ask("who")["role"] == "cli"


def test_half_a_frame_and_a_goodbye_harm_nobody(stage: Stage) -> None:
    stage.daemon()
    with stage.dial() as other, stage.dial() as wire:
        wire.sock.sendall(b"Content-Length: 100\r\n\r\n{")
        wire.sock.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            wire.read()
        assert other.ask("who")["role"] == "editor"


def test_a_header_without_a_length_is_answered_before_the_line_is_cut(stage: Stage) -> None:
    stage.daemon()
    with stage.dial() as wire:
        wire.ask("who")
        wire.sock.sendall(b"Content-Type: text\r\n\r\n{}")
        _, message = wire.read()
        assert message["id"] is None
        assert message["error"]["data"]["code"] == "bad-request"
        with pytest.raises(EOFError):
            wire.read()


def test_a_hundred_megabytes_are_refused_without_being_held_and_the_line_lives_on(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        wire.ask("who")
        size = 100 * 1024 * 1024
        assert size > FRAME_CAP
        wire.sock.sendall(b'Content-Length: %d\r\n\r\n{"id":7,"x":"' % size)
        chunk = b"x" * (1 << 20)
        for _ in range(99):
            wire.sock.sendall(chunk)
        wire.sock.sendall(b"x" * (size - 99 * len(chunk) - len('{"id":7,"x":"')))
        _, message = wire.read()
        assert message["id"] == 7
        assert message["error"]["data"]["code"] == "message-too-large"
        assert wire.ask("who")["daemon"] == daemon.pid
    with Path(f"/proc/{daemon.pid}/status").open(encoding="ascii") as status:
        peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak_kb < FRAME_CAP / 1024


def test_a_client_that_never_reads_is_dropped_and_others_are_served(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as other, stage.dial() as wire:
        wire.send({"id": 1, "method": "flood", "params": 40})
        wire.send({"id": 2, "method": "hold"})
        assert other.ask("who")["daemon"] == daemon.pid
        wire.until_closed()
    log = log_after(daemon)
    assert "bytes unread" in log
    assert "toy: lost clean=False" in log


def test_one_large_answer_is_no_reason_to_be_dropped(stage: Stage) -> None:
    stage.daemon()
    with stage.dial() as wire:
        wire.sock.sendall(frame(b"z" * 20_000_000))
        got = wire._frames.next()
        assert got is not None
        assert len(got[1]) == 20_000_000


def test_a_handler_dies_with_its_connection(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        wire.send({"id": 1, "method": "hold"})
        wire.read()
    with stage.dial() as other:
        other.ask("who")  # what came before has been dealt with
    log = log_after(daemon)
    assert log.index("toy: cancelled") < log.index("toy: drained")


def test_a_handler_that_fails_is_logged_and_fails_alone(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        wire.ask("fail")
        assert wire.ask("who")["daemon"] == daemon.pid
    assert "RuntimeError: seeded in a handler" in log_after(daemon)


def test_a_role_that_raises_loses_its_connection_and_nobody_else_s(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as other, stage.dial() as wire:
        wire.send({"method": "raise"})
        with pytest.raises(EOFError):
            wire.read()
        assert other.ask("who")["daemon"] == daemon.pid
    assert "RuntimeError: seeded in receive" in log_after(daemon)


def test_only_a_role_that_hung_up_itself_has_lost_its_peer_cleanly(stage: Stage) -> None:
    daemon = stage.daemon()
    with stage.dial() as wire:
        wire.send({"method": "exit"})
        with pytest.raises(EOFError):
            wire.read()
    with stage.dial() as wire:
        wire.ask("who")
    with stage.dial() as wire:
        wire.ask("who")
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    lost = [line for line in log_after(daemon).splitlines() if line.startswith("toy: lost")]
    assert lost == ["toy: lost clean=True", "toy: lost clean=False", "toy: lost clean=False"]


def test_a_peer_of_this_user_is_ours_and_any_other_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = socket.socketpair(socket.AF_UNIX)
    with one, two:
        assert door._peer_uid(one) == os.getuid()
        assert door.ours(one)
        monkeypatch.setattr(door, "_linux_uid", lambda _: os.getuid() + 1)
        assert not door.ours(one)


def test_where_the_system_cannot_tell_the_folder_s_mode_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = socket.socketpair(socket.AF_UNIX)
    with one, two:
        monkeypatch.setattr("sys.platform", "plan9")
        assert door._peer_uid(one) is None
        assert door.ours(one)
