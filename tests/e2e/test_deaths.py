"""Real processes die under a real daemon: one frees its file; three freeze reaping, over a restart too."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures.daemon import Instance

SOON_S = 30.0  # what never takes so long, even on a busy machine


class Session:
    """An agent without a client: a process that lives until it is killed, and hooks that name it."""

    def __init__(self, instance: Instance, name: str) -> None:
        self.instance = instance
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
        )

    def writes(self, path: Path) -> subprocess.CompletedProcess[str]:
        """Its PreToolUse hook."""
        event = {
            "hook_event_name": "PreToolUse",
            "session_id": self.name,
            "cwd": str(self.instance.workspace),
            "tool_name": "Write",
            "tool_input": {"file_path": str(path)},
        }
        return subprocess.run(
            self.instance.hook_command(),
            input=json.dumps(event),
            cwd=self.instance.workspace,
            env={**self.instance.env, "CLAUDE_PID": str(self.process.pid)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def die(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def sessions(instance: Instance, *names: str) -> Iterator[list[Session]]:
    found = [Session(instance, name) for name in names]
    try:
        yield found
    finally:
        for each in found:
            each.die()


def watch(instance: Instance) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        instance.command("lease", "watch", "--all"),
        cwd=instance.workspace,
        env=instance.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert process.stderr.readline().startswith("watching")
    return process


def until(process: subprocess.Popen[str], event: str) -> dict[str, str]:
    assert process.stdout
    for line in process.stdout:
        told: dict[str, str] = json.loads(line)
        if told["event"] == event:
            return told
    raise AssertionError(f"never told: {event}")


def test_a_death_frees_the_file_at_once_and_who_waits_gets_it(instance: Instance, repository: Path) -> None:
    path = repository / "a.py"
    with sessions(instance, "one", "two") as (one, two), watch(instance) as watcher:
        assert one.writes(path).returncode == 0
        until(watcher, "granted")
        with ThreadPoolExecutor(1) as beside:
            waiting = beside.submit(two.writes, path)
            until(watcher, "queued")
            one.die()
            assert until(watcher, "ended")["why"] == "died"
            assert waiting.result(SOON_S).returncode == 0
        assert one.name not in {each["id"] for each in instance.json("status")["sessions"]}
        watcher.terminate()


def test_three_deaths_freeze_reaping_and_a_daemon_killed_in_it_goes_on_with_it(
    instance: Instance, repository: Path
) -> None:
    with sessions(instance, "one", "two", "three", "four") as found, watch(instance) as watcher:
        for each in found:
            assert each.writes(repository / f"{each.name}.py").returncode == 0
        for each in found[:3]:
            each.die()
        frozen = until(watcher, "reaping-frozen")
        assert frozen["why"] == "3 sessions died within 30 s"
        status = instance.json("status")
        assert status["reaper"]["why"] == frozen["why"]
        assert "three.py" in {path for each in status["leases"] for path in each["resources"]}
        [check] = [each for each in instance.json("doctor")["checks"] if each["name"] == "reaper"]
        assert check["status"] == "warning"
        instance.kill()
        again = instance.json("status")
        assert again["reaper"]["frozen_until"] > status["reaper"]["frozen_until"]
        assert "three.py" in {path for each in again["leases"] for path in each["resources"]}
        assert found[3].writes(repository / "new.py").returncode == 0
        watcher.terminate()
