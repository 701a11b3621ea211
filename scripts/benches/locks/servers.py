"""Programs of others that run for a while: on a free port or a socket, ended by their pid."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from locks.install import Missing

_READY_S = 60.0
_LEAVE_S = 10.0
_TAIL = 500  # bytes of what it said last


@contextlib.contextmanager
def server(
    command: Sequence[str], ready: Callable[[], bool], environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run it until the block ends; Missing, with its last words, when it never comes to serve."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            if not _comes(process, ready):
                said.seek(max(0, said.seek(0, 2) - _TAIL))
                raise Missing(f"{command[0]} did not come to serve: {said.read().decode(errors='replace')}")
            yield
        finally:
            _end(process)


def free_port() -> int:
    """A port on loopback that nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def answers(port: int) -> Callable[[], bool]:
    """Whether somebody listens there."""

    def dial() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    return dial


def _comes(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    end = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
