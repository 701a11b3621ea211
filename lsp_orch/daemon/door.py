"""The daemon's door: one lock for life, one socket, and who may come in."""

import os
import secrets
import select
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from lsp_orch.client import tcp
from lsp_orch.client.places import Places

BACKLOG = 512  # clients queue here while we import everything else
_UCRED = struct.Struct("3i")  # Linux: pid, uid, gid
_XUCRED = struct.Struct("2I")  # macOS: version, uid, and more that we don't need


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A listening socket; ``token`` is what a client must show, empty on a Unix socket."""

    places: Places
    sock: socket.socket
    token: str = ""

    def waiting(self) -> bool:
        """Say whether somebody has dialled whom we have not let in yet."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def remove(self) -> None:
        """Take the address away, before listening ends: who comes now finds nobody and starts anew."""
        Path(self.places.endpoint if self.token else self.places.socket).unlink(missing_ok=True)


def open_door(places: Places) -> Door:
    """Bind and listen; the holder of the daemon lock may remove what a dead daemon left."""
    if places.tcp:
        return _open_tcp(places)
    Path(places.socket).unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o077)
    try:
        sock.bind(places.socket)
    finally:
        os.umask(before)
    sock.listen(BACKLOG)
    return Door(places=places, sock=sock)


def ours(sock: socket.socket) -> bool:
    """Say whether the other end of a Unix socket is a process of this user."""
    uid = _peer_uid(sock)
    return uid is None or uid == os.getuid()


def process(sock: socket.socket) -> int:
    """The pid of the other end as it is here, whatever it takes itself for in a sandbox; 0 if unknown."""
    if sys.platform != "linux" or sock.family != socket.AF_UNIX:
        return 0
    return int(_UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))[0])


def _peer_uid(sock: socket.socket) -> int | None:
    """Ask the system; None where it can't tell, and the folder's mode has to do."""
    if sock.family != getattr(socket, "AF_UNIX", None):
        return None
    ask = {"linux": _linux_uid, "darwin": _darwin_uid}.get(sys.platform)
    return ask(sock) if ask else None


def _linux_uid(sock: socket.socket) -> int:
    return int(_UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))[1])


def _darwin_uid(sock: socket.socket) -> int:
    sol_local, local_peercred, size = 0, 1, 76
    return int(_XUCRED.unpack(sock.getsockopt(sol_local, local_peercred, size)[: _XUCRED.size])[1])


def _open_tcp(places: Places) -> Door:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen(BACKLOG)
    door = Door(places=places, sock=sock, token=secrets.token_urlsafe(32))
    tcp.publish(places, sock.getsockname()[1], door.token)
    return door
