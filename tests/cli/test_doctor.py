"""``lsp-orch doctor``: each check with the real daemon, and each seen failing."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.adapters import programs
from lsp_orch.cli import doctor_machine, doctor_pipes
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code, Unavailable
from tests.fixtures import claude as real_claude
from tests.fixtures.daemon import Instance

EVERY = {
    *("python", "command", "socket folder", "state folder", "daemon", "store", "reaper", "settings", "git"),
    *("repository", "claude", "vault", "note watcher", "file watcher", "hook", "editor pipe", "git guard"),
    "sandbox",
}


@pytest.fixture
def well(instance: Instance) -> Instance:
    """An instance with something that answers ``--version`` as Claude Code does."""
    instance.env["LSP_ORCH_CLAUDE"] = _program(
        instance.home.parent / "claude", "echo 2.1.329 '(Claude Code)'"
    )
    return instance


def checks(instance: Instance, status: int = 0) -> dict[str, Any]:
    document = instance.json("doctor", status=status)
    assert document["ok"] is (status == 0)
    return {each["name"]: each for each in document["checks"]}


def _program(path: Path, words: str) -> str:
    path.write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)


def test_all_is_well(well: Instance) -> None:
    found = checks(well)
    assert set(found) == EVERY
    assert {each["status"] for each in found.values()} <= {"ok", "warning"}
    assert "2.1.329" in found["claude"]["detail"]
    told = well.cli("doctor")
    assert told.returncode == 0
    assert "All is well." in told.stdout


def test_the_canary_leaves_nothing_behind(well: Instance) -> None:
    checks(well)
    left = well.json("status")
    assert (left["sessions"], left["leases"]) == ([], [])
    assert well.json("lease", "list", "--all")["waiters"] == []


def test_the_canary_does_not_wait_as_long_as_an_agent_would(well: Instance) -> None:
    (well.home / "config").mkdir(parents=True)
    patient = f"leases.hook_wait_s = {2 * doctor_pipes._LIMIT_S}\n"
    (well.home / "config" / "config.toml").write_text(patient, encoding="utf-8")
    assert checks(well)["hook"]["ok"]


def test_a_hook_that_hangs_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor_pipes, "_LIMIT_S", 0.1)
    monkeypatch.setattr(
        doctor_pipes, "command", lambda: [_program(tmp_path / "hook", "exec tail -f /dev/null")]
    )
    with pytest.raises(ClientError, match="not answered within"):
        doctor_pipes.hook()


@pytest.mark.real
def test_the_real_client_is_well(instance: Instance) -> None:
    binary = real_claude.find_claude()
    if binary is None:
        pytest.fail(real_claude.MISSING)
    instance.env["LSP_ORCH_CLAUDE"] = str(binary)
    assert "Claude Code" in checks(instance)["claude"]["detail"]


def test_a_missing_claude_fails_with_the_command_that_installs_it(instance: Instance) -> None:
    instance.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    check = checks(instance, status=1)["claude"]
    assert check["status"] == "failed"
    assert "npm install -g @anthropic-ai/claude-code" in check["mend"]


def test_outside_a_repository_is_a_warning(well: Instance) -> None:
    shutil.rmtree(well.workspace / ".git")
    check = checks(well)["repository"]
    assert (check["ok"], check["status"]) == (True, "warning")
    assert check["mend"]


def test_a_mistake_in_the_workspaces_settings_is_found(well: Instance) -> None:
    (well.workspace / "lsp-orch.toml").write_text("nonsense = 1\n", encoding="utf-8")
    assert "lsp-orch.toml:1" in checks(well, status=1)["settings"]["detail"]


def test_a_daemon_that_cannot_start_is_the_last_check_and_says_why(well: Instance) -> None:
    config = well.home / "config"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("mode = 1\n", encoding="utf-8")
    found = checks(well, status=1)
    assert list(found)[-1] == "daemon"
    assert "config.toml:1" in found["daemon"]["detail"]


def test_an_open_socket_folder_is_found(well: Instance) -> None:
    folder = well.home / "run"
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    found = checks(well, status=1)
    assert "chmod 700" in found["socket folder"]["mend"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755, "mending is the user's business"


def test_a_folder_that_cannot_be_written_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("LSP_ORCH_HOME", str(tmp_path / "home"))
    with pytest.raises(ClientError) as caught:
        doctor_machine.state_folder()
    assert caught.value.code == "home-read-only"


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LSP_ORCH_HOME", str(tmp_path))
    monkeypatch.setattr(doctor_machine, "_FREE_LEAST", 1 << 60)
    with pytest.raises(ClientError) as caught:
        doctor_machine.state_folder()
    assert caught.value.code == "disk-full"


def test_an_old_python_and_a_missing_command_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "_PYTHON_LEAST", (99, 0))
    with pytest.raises(ClientError, match="too old"):
        doctor_machine.python()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ClientError, match="not on the PATH"):
        doctor_machine.command()


def test_a_hook_that_lets_everything_through_is_found(
    well: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _inside(well, monkeypatch)
    monkeypatch.setattr(doctor_pipes, "command", lambda: [sys.executable, "-c", ""])
    with pytest.raises(ClientError, match=r"should be refused with \[lease-held\]; it left with 0"):
        doctor_pipes.hook()


def test_a_hook_that_refuses_everything_is_found(well: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    _inside(well, monkeypatch)
    monkeypatch.setattr(doctor_pipes, "command", lambda: [sys.executable, "-c", "raise SystemExit(2)"])
    with pytest.raises(ClientError, match="should be let through; it left with 2"):
        doctor_pipes.hook()


@pytest.mark.parametrize(
    ("program", "said"),
    [("", "without a word|never answered"), ("import sys; sys.stdin.read()", "never answered")],
)
def test_an_editor_pipe_that_is_silent_is_found(
    monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setattr(doctor_pipes, "_ourselves", lambda _: [sys.executable, "-c", program])
    monkeypatch.setattr(doctor_pipes, "_LIMIT_S", 1.0)
    with pytest.raises(ClientError, match=said):
        doctor_pipes.editor()


def test_an_old_or_missing_git_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable) as missing:
        programs.git_version()
    assert missing.value.refusal.code is Code.GIT_MISSING
    _program(tmp_path / "git", "echo git version 2.20.1")
    with pytest.raises(Unavailable, match=r"2\.20\.1 is older than 2\.38"):
        programs.git_version()


def test_a_claude_that_does_not_run_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = _program(tmp_path / "claude", "exit 3")
    with pytest.raises(Unavailable, match="does not run"):
        programs.claude_version(broken)
    slow = _program(tmp_path / "slow", "exec tail -f /dev/null")
    monkeypatch.setattr(programs, "_LIMIT_S", 0.1)
    with pytest.raises(Unavailable, match="does not run"):
        programs.claude_version(slow)


def test_claude_is_asked_as_a_stranger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "the-users-own")
    asked = _program(tmp_path / "claude", "env | tr '\\n' ' '")
    said = programs.claude_version(asked)
    assert "the-users-own" not in said
    assert f"HOME={os.environ['HOME']} " not in said


def test_claude_is_found_beside_our_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert programs.find_claude("claude-of-this-test") is None
    found = _program(tmp_path / "claude-of-this-test", "true")
    assert programs.find_claude("claude-of-this-test") == found


def test_without_the_guard_in_gits_hooks_the_doctor_says_how_to_put_it_in(well: Instance) -> None:
    check = checks(well)["git guard"]
    assert check["status"] == "warning"
    assert "pre-commit, pre-merge-commit, pre-push, pre-rebase" in check["detail"]
    assert check["mend"] == "run `lsp-orch setup --git`"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_guard_in_gits_hooks_is_tried_out_and_nothing_is_left(well: Instance, *, elsewhere: bool) -> None:
    if elsewhere:
        subprocess.run(["git", "config", "core.hooksPath", "tools"], cwd=well.workspace, check=True)
    assert well.cli("setup").returncode == 0
    check = checks(well)["git guard"]
    assert (check["status"], check["mend"]) == ("ok", "")
    folder = well.workspace / ".git" / ("lsp-orch-guard/hooks" if elsewhere else "hooks")
    assert f"refused by {folder}" in check["detail"]
    assert well.json("lease", "list", "--all") == {"leases": [], "waiters": []}


def test_a_guard_that_lets_everything_through_is_found(well: Instance) -> None:
    assert well.cli("setup").returncode == 0
    hook = well.workspace / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"{hook.read_text().partition('guard()')[0]}exit 0\n")
    check = checks(well, status=1)["git guard"]
    assert "should be refused with [commit-held]; git left with 0" in check["detail"]


def _inside(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a process of the instance."""
    for name, value in instance.env.items():
        monkeypatch.setenv(name, value)
