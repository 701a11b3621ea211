"""``lsp-orch lsp``: what an editor starts. It says hello, then moves bytes and understands none of them.

Two threads that block: one thread that polled would stand still for ever when an editor writes much before
it reads.
"""

import _socket
import _thread
import os

from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import Frames, frame
from lsp_orch.client.pump import CHUNK, downwards, lament, wait, write

_TAIL = 64  # bytes, enough to hold an `exit` notification
_GRACE_S = 10.0  # what the daemon may take to hang up after the editor has
_GONE = 1
_UNREACHABLE = 3


def main() -> None:
    """Exit 0 when the editor left, 1 when the daemon did, 3 when it can't be reached; never returns."""
    try:
        line = connect("editor", pid=os.getppid())
    except ClientError as error:
        _apologise(error)
        os._exit(_UNREACHABLE)
    editor = _Editor()
    _thread.start_new_thread(_upwards, (line.socket, editor))
    downwards(line.socket, line.rest)
    if not editor.left():
        lament("Start the language server again")
        os._exit(_GONE)
    os._exit(0)


class _Editor:
    """What the editor did last: closing after its `exit` is the daemon's duty, not a failure."""

    def __init__(self) -> None:
        self.tail = b""
        self.silent = False

    def left(self) -> bool:
        return self.silent or b'"exit"' in self.tail


def _upwards(sock: _socket.socket, editor: _Editor) -> None:
    try:
        while chunk := os.read(0, CHUNK):
            editor.tail = (editor.tail + chunk[-_TAIL:])[-_TAIL:]
            sock.sendall(chunk)
        editor.silent = True
        sock.shutdown(_socket.SHUT_WR)
    except OSError:
        return  # the daemon is gone, which the other thread sees and reports
    wait(_GRACE_S)
    os._exit(_GONE)


def _apologise(error: ClientError) -> None:
    """Tell the editor's user, in a message and in the answer to the first request, which editors show too."""
    import json

    text = f"lsp-orch: {error}\n{error.hint}".strip()
    shown = {"jsonrpc": "2.0", "method": "window/showMessage", "params": {"type": 1, "message": text}}
    write(frame(json.dumps(shown).encode()))
    try:
        first = Frames(lambda size: os.read(0, size)).next()
        request = json.loads(first[1]) if first else {}
    except (ValueError, KeyError):
        return  # no request that could be answered
    refusal = {"code": -32803, "message": text, "data": {"code": error.code, "hint": error.hint}}
    write(frame(json.dumps({"jsonrpc": "2.0", "id": request.get("id"), "error": refusal}).encode()))
