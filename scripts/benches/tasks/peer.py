"""A competitor in a process of its own: told how many to enqueue or drain, it says how long that took."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Peer:
    """The same two methods as ours."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def enqueue(self, count: int, clients: int) -> float:
        """So many clients file the tasks."""
        return self._say(f"enqueue {count} {clients}")

    def drain(self, workers: int) -> float:
        """So many workers do what there is."""
        return self._say(f"drain 0 {workers}")

    def _say(self, words: str) -> float:
        assert self._process.stdin is not None  # noqa: S101 - they are pipes
        assert self._process.stdout is not None  # noqa: S101 - they are pipes
        print(words, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


@contextmanager
def running(command: Sequence[str]) -> Iterator[Peer]:
    """Start it, and end it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        yield Peer(process)
    finally:
        process.kill()
        process.communicate()
