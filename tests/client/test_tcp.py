"""Loopback TCP, which Windows will use: chosen here by name."""

import socket
from pathlib import Path

import pytest

from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import frame
from lsp_orch.client.tcp import publish
from tests.daemon.stage import SOON_S, Stage, Wire, daemon_of


@pytest.fixture
def tcp(inside: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    inside.env["LSP_ORCH_TRANSPORT"] = "tcp"
    monkeypatch.setenv("LSP_ORCH_TRANSPORT", "tcp")
    return inside


def dial(stage: Stage) -> tuple[Wire, str]:
    port, token = Path(stage.places.endpoint).read_text(encoding="ascii").split()
    return Wire(socket.create_connection(("127.0.0.1", int(port)))), token


def test_eight_clients_at_once_share_one_daemon(tcp: Stage) -> None:
    pipes = [tcp.client("pipe") for _ in range(8)]
    assert len({daemon_of(each) for each in pipes}) == 1
    assert not Path(tcp.places.socket).exists()


def test_the_token_is_for_its_owner_s_eyes_only(tcp: Stage) -> None:
    tcp.daemon()
    assert Path(tcp.places.endpoint).stat().st_mode & 0o777 == 0o600
    wire, token = dial(tcp)
    wire.sock.close()
    assert len(token) >= 32


def test_who_does_not_know_the_token_is_refused(tcp: Stage) -> None:
    tcp.daemon()
    for token in ("", "guess", "é"):
        wire, right = dial(tcp)
        with wire:
            headers, message = wire.hello(token=token)
            assert headers[b"status"] == b"refused"
            assert right not in str(message)


def test_who_says_no_hello_is_not_served(tcp: Stage) -> None:
    tcp.daemon()
    wire, _ = dial(tcp)
    with wire:
        wire.sock.sendall(frame(b'{"id":1,"method":"who"}'))
        with pytest.raises(EOFError):
            wire.read()


def test_the_token_does_not_outlive_the_daemon(tcp: Stage) -> None:
    daemon = tcp.daemon()
    daemon.terminate()
    assert daemon.wait(SOON_S) == 0
    assert not Path(tcp.places.endpoint).exists()


@pytest.mark.parametrize("left", ["1 token\n", "", "torn"])
def test_what_a_dead_daemon_left_is_no_obstacle(tcp: Stage, left: str) -> None:
    tcp.places.secure()
    publish(tcp.places, 1, "token")
    Path(tcp.places.endpoint).write_text(left, encoding="ascii")
    with Call() as call:
        assert call.request("who")["daemon"] == tcp.daemons()[0].pid


def test_a_wrong_token_is_told(tcp: Stage) -> None:
    tcp.daemon()
    endpoint = Path(tcp.places.endpoint)
    endpoint.write_text(f"{endpoint.read_text(encoding='ascii').split()[0]} wrong", encoding="ascii")
    with pytest.raises(ClientError, match="token is wrong"):
        Call()
