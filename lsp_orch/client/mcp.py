"""``lsp-orch mcp``: what an agent's client starts. It says hello, then moves bytes that it does not read.

Two threads that block, as in ``client/pipe.py``; here the lines are MCP's, each one message of JSON.
"""

import _socket
import _thread
import os
import sys

from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.pump import CHUNK, downwards, lament, wait, write

_GRACE_S = 10.0  # what the daemon may take to hang up after the client has
_GONE = 1
_UNREACHABLE = 3


def main() -> None:
    """Exit 0 when the client left, 1 when the daemon did, 3 when it can't be reached; never returns."""
    try:
        line = connect("mcp", pid=os.getpid())
    except ClientError as error:
        _apologise(error)
        os._exit(_UNREACHABLE)
    left: list[bool] = []
    _thread.start_new_thread(_upwards, (line.socket, left))
    downwards(line.socket, line.rest)
    if not left:
        lament("Connect the server again")
        os._exit(_GONE)
    os._exit(0)


def command() -> list[str]:
    """The quickest command line, which the plugin and the workers' configuration have."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    code = f"import sys; sys.path.insert(0, {root!r}); from lsp_orch.client.mcp import main; main()"
    return [sys.executable, "-I", "-S", "-c", code]


def _upwards(sock: _socket.socket, left: list[bool]) -> None:
    try:
        while chunk := os.read(0, CHUNK):
            sock.sendall(chunk)
        left.append(True)
        sock.shutdown(_socket.SHUT_WR)
    except OSError:
        return  # the daemon is gone, which the other thread sees and reports
    wait(_GRACE_S)
    os._exit(_GONE)


def _apologise(error: ClientError) -> None:
    """Say it on stderr, and in the answer to the first request, which clients show too."""
    import json

    text = f"lsp-orch: {error}\n{error.hint}".strip()
    os.write(2, f"{text}\n".encode(errors="replace"))
    try:
        request = json.loads(_first_line())
        call = request["id"]
    except (ValueError, LookupError, TypeError):
        return  # no request that could be answered
    refusal = {"code": -32000, "message": text, "data": {"code": error.code, "hint": error.hint}}
    write(json.dumps({"jsonrpc": "2.0", "id": call, "error": refusal}).encode() + b"\n")


def _first_line() -> bytes:
    said = b""
    while b"\n" not in said and (chunk := os.read(0, CHUNK)):
        said += chunk
    return said.partition(b"\n")[0]
