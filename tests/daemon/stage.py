"""A home of its own for a toy daemon and its clients; whatever was started there ends with it."""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import pytest

from lsp_orch.client import spawn
from lsp_orch.client.line import Frames, frame
from lsp_orch.client.places import Places
from tests.client.with_toy import command
from tests.fixtures import processes

ROOT = Path(__file__).parents[2]
SOON_S = 20.0  # what never takes so long, even on a busy machine


class Wire:
    """A raw connection, for what no client of ours would say."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(SOON_S)
        self._frames = Frames(sock.recv)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.sock.close()

    def send(self, message: dict[str, Any]) -> None:
        self.sock.sendall(frame(json.dumps(message).encode()))

    def read(self) -> tuple[dict[bytes, bytes], dict[str, Any]]:
        """Wait for a frame; EOFError at the end."""
        got = self._frames.next()
        if got is None:
            raise EOFError
        return got[0], json.loads(got[1])

    def ask(self, method: str, params: Any = None) -> Any:
        """Ask and wait for the result."""
        self.send({"id": method, "method": method, "params": params})
        return self.read()[1]["result"]

    def hello(self, role: str = "cli", **changed: Any) -> tuple[dict[bytes, bytes], dict[str, Any]]:
        """Say hello, as another version might, and wait for the answer."""
        params = {"protocol": 1, "version": "0.1.0", "role": role, "pid": 1, **changed}
        self.send({"jsonrpc": "2.0", "id": "hello", "method": "lspOrch/hello", "params": params})
        return self.read()

    def until_closed(self) -> None:
        """Read whatever comes, until the daemon hangs up."""
        try:
            while self.sock.recv(1 << 20):
                pass
        except ConnectionResetError:
            return


class Stage:
    """``env`` is built from nothing; change it before the first process starts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "h"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(root), "LSP_ORCH_HOME": str(self.home)}
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def places(self) -> Places:
        return Places(self.env, sys.platform, os.getuid())

    def daemon(self, *args: str) -> subprocess.Popen[bytes]:
        """Run a toy daemon in the foreground, listening."""
        daemon = self.run([sys.executable, "-m", "tests.daemon.toy", *args])
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == b"ready\n"
        return daemon

    def client(self, which: str, *toy: str) -> subprocess.Popen[bytes]:
        """Run ``pipe`` or ``hook``, which start a toy daemon when they find none."""
        return self.run([sys.executable, "-m", "tests.client.with_toy", which, *toy])

    def run(self, command: list[str], **env: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.env | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._started.append(process)
        return process

    def dial(self) -> Wire:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(self.places.socket)
        except OSError:
            sock.close()
            raise
        return Wire(sock)

    def daemons(self) -> list[psutil.Process]:
        """The detached daemons that live under this home."""
        return [each for each in self._alive() if "--detach" in (each.info["cmdline"] or [])]

    def log(self) -> str:
        return Path(self.places.log).read_text(encoding="utf-8")

    def end(self) -> None:
        end(self._alive())
        for each in self._started:
            each.wait()
            for stream in (each.stdin, each.stdout, each.stderr):
                if stream is not None:
                    with suppress(BrokenPipeError):  # a test left something that nobody will read
                        stream.close()

    def _alive(self) -> list[psutil.Process]:
        return processes.carrying("LSP_ORCH_HOME", self.home)


@contextmanager
def watched(living: Sequence[psutil.Process]) -> Iterator[None]:
    """Wait at the end until they are gone; an orphan may stay a zombie until the system reaps it."""
    handles = [os.pidfd_open(each.pid) for each in living]
    yield
    for each in handles:
        assert select.select([each], [], [], SOON_S)[0]
        os.close(each)


def end(living: Sequence[psutil.Process]) -> None:
    """Kill them and wait until they are gone."""
    with watched(living):
        for each in living:
            each.kill()


def daemon_of(pipe: subprocess.Popen[bytes]) -> bytes:
    """Ask through the pipe who answers."""
    assert pipe.stdin is not None
    assert pipe.stdout is not None
    stdout = pipe.stdout.fileno()
    pipe.stdin.write(frame(b'{"id":1,"method":"who"}'))
    pipe.stdin.flush()
    got = Frames(lambda size: os.read(stdout, size)).next()
    assert got is not None, pipe.communicate()
    return got[1]


@pytest.fixture
def stage() -> Iterator[Stage]:
    root = Path(tempfile.mkdtemp(prefix="lo-", dir="/tmp"))
    stage = Stage(root)
    yield stage
    stage.end()
    shutil.rmtree(root)


@pytest.fixture
def inside(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage, with this very process as one of its clients; a daemon that it starts is a toy."""
    monkeypatch.setenv("LSP_ORCH_HOME", str(stage.home))
    monkeypatch.setattr(spawn, "command", lambda: command([]))
    return stage
