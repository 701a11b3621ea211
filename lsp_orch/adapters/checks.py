"""The check command: the user's own command line, run in a folder and with a time limit."""

import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from lsp_orch.adapters.worker_environment import SESSION
from lsp_orch.adapters.worker_log import is_secret
from lsp_orch.services.ports import Processes

_TAIL = 2000  # bytes of its output, the end of which says what failed
_GRACE_S = 2.0


class ShellChecks:
    """The port ``Checks``; what a check leaves running ends with it."""

    def __init__(
        self,
        processes: Processes,
        environment: Mapping[str, str] | None = None,
        shelter: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        """``shelter`` says what a command for that folder is started by when it is shut in."""
        self._processes = processes
        self._shelter = shelter
        inherited = os.environ if environment is None else environment
        # a check runs code that a model has written: it gets no keys, and no GIT_DIR to go astray with
        self._environment = {
            name: value
            for name, value in inherited.items()
            if not is_secret(name) and not name.startswith("GIT_")
        }

    def run(self, command: str, folder: str, limit_s: float, mark: str = "", *, shut_in: bool = False) -> str:
        """Empty when the command succeeded, else its last lines or that it did not end in time.

        Raises:
            Unavailable: sandbox-missing, where it is required.
        """
        session = mark or str(uuid.uuid4())
        words = ("/bin/sh", "-c", command)
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                (*self._shelter(folder), *words) if shut_in else words,
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

    def stop(self, mark: str) -> None:
        """End the one with this mark, if it has begun."""
        self._processes.end(mark, 0, 0.0, _GRACE_S)


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL))
    return output.read().decode("utf-8", "backslashreplace").strip()
