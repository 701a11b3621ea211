"""Two processes around one lock that has to be polled for: one lets go, the other learns of it.

Run as a program by the peers' interpreter: ``polling.py filelock PATH``, ``polling.py redis SOCKET``.
It reads one letter at a time, takes the lock (t) or lets it go (g), and prints when it had done the first, or
was about to do the second: seconds on a clock that all processes share.
"""

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

FILELOCK, REDIS_PY = "filelock, polling", "redis-py Lock, polling"
_LONGEST_POLL_S = 0.1  # redis-py's; filelock's is half of it


@contextlib.contextmanager
def sampler(kind: str, place: Path) -> Iterator[Callable[[int], list[float]]]:
    """Time from the release by one process to the other one's holding it."""
    from locks import install  # noqa: PLC0415 - the peers' interpreter, which runs this file too, has no need of it

    command = [str(install.python("polling")), "-I", __file__, kind, str(place)]
    with contextlib.ExitStack() as both:
        first, second = (both.enter_context(_process(command)) for _ in range(2))
        _say(first, "t")
        _told(first)

        def wake() -> float:
            nonlocal first, second
            _say(second, "t")
            time.sleep(random.uniform(1, 2) * _LONGEST_POLL_S)  # noqa: S311 - anywhere between two polls
            _say(first, "g")
            let_go, held = _told(first), _told(second)
            first, second = second, first
            return held - let_go

        yield lambda times: [wake() for _ in range(times)]


@contextlib.contextmanager
def _process(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _say(process: subprocess.Popen[str], letter: str) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write(f"{letter}\n")
    process.stdin.flush()


def _told(process: subprocess.Popen[str]) -> float:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    return float(process.stdout.readline())


def _obey(take: Callable[[], object], give: Callable[[], object]) -> None:
    for line in sys.stdin:
        if line == "t\n":
            take()
            print(time.monotonic(), flush=True)
        else:
            print(time.monotonic(), flush=True)
            give()


def _main(kind: str, place: str) -> None:
    if kind == "filelock":
        from filelock import FileLock  # type: ignore[import-not-found]  # noqa: PLC0415 - in the peers' environment

        file = FileLock(place)
        _obey(file.acquire, file.release)
    else:
        from redis import Redis  # type: ignore[import-not-found]  # noqa: PLC0415 - the same

        lock = Redis(unix_socket_path=place).lock("polled", timeout=120)
        _obey(lock.acquire, lock.release)


if __name__ == "__main__":
    _main(*sys.argv[1:])
