"""Child processes: talked to, or run to their end against the clock."""

import os
import time
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self

from talk import Talk


class Program(Talk):
    """A child process that is talked to over its standard input and output."""

    def __init__(self, command: Sequence[str]) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        hands = [(os.POSIX_SPAWN_DUP2, theirs_in, 0), (os.POSIX_SPAWN_DUP2, theirs_out, 1)]
        self.pid = os.posix_spawn(command[0], list(command), os.environ, file_actions=hands)
        os.close(theirs_in)
        os.close(theirs_out)
        super().__init__(partial(os.read, self._in), partial(os.write, self._out))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Hang up and wait until it has gone."""
        os.close(self._out)
        os.close(self._in)
        os.waitpid(self.pid, 0)


def run(command: Sequence[str], *, stdin: str = os.devnull, stdout: str = os.devnull) -> float:
    """Run a program to its end and give the seconds it took; OSError when it fails."""
    hands = [
        (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
    ]
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], list(command), os.environ, file_actions=hands)
    _, status = os.waitpid(pid, 0)
    taken = time.perf_counter() - begin
    if status:
        raise OSError(f"{command} failed with exit code {os.waitstatus_to_exitcode(status)}")
    return taken
