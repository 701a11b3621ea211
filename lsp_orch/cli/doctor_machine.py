"""What the doctor tries of this machine: each returns what it saw, or raises ClientError with the mend."""

import errno
import os
import platform
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from lsp_orch import __version__
from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from lsp_orch.client.places import here
from lsp_orch.domain.errors import Code

_PYTHON_LEAST = (3, 11)
_FREE_LEAST = 200 * 1024 * 1024  # bytes: a log, a store and a few worktrees


def python() -> str:
    """New enough."""
    if sys.version_info < _PYTHON_LEAST:
        least = ".".join(map(str, _PYTHON_LEAST))
        raise ClientError(
            Code.INTERNAL,
            f"Python {platform.python_version()} is too old",
            f"install Python {least} or newer",
        )
    return f"Python {platform.python_version()}, {sys.executable}"


def command() -> str:
    """Editors find us."""
    if found := shutil.which("lsp-orch"):
        return found
    raise ClientError(
        Code.INTERNAL,
        "lsp-orch is not on the PATH, where editors look for it",
        f"add {Path(sys.executable).parent} to the PATH",
    )


def socket_folder() -> str:
    """It is ours alone."""
    places = here()
    places.secure()
    folder = Path(places.socket).parent
    found = folder.stat()
    return f"{folder}, mode {stat.S_IMODE(found.st_mode):04o}, yours"


def state_folder() -> str:
    """It can be written and has room."""
    folder = Path(here().daemon_lock).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="doctor-") as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(folder, 0) from error
        raise ClientError(
            Code.HOME_READ_ONLY,
            f"{folder} can't be written: {error.strerror}",
            "set LSP_ORCH_HOME to a folder that you can write",
        ) from error
    free = shutil.disk_usage(folder).free
    if free < _FREE_LEAST:
        raise _full(folder, free)
    return f"{folder}, {free / 1024**3:.1f} GB free"


def daemon() -> str:
    """It starts, answers, and is this version."""
    with Call() as call:
        if call.line.version != __version__:
            raise ClientError(
                Code.VERSION_MISMATCH,
                f"the daemon is lsp-orch {call.line.version}, this is {__version__}",
                "run `lsp-orch daemon restart` when its work is done",
            )
        return f"lsp-orch {call.line.version}, pid {call.line.pid}, answers"


def _full(folder: Path, free: int) -> ClientError:
    return ClientError(
        Code.DISK_FULL,
        f"the disk of {folder} has {free // 1024**2} MB left",
        f"free at least {_FREE_LEAST // 1024**2} MB",
    )
