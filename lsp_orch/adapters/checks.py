"""The check command: the user's own command line, run in a folder and with a time limit."""

import os
import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from typing import IO

from lsp_orch.adapters.worker_environment import SESSION
from lsp_orch.adapters.worker_log import is_secret
from lsp_orch.services.ports import Processes

_TAIL = 2000  # bytes of its output, the end of which says what failed
_GRACE_S = 2.0


class ShellChecks:
    """The port ``Checks``; what a check leaves running ends with it."""

    def __init__(self, processes: Processes, environment: Mapping[str, str] | None = None) -> None:
        self._processes = processes
        inherited = os.environ if environment is None else environment
        # a check runs code that a model has written: it gets no keys, and no GIT_DIR to go astray with
        self._environment = {
            name: value
            for name, value in inherited.items()
            if not is_secret(name) and not name.startswith("GIT_")
        }

    def run(self, command: str, folder: str, limit_s: float) -> str:
        """Empty when the command succeeded, else its last lines or that it did not end in time."""
        session = str(uuid.uuid4())
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(  # noqa: S602 - it is a command line, which only a shell can read
                command,
                shell=True,
                cwd=folder,
                env=self._environment | {SESSION: session},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(limit_s)
                ending = f"exit status {status}" if status else ""
            except subprocess.TimeoutExpired:
                ending = f"it did not end within {limit_s:g} s"
            finally:
                self._processes.end(session, process.pid, 0.0, _GRACE_S)
                process.wait()
            return f"{_tail(output)}\n({ending})".strip() if ending else ""


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL))
    return output.read().decode("utf-8", "backslashreplace").strip()
