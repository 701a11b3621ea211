r"""The first words between a client and the daemon, made and read without a JSON library.

The client opens with one frame, and may send what follows in the same write::

    {"jsonrpc": "2.0", "id": "hello", "method": "lspOrch/hello", "params": {"protocol": 1, "version": "0.1.0",
     "role": "hook", "pid": 123, "mode": "advise", "cwd": "/home/me/project", "token": ""}}

The daemon answers with one frame, whose headers hold what a client must know to go on::

    Status: ok | retry | refused     Pid: 456     Version: 0.1.0

``ok``
    The body is ``{"id": "hello", "result": {"protocol", "version", "pid"}}``; the conversation follows.
``retry``
    This daemon is leaving. Take the spawn lock, dial again, and start a daemon when nobody is there.
    A connection that ends before the answer means the same.
``refused``
    The body is a JSON-RPC error: ``error.message``, ``error.data.code`` and ``error.data.hint``.

Answers to the role ``hook`` carry ``Exit-Code: N``, and their body is, byte for byte, what the hook prints:
to stderr when N is 2, else to stdout. A daemon drains for a newer client when nobody else needs it, serves an
older client of its own protocol, and refuses every other protocol.
"""

import os

from lsp_orch import __version__
from lsp_orch.client.line import frame

PROTOCOL = 1


def greeting(role: str, *, pid: int, mode: str, token: str, inbox: tuple[str, str] = ("", "")) -> bytes:
    """Frame the hello of this process; ``inbox`` is the socket of a hook's session, and what opens it."""
    door = f',"inbox":{quoted(inbox[0])},"inbox_token":{quoted(inbox[1])}' if inbox[0] else ""
    body = (
        '{"jsonrpc":"2.0","id":"hello","method":"lspOrch/hello","params":'
        f'{{"protocol":{PROTOCOL},"version":{quoted(__version__)},"role":{quoted(role)},"pid":{pid},'
        f'"mode":{quoted(mode)},"cwd":{quoted(_cwd())},"token":{quoted(token)}{door}}}}}'
    )
    return frame(body.encode())


def quoted(text: str) -> str:
    r"""Write a JSON string; a byte that is not UTF-8 stays the surrogate that ``os.fsencode`` knows."""
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char < " " or "\ud800" <= char <= "\udfff":
        return f"\\u{ord(char):04x}"
    return char


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""  # somebody removed the folder we stand in; that is no reason to fail
