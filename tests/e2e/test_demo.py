"""``lsp-orch demo``: the main job, played with everything real but the model."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from lsp_orch.demo.scenes import SCENES
from tests.fixtures import processes
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance

pytestmark = pytest.mark.real

_LONGEST_S = 120.0


@pytest.fixture
def stage(short_root: Path, instance: Instance, claude: RealClaude) -> Iterator[Path]:
    """Where the demo makes its folders: empty before and after."""
    folder = short_root / "t"
    folder.mkdir()
    instance.env |= {"TMPDIR": str(folder), "LSP_ORCH_CLAUDE": str(claude.binary)}
    yield folder
    processes.end(_living(folder))  # those of a demo that has failed


def test_in_a_pipe_it_shows_every_scene_in_plain_lines_and_leaves_nothing(
    instance: Instance, stage: Path
) -> None:
    done = instance.cli("demo", timeout_s=_LONGEST_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert "its model is scripted" in done.stdout
    for scene in SCENES:
        assert done.stdout.count(f"{scene.title}") == 2, f"{scene.title}: played, and in the table"
    assert re.search(r"the three tasks took \d+\.\d s; one after the other .* \d+\.\d s", done.stdout)
    assert _left(stage) == ([], [])
    report = instance.json("doctor")
    assert report["ok"], report


def test_interrupted_it_leaves_nothing_either(instance: Instance, stage: Path) -> None:
    demo = subprocess.Popen(
        instance.command("demo"),
        cwd=instance.workspace,
        env=instance.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with demo:
        assert demo.stdout
        for line in demo.stdout:
            if "killed the worker" in line:
                os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(_LONGEST_S) == 130
    assert _left(stage) == ([], [])


def test_without_claude_it_says_how_to_get_it(instance: Instance, stage: Path) -> None:
    instance.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    done = instance.cli("demo")
    assert done.returncode == 1
    assert "[claude-missing]" in done.stderr
    assert "npm install -g @anthropic-ai/claude-code" in done.stderr
    assert _left(stage) == ([], [])


def _left(stage: Path) -> tuple[list[str], list[str]]:
    """The folders and the processes that are still there."""
    return [path.name for path in stage.iterdir()], list(_named(_living(stage)))


def _named(living: list[psutil.Process]) -> Iterator[str]:
    """Their command lines; whoever has just ended has none."""
    for each in living:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield " ".join(each.cmdline())


def _living(stage: Path) -> list[psutil.Process]:
    """Whoever has a folder on the stage in its environment."""
    return [each for each in psutil.process_iter() if _names(_environment(each), f"{stage}/")]


def _names(environment: Mapping[str, str], folder: str) -> bool:
    return any(value.startswith(folder) for value in environment.values())


def _environment(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except psutil.Error:  # it is somebody else's, or has just ended
        return {}
