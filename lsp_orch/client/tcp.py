"""The daemon on loopback TCP, for Windows (not tried there yet): port and token are in a private file."""

import _socket
import os

from lsp_orch.client.places import Places


def dial(places: Places) -> tuple[_socket.socket, str]:
    """Connect; OSError when nobody listens. The token goes into the hello."""
    with open(places.endpoint, encoding="ascii") as file:
        port, _, token = file.read().strip().partition(" ")
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        sock.connect(("127.0.0.1", int(port)))
    except BaseException:
        sock.close()
        raise
    return sock, token


def publish(places: Places, port: int, token: str) -> None:
    """Write the endpoint file, whole or not at all, readable by this user only."""
    draft = f"{places.endpoint}.{os.getpid()}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(fd, f"{port} {token}\n".encode())
    finally:
        os.close(fd)
    os.replace(draft, places.endpoint)
