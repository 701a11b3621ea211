"""Where things are, and who may own them."""

import os
import socket
import sys
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS

from lsp_orch.adapters.places import places
from lsp_orch.client.errors import ClientError
from lsp_orch.client.places import Places
from tests.daemon.stage import Stage

STRANGER = 54321
ME = os.getuid()


def on_linux(uid: int = ME, **env: str) -> Places:
    return Places({"HOME": "/home/ada", **env}, "linux", uid)


def test_a_home_holds_everything() -> None:
    found = on_linux(LSP_ORCH_HOME="/somewhere", XDG_RUNTIME_DIR="/tmp")
    assert found.run == "/somewhere/run"
    assert found.socket == "/somewhere/run/default.sock"
    assert found.spawn_lock == "/somewhere/run/default.spawn"
    assert found.daemon_lock == "/somewhere/state/default.lock"
    assert found.log == "/somewhere/log/default.log"


def test_a_relative_home_is_made_absolute() -> None:
    assert on_linux(LSP_ORCH_HOME="here").run == f"{Path.cwd()}/here/run"


def test_the_runtime_folder_is_used_when_it_is_ours(tmp_path: Path) -> None:
    assert on_linux(XDG_RUNTIME_DIR=str(tmp_path)).run == f"{tmp_path}/lsp-orch"


def test_somebody_else_s_runtime_folder_is_not_used(tmp_path: Path) -> None:
    assert on_linux(STRANGER, XDG_RUNTIME_DIR=str(tmp_path)).run == f"/tmp/lsp-orch-{STRANGER}"
    assert on_linux(STRANGER, XDG_RUNTIME_DIR="/nowhere").run == f"/tmp/lsp-orch-{STRANGER}"


def test_a_folder_for_temporary_files_never_splits_the_daemon(tmp_path: Path) -> None:
    assert on_linux(TMPDIR=str(tmp_path)).socket == on_linux().socket
    assert on_linux(STRANGER, TMPDIR="/var/tmp").socket == on_linux(STRANGER).socket


def test_an_instance_names_every_file() -> None:
    found = on_linux(LSP_ORCH_HOME="/h", LSP_ORCH_INSTANCE="blue")
    for path in (found.socket, found.spawn_lock, found.daemon_lock, found.log, found.endpoint):
        assert Path(path).stem == "blue"


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "é", "a b", "a" * 65])
def test_an_instance_that_cannot_name_files_is_refused(name: str) -> None:
    with pytest.raises(ClientError, match="LSP_ORCH_INSTANCE") as caught:
        on_linux(LSP_ORCH_INSTANCE=name)
    assert caught.value.code == "bad-setting"


@pytest.mark.parametrize(("platform", "longest"), [("linux", 107), ("darwin", 103)])
def test_a_socket_s_path_is_never_too_long_for_the_system(platform: str, longest: int) -> None:
    fits = longest - len("//run/default.sock")
    for size in (fits, fits + 1, 300):
        home = "/" + "é" * (size // 2) + "x" * (size % 2)
        found = Places({"LSP_ORCH_HOME": home}, platform, ME)
        assert len(os.fsencode(found.socket)) <= longest
        assert found.socket.startswith(home if size == fits else f"/tmp/lsp-orch-{ME}/")


def test_two_long_homes_do_not_share_a_socket() -> None:
    one, two = (on_linux(LSP_ORCH_HOME=f"/{'x' * 200}/{each}").socket for each in "ab")
    assert one != two


def test_the_longest_path_really_binds(stage: Stage) -> None:
    room = 107 - len(f"{stage.root}//run/default.sock")
    found = on_linux(LSP_ORCH_HOME=f"{stage.root}/{'x' * room}")
    assert len(found.socket) == 107
    found.secure()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(found.socket)


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    found = on_linux(LSP_ORCH_HOME=str(tmp_path / "h"))
    found.secure()
    found.secure()
    assert Path(found.run).stat().st_mode & 0o777 == 0o700


def test_the_short_folder_of_a_long_home_is_made_and_guarded_too(tmp_path: Path) -> None:
    found = on_linux(LSP_ORCH_HOME=str(tmp_path))
    found.socket = str(tmp_path / "short" / "x.sock")
    found.secure()
    assert (tmp_path / "short").stat().st_mode & 0o777 == 0o700
    (tmp_path / "short").chmod(0o750)
    with pytest.raises(ClientError, match="open to others"):
        found.secure()


def test_a_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    found = on_linux(LSP_ORCH_HOME=str(tmp_path))
    Path(found.run).mkdir(mode=0o755)
    with pytest.raises(ClientError, match="open to others") as caught:
        found.secure()
    assert f"chmod 700 {found.run}" in caught.value.hint
    assert caught.value.code == "daemon-unreachable"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    found = on_linux(STRANGER, LSP_ORCH_HOME=str(tmp_path))
    Path(found.run).mkdir(mode=0o700)
    with pytest.raises(ClientError, match=f"belongs to user {ME}"):
        found.secure()


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    found = on_linux(LSP_ORCH_HOME=str(tmp_path))
    (tmp_path / "real").mkdir(mode=0o700)
    Path(found.run).symlink_to(tmp_path / "real")
    with pytest.raises(ClientError, match="is not a folder"):
        found.secure()


def test_a_folder_that_cannot_be_made_is_told_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClientError, match="can't be made") as caught:
        on_linux(LSP_ORCH_HOME=str(tmp_path / "file" / "h")).secure()
    assert caught.value.code == "home-read-only"
    assert "LSP_ORCH_HOME" in caught.value.hint


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"LSP_ORCH_HOME": "/h"},
        {"LSP_ORCH_HOME": "relative"},
        {"XDG_STATE_HOME": "/var/state"},
        {"XDG_STATE_HOME": " "},
        {"LSP_ORCH_INSTANCE": "blue"},
    ],
)
def test_the_client_and_the_adapter_agree(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LSP_ORCH_HOME", "LSP_ORCH_INSTANCE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    client, adapter = Places(os.environ, sys.platform, ME), places()
    assert Path(client.log).parent == adapter.log
    assert Path(client.daemon_lock).parent == adapter.state
    assert client.instance == adapter.instance


def test_the_client_and_platformdirs_agree_about_the_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert Places(os.environ, "linux", ME).run == platformdirs.user_runtime_dir("lsp-orch")


def test_the_client_and_platformdirs_agree_on_macos() -> None:
    theirs = MacOS("lsp-orch")
    ours = Places(os.environ, "darwin", ME)
    assert Path(ours.log).parent == theirs.user_log_path
    assert Path(ours.daemon_lock).parent == theirs.user_state_path
    assert ours.run == str(theirs.user_cache_path / "run")
