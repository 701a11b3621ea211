"""What a worker said, kept in a file: bounded, and without secrets."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock

from lsp_orch.adapters.log_secrets import LogSecrets

_PIECE = 256 * 1024  # bytes that are read at once
_MOST = 16 * 1024 * 1024  # bytes of one attempt
_SECRET_NAMES = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
_SHORTEST = 8  # a shorter value is no secret, and removing it would spoil the text


class WorkerLog:
    """One attempt's file; readable by its owner only. Lines may be written by a thread, one at a time."""

    def __init__(self, path: str, secrets: Iterable[str]) -> None:
        self._secrets = LogSecrets(secrets)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # appended to: an attempt that was stopped with the daemon goes on in the same file
        self._file = os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0
        )
        self._size = os.fstat(self._file.fileno()).st_size
        self._lock = Lock()

    def write(self, line: str) -> None:
        """Add one event or line; what is beyond the limit is left out, and the file says so."""
        if self._size >= _MOST:
            return
        data = (self._secrets.event(line.rstrip("\n")) + "\n").encode("utf-8", "backslashreplace")
        with self._lock:
            if self._file.closed:  # whoever waited for this line was cancelled
                return
            if self._size + len(data) > _MOST:
                data = b"(the log is full: the rest is left out)\n"
                self._size = _MOST
            self._file.write(data)
            self._size += len(data)

    def clean(self, text: str) -> str:
        """Take secrets out of a text."""
        return self._secrets.text(text)

    def close(self) -> None:
        """Let go of the file; what is written later is dropped."""
        with self._lock:
            self._file.close()


def secrets(environment: Mapping[str, str]) -> set[str]:
    """The values that must never be written down, also as they look inside JSON."""
    values = {value for name, value in environment.items() if is_secret(name) and len(value) >= _SHORTEST}
    return values | {json.dumps(value)[1:-1] for value in values}


def is_secret(name: str) -> bool:
    """Whether a variable of that name holds something that is nobody's business."""
    return name.upper().endswith(_SECRET_NAMES)


def read_log(path: str, offset: int) -> tuple[list[str], int]:
    """The whole lines from ``offset`` (bytes) on, up to a limit, and where the next one begins."""
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, offset))
            piece = file.read(_PIECE)
            if b"\n" not in piece:
                piece += file.readline()
    except FileNotFoundError:  # nothing has been said yet
        return [], offset
    whole = piece[: piece.rfind(b"\n") + 1]
    return whole.decode("utf-8", "replace").splitlines(), offset + len(whole)
