"""The daemon's start: detach, lock, listen, say so, and only then import what is heavy."""

import faulthandler
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from lsp_orch.client import lock
from lsp_orch.client.errors import ClientError
from lsp_orch.client.places import Places, here, make
from lsp_orch.daemon.door import Door, open_door

if TYPE_CHECKING:
    from lsp_orch.daemon.app import Build

_PREDECESSOR_S = 30.0  # a daemon that drains is gone long before
_CRASHED = 70
_UNREACHABLE = 3


def main(build: "Build") -> None:
    """Be the daemon. Exits 0 after a drain, 3 when it can't start, 70 after a crash; stderr is the log.

    ``--detach`` leaves the parent; ``--spawn-lock=FD`` is the starter's lock, held until we listen.
    Either way ``ready`` on stdout says that clients may dial.
    """
    detached = "--detach" in sys.argv
    if detached and hasattr(os, "fork") and os.fork():
        os._exit(0)
    faulthandler.enable()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        door = _open()
    except ClientError as error:
        sys.exit(_unable(error.code, str(error), error.hint))
    try:
        _announce(detached=detached)
        from lsp_orch.daemon.serve import serve

        serve(door, build)
    except Exception as error:  # noqa: BLE001 - the last frame: whatever it is, the log must tell it
        sys.exit(_broken(error))
    finally:
        door.remove()


def _open() -> Door:
    places = here()
    places.secure()
    make(str(Path(places.daemon_lock).parent))
    _be_the_only_one(places)
    return open_door(places)


def _be_the_only_one(places: Places) -> None:
    """Take the daemon lock for life. Whoever has it is leaving, or serves another address."""
    fd = lock.try_take(places.daemon_lock)
    if fd is None:
        _same_address(places)
        fd = _inherit(places)
    os.ftruncate(fd, 0)
    os.write(fd, f"{os.getpid()} {_address(places)}\n".encode(errors="surrogateescape"))


def _inherit(places: Places) -> int:
    if not hasattr(signal, "setitimer"):
        return lock.take(places.daemon_lock)  # Windows: waits ten seconds, then raises
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, _PREDECESSOR_S)
    try:
        return lock.take(places.daemon_lock)
    except TimeoutError as error:
        raise ClientError(
            "daemon-unreachable",
            f"The daemon before this one (pid {_holder(places)[0]}) has not left for {_PREDECESSOR_S:.0f} s",
            "It hangs: end it with `kill -9`; nothing acknowledged is lost.",
        ) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _same_address(places: Places) -> None:
    pid, address = _holder(places)
    if address and address != _address(places):
        raise ClientError(
            "daemon-unreachable",
            f"Your daemon (pid {pid}) serves {address}, but this environment looks for {_address(places)}",
            "Give both the same XDG_RUNTIME_DIR or LSP_ORCH_HOME, or stop that daemon.",
        )


def _holder(places: Places) -> tuple[str, str]:
    text = Path(places.daemon_lock).read_text(encoding="utf-8", errors="surrogateescape")
    pid, _, address = text.strip().partition(" ")
    return pid, address


def _address(places: Places) -> str:
    return places.endpoint if places.tcp else places.socket


def _announce(*, detached: bool) -> None:
    try:
        os.write(1, b"ready\n")
    except BrokenPipeError:
        return  # who started us is gone; others will come
    finally:
        if detached:
            os.dup2(2, 1)  # ends the readiness pipe, and a stray print lands in the log
        for each in sys.argv:
            if each.startswith("--spawn-lock="):
                lock.release(int(each.partition("=")[2]))


def _broken(error: Exception) -> int:
    from lsp_orch.domain.errors import OrchError

    if isinstance(error, OrchError):
        return _unable(error.refusal.code, error.refusal.message, error.refusal.hint)
    traceback.print_exc()
    return _CRASHED


def _unable(code: str, message: str, hint: str) -> int:
    """Leave the reason as the log's last line, where ``client/spawn.py`` looks for it."""
    import json

    told = {"error": {"code": code, "message": message, "hint": hint}}
    sys.stderr.write(json.dumps(told) + "\n")
    return _UNREACHABLE


def _leave(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what signal handlers are given
    sys.exit(0)  # nothing has been promised to anybody yet; `serve` puts draining in this place


def _too_long(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the same
    raise TimeoutError
