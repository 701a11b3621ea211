"""``lsp-orch config`` with the real daemon."""

import json
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from lsp_orch.domain.settings import keys
from tests.fixtures import keyrings
from tests.fixtures.daemon import Instance


def test_each_value_is_shown_with_its_origin(instance: Instance) -> None:
    user = instance.home / "config" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text("[leases]\nttl_s = 50\n", encoding="utf-8")
    workspace = instance.workspace / "lsp-orch.toml"
    workspace.write_text("tasks.max_turns = 2\n", encoding="utf-8")
    instance.env["LSP_ORCH_MODE"] = "enforce"
    shown = instance.json("config", "show")["settings"]
    assert set(shown) == set(keys())
    found = {key: (each["value"], each["source"], each["where"]) for key, each in shown.items()}
    assert found["leases.ttl_s"] == (50.0, "user", f"{user}:2")
    assert found["tasks.max_turns"] == (2, "workspace", f"{workspace}:1")
    assert found["mode"] == ("enforce", "environment", "LSP_ORCH_MODE")
    assert found["vault.path"] == ("vault", "default", "")
    told = instance.cli("config", "show").stdout
    assert "leases.ttl_s" in told
    assert f"{user}:2" in told


def test_the_environment_is_the_callers_and_not_the_daemons(instance: Instance) -> None:
    instance.json("daemon", "start")
    instance.env["LSP_ORCH_CLAUDE"] = "/opt/other"
    shown = instance.json("config", "show")["settings"]["claude"]
    assert shown["value"] == "/opt/other"
    assert shown["running"] == "claude"


def test_a_mistake_in_the_workspace_is_refused_by_name_and_the_daemon_lives(instance: Instance) -> None:
    (instance.workspace / "lsp-orch.toml").write_text('mode = "advise"\ntasks.worker = 2\n', encoding="utf-8")
    error = instance.json("config", "show", status=1)["error"]
    assert error["code"] == "bad-setting"
    assert f"{instance.workspace}/lsp-orch.toml:2: " in error["message"]
    assert error["hint"] == "did you mean tasks.workers?"
    assert instance.json("status")["daemon"]["pid"]


def test_what_the_workspace_sets_counts_there_at_once_and_nowhere_else(instance: Instance) -> None:
    instance.json("daemon", "start")
    path = instance.workspace / "lsp-orch.toml"
    path.write_text("[leases]\nttl_s = 5000\n[vault]\npath = 'notes'\n", encoding="utf-8")
    assert _seconds(instance.json("lease", "acquire", "a.py", "--as", "ada")["lease"]) == 5000
    assert instance.json("vault", "add", "--title", "t")["note"]["path"].startswith("notes/")
    path.write_text("[leases]\nttl_s = 7000\n", encoding="utf-8")
    assert _seconds(instance.json("lease", "acquire", "b.py", "--as", "ada")["lease"]) == 7000
    assert instance.json("vault", "list")["notes"] == []
    inner = instance.workspace / "other"
    lease = instance.json("lease", "acquire", "c.py", "--as", "ada", "--workspace", _made(inner))["lease"]
    assert _seconds(lease) == 120
    path.write_text("[leases]\nttl_s = 'long'\n", encoding="utf-8")
    error = instance.json("lease", "acquire", "d.py", "--as", "ada", status=1)["error"]
    assert error["code"] == "bad-setting"
    assert f"{path}:2: " in error["message"]
    assert instance.json("lease", "release", "--as", "ada")["released"], "what is held can always be let go"


def test_the_store_is_where_the_setting_says(instance: Instance) -> None:
    instance.env["LSP_ORCH_STORE"] = f"sqlite:///{instance.workspace}/elsewhere.db"
    assert instance.json("status")["daemon"]["store"] == instance.env["LSP_ORCH_STORE"]
    assert (instance.workspace / "elsewhere.db").is_file()


def test_the_level_of_the_log_is_what_the_setting_says(instance: Instance) -> None:
    instance.env["LSP_ORCH_LOG"] = "WARNING"
    instance.json("daemon", "start")
    instance.json("status")
    assert instance.json("daemon", "logs")["lines"] == []


def test_the_places_are_told(instance: Instance) -> None:
    paths = instance.json("config", "path")["paths"]
    assert paths["user settings"] == str(instance.home / "config" / "config.toml")
    assert Path(paths["socket"]).is_socket()
    assert str(instance.workspace / "lsp-orch.toml") in instance.cli("config", "path").stdout


def test_a_password_is_kept_and_forgotten_without_a_daemon(instance: Instance) -> None:
    file = _keyring(instance, keyrings.SHARED)
    assert _password(instance, "ada@db:5432/team", words="secret\n").stdout == (
        "The password of ada@db:5432/team is kept.\n"
    )
    assert json.loads(file.read_text()) == {"lsp-orch ada@db:5432/team": "secret"}
    told = _password(instance, "ada@db:5432/team", "--remove", "--json")
    assert json.loads(told.stdout) == {"account": "ada@db:5432/team", "kept": False}
    assert json.loads(file.read_text()) == {}
    assert _password(instance, "ada@db:5432/team", "--remove").returncode == 0, (
        "what is not there is no trouble"
    )
    assert instance.pid() is None


@pytest.mark.parametrize("backend", [keyrings.NONE, keyrings.LOCKED])
def test_a_machine_without_a_keyring_says_so(instance: Instance, backend: str) -> None:
    _keyring(instance, backend)
    told = _password(instance, "ada@db:5432/team", "--json", words="secret\n")
    assert told.returncode == 1
    error = json.loads(told.stdout)["error"]
    assert error["code"] == "keyring-unavailable"
    assert "PGPASSFILE" in error["hint"]
    assert "secret" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("address", "words", "status", "code"),
    [
        ("ada:opensesame@db/team", "secret\n", 1, "bad-setting"),
        ("ada@db/team?password=opensesame", "secret\n", 1, "bad-setting"),
        ("ada@db/team", "", 2, "bad-request"),
        ("ada@db/team", "\n", 2, "bad-request"),
    ],
)
def test_a_password_comes_on_stdin_and_nowhere_else(
    instance: Instance, address: str, words: str, status: int, code: str
) -> None:
    _keyring(instance, keyrings.SHARED)
    told = _password(instance, address, "--json", words=words)
    assert told.returncode == status
    assert json.loads(told.stdout)["error"]["code"] == code
    assert "opensesame" not in told.stdout + told.stderr


def test_a_password_of_no_store_is_a_usage_error(instance: Instance) -> None:
    assert instance.json("config", "password", status=2)["error"]["code"] == "bad-request"


def _keyring(instance: Instance, backend: str) -> Path:
    file = instance.workspace / "keyring"
    instance.env |= {"PYTHON_KEYRING_BACKEND": backend, keyrings.FILE: str(file)}
    return file


def _password(
    instance: Instance, address: str, *options: str, words: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        instance.command("config", "password", f"postgresql://{address}", *options),
        env=instance.env,
        input=words,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _seconds(lease: dict[str, str]) -> float:
    begin, end = (datetime.fromisoformat(lease[each]) for each in ("acquired_at", "expires_at"))
    return (end - begin).total_seconds()


def _made(folder: Path) -> str:
    folder.mkdir()
    return str(folder)
