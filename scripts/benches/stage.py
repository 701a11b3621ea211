"""A throw-away home with a daemon of its own, and a small git repository to work in."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from talk import Talk

from lsp_orch.client import control
from lsp_orch.client.connect import connect

PYTHON = sys.executable
LSP_ORCH = str(Path(PYTHON).with_name("lsp-orch"))
"""The program as pip installs it, beside the interpreter that runs us."""

_LEAVE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running daemon that has done its imports, and the repository."""

    daemon: int
    root: Path
    home: Path
    repository: Path

    def rss(self) -> int:
        """The daemon's resident memory, in bytes."""
        pages = int(Path(f"/proc/{self.daemon}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """The processor time that the daemon has taken so far, in seconds."""
        threads = Path(f"/proc/{self.daemon}/task").iterdir()
        return sum(int((each / "schedstat").read_text("ascii").split()[0]) for each in threads) / 1e9

    @property
    def store(self) -> Path:
        """Its database."""
        return self.home / "state" / "default.db"

    def editor(self) -> Talk:
        """One more editor, straight at the socket, after its handshake."""
        line = connect("editor")
        talk = Talk(line.socket.recv, line.write)
        talk.shake_hands(str(self.repository))
        return talk


@contextlib.contextmanager
def stage(*, claude: str = "") -> Iterator[Stage]:
    """Set it up, and leave nothing behind: the daemon is ended by its pid.

    ``claude`` is the name of the program below the root that is started as a worker's client.
    """
    root = Path(tempfile.mkdtemp(prefix="lo-bench-")).resolve()
    try:
        for name in [each for each in os.environ if each.startswith(("LSP_ORCH_", "CLAUDE", "PYTHON"))]:
            del os.environ[name]  # whoever measures has settings of their own
        os.environ["LSP_ORCH_HOME"] = str(root / "home")
        if claude:
            os.environ["LSP_ORCH_CLAUDE"] = str(root / claude)
        repository = root / "repository"
        subprocess.run(["git", "init", "--quiet", repository], check=True)
        line = control.start()
        try:
            yield Stage(daemon=line.pid, root=root, home=root / "home", repository=repository)
        finally:
            line.close()
            _end(line.pid)
    finally:
        shutil.rmtree(root)


def _end(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return  # it has ended itself
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], _LEAVE_S)[0]:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [])
    finally:
        os.close(process)
