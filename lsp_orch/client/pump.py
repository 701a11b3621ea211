"""What moves bytes between our standard streams and the daemon's socket, in threads that block."""

import _socket
import _thread
import os

from lsp_orch.client.places import here

CHUNK = 65536


def downwards(sock: _socket.socket, chunk: bytes) -> None:
    """Write what the daemon sends, ``chunk`` first, until either side is gone."""
    try:
        write(chunk)
        while chunk := sock.recv(CHUNK):
            write(chunk)
    except OSError:
        return  # either side is gone, and so are we


def write(data: bytes) -> None:
    """Write all of it to stdout."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def wait(seconds: float) -> None:
    """Let the other thread work."""
    never = _thread.allocate_lock()
    never.acquire()
    never.acquire(timeout=seconds)


def lament(again: str) -> None:
    """Say on stderr, where clients keep a log, that the daemon went first."""
    text = f"lsp-orch: the daemon is gone. {again}; the daemon's log is {here().log}.\n"
    os.write(2, text.encode(errors="replace"))
