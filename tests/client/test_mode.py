"""What a hook does when the daemon can't be asked."""

import os
import sys
from pathlib import Path

import pytest
from platformdirs.macos import MacOS

from lsp_orch.adapters.places import places
from lsp_orch.client.mode import config_folder, configured
from tests.client.test_hook import judged
from tests.daemon.stage import Stage


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a folder in it, and a user without settings."""
    monkeypatch.setenv("LSP_ORCH_HOME", str(tmp_path / "home"))
    top = tmp_path / "checkout"
    (top / ".git").mkdir(parents=True)
    (top / "src").mkdir()
    return top


def user(text: str) -> None:
    folder = Path(os.environ["LSP_ORCH_HOME"], "config")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text, encoding="utf-8")


def test_the_checkout_wins_over_the_user_and_its_own_file_over_the_projects(checkout: Path) -> None:
    inside = str(checkout / "src")
    assert configured(inside) == ""
    user("mode = 'enforce'\n")
    assert configured(inside) == "enforce"
    (checkout / "pyproject.toml").write_text("[tool.lsp-orch]\nmode = 'advise'\n", encoding="utf-8")
    assert configured(inside) == "advise"
    (checkout / "lsp-orch.toml").write_text("mode = 'enforce'\n", encoding="utf-8")
    assert configured(inside) == "enforce"


@pytest.mark.parametrize("text", ["mode = ", "tool = 3", "[tool]\nlsp-orch = 3", "\udcff"])
def test_a_file_that_is_wrong_sets_nothing(checkout: Path, text: str) -> None:
    user("mode = 'enforce'\n")
    for name in ("lsp-orch.toml", "pyproject.toml"):
        (checkout / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    assert configured(str(checkout)) == "enforce"


def test_a_folder_in_no_checkout_is_its_own_workspace(tmp_path: Path) -> None:
    (tmp_path / "lsp-orch.toml").write_text("mode = 'enforce'\n", encoding="utf-8")
    assert configured(str(tmp_path)) == "enforce"


def test_enforce_in_the_users_file_refuses_when_no_daemon_can_start(stage: Stage) -> None:
    folder = Path(config_folder(stage.env, sys.platform))
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("mode = 'enforce'\n", encoding="utf-8")
    status, out, err = judged(stage.client("hook", "--crash"))
    assert (status, out) == (2, b"")
    assert b"lsp-orch doctor" in err


@pytest.mark.parametrize("env", [{}, {"LSP_ORCH_HOME": "relative"}, {"XDG_CONFIG_HOME": "/etc/x"}])
def test_the_client_and_the_adapter_agree(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LSP_ORCH_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert Path(config_folder(os.environ, sys.platform)) == places().config


def test_the_client_and_platformdirs_agree_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSP_ORCH_HOME", raising=False)
    assert config_folder(os.environ, "darwin") == MacOS("lsp-orch").user_config_dir
