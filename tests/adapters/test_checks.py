"""The check command ends in time, with all it has started, and knows no secrets."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_orch.adapters.checks import ShellChecks
from lsp_orch.adapters.processes import SystemProcesses
from tests.adapters.test_processes import gone


@pytest.fixture
def checks() -> ShellChecks:
    return ShellChecks(
        SystemProcesses(), {"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "very-secret", "A": "b"}
    )


def test_success_says_nothing(checks: ShellChecks, tmp_path: Path) -> None:
    assert checks.run("echo fine && test -d .", str(tmp_path), 10) == ""


def test_failure_tells_the_end_of_the_output(checks: ShellChecks, tmp_path: Path) -> None:
    said = checks.run("seq 100000; echo the reason >&2; exit 3", str(tmp_path), 10)
    assert said.endswith("the reason\n(exit status 3)")
    assert len(said) < 2100


def test_one_that_never_ends_is_ended_with_its_children(checks: ShellChecks, tmp_path: Path) -> None:
    said = checks.run("setsid sleep 600 & echo $! > pid; wait", str(tmp_path), 0.5)
    assert "did not end within 0.5 s" in said
    assert gone(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_one_that_forks_and_succeeds_leaves_nothing(checks: ShellChecks, tmp_path: Path) -> None:
    assert checks.run("setsid sleep 600 & echo $! > pid", str(tmp_path), 10) == ""
    assert gone(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_one_that_is_stopped_ends_with_its_children(checks: ShellChecks, tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    with ThreadPoolExecutor(1) as pool:
        command = f"setsid sh -c 'echo $$ > {told}; exec sleep 600' & wait"
        said = pool.submit(checks.run, command, str(tmp_path), 600, "a mark of its own")
        pid = int(told.read_text(encoding="utf-8"))
        checks.stop("another mark")
        assert not gone(pid)
        checks.stop("a mark of its own")
        assert "exit status" in said.result(20)
    assert gone(pid)


def test_it_does_not_see_the_keys(checks: ShellChecks, tmp_path: Path) -> None:
    assert checks.run("env > seen", str(tmp_path), 10) == ""
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "A=b" in seen
    assert "very-secret" not in seen


def test_git_in_a_check_looks_at_the_folder_it_runs_in(repository: Path) -> None:
    checks = ShellChecks(SystemProcesses(), {"PATH": os.environ["PATH"], "GIT_DIR": "/nowhere"})
    assert checks.run("git rev-parse HEAD > head", str(repository), 10) == ""
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    )
    assert (repository / "head").read_text(encoding="utf-8") == head.stdout
