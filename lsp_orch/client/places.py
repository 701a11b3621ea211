"""Where the daemon's socket, locks and log are: from the environment, with ``os`` alone.

``adapters/places.py`` says the same of the folders with platformdirs; a test holds the two together.
"""

import os
import stat
import sys

# `Mapping` without the 1 ms that `collections` costs; `os` has loaded this module already.
from _collections_abc import Mapping

from lsp_orch.client.errors import ClientError

_LONGEST = {"darwin": 103}  # bytes of a socket's path; 107 elsewhere
_LONGEST_NAME = 64  # characters of an instance's name
_PRIVATE = 0o700


class Places:
    """Absolute paths; computing them touches nothing but the owner of ``XDG_RUNTIME_DIR``."""

    __slots__ = ("daemon_lock", "endpoint", "instance", "log", "run", "socket", "spawn_lock", "tcp", "uid")

    def __init__(self, env: Mapping[str, str], platform: str, uid: int) -> None:
        run, state, log = _folders(env, platform, uid)
        name = _instance(env)
        self.instance = name
        self.uid = uid
        self.run = run
        self.socket = _fitting(os.path.join(run, name + ".sock"), platform, uid)
        self.endpoint = os.path.join(run, name + ".endpoint")
        self.spawn_lock = os.path.join(run, name + ".spawn")
        # Beside the store it guards: two environments that disagree about `run` still meet here.
        self.daemon_lock = os.path.join(state, name + ".lock")
        self.log = os.path.join(log, name + ".log")
        # LSP_ORCH_TRANSPORT=tcp is for Windows, and for testing its way elsewhere.
        self.tcp = platform == "win32" or env.get("LSP_ORCH_TRANSPORT") == "tcp"

    def secure(self) -> None:
        """Make the folders of the socket and the locks, for this user only, or refuse what is there."""
        _own(self.run, self.uid)
        if (folder := os.path.dirname(self.socket)) != self.run:
            _own(folder, self.uid)


def here() -> Places:
    """Say where things are for this process."""
    return Places(os.environ, sys.platform, _uid())


def make(folder: str) -> None:
    """Make a folder and its parents; ``home-read-only`` when that can't be done."""
    try:
        os.makedirs(folder, _PRIVATE, exist_ok=True)
    except OSError as error:
        raise _read_only(folder, error) from error


def _uid() -> int:
    return -1 if sys.platform == "win32" else os.getuid()


def _instance(env: Mapping[str, str]) -> str:
    name = env.get("LSP_ORCH_INSTANCE") or "default"
    plain = name.isascii() and name[0] != "." and all(each.isalnum() or each in "-_." for each in name)
    if plain and len(name) <= _LONGEST_NAME:
        return name
    raise ClientError(
        "bad-setting",
        f"LSP_ORCH_INSTANCE is {name!r}, which can't name files",
        f"Use at most {_LONGEST_NAME} letters, digits, '-', '_' and '.', and no '.' in front.",
    )


def _folders(env: Mapping[str, str], platform: str, uid: int) -> tuple[str, str, str]:
    join = os.path.join
    if home := env.get("LSP_ORCH_HOME"):
        home = os.path.abspath(home)
        return join(home, "run"), join(home, "state"), join(home, "log")
    if platform == "win32":
        local = join(env.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local"), "lsp-orch")
        return local, local, join(local, "Logs")
    if platform == "darwin":
        library = os.path.expanduser("~/Library")
        return (
            join(library, "Caches", "lsp-orch", "run"),
            join(library, "Application Support", "lsp-orch"),
            join(library, "Logs", "lsp-orch"),
        )
    state = join(env.get("XDG_STATE_HOME", "").strip() or os.path.expanduser("~/.local/state"), "lsp-orch")
    return _linux_run(env, uid), state, join(state, "log")


def _linux_run(env: Mapping[str, str], uid: int) -> str:
    # A hook with a scrubbed environment must find the daemon that a full one started, so we look in
    # /run/user too. Never TMPDIR: editors and sandboxes set their own, and that would split the daemon.
    for folder in (env.get("XDG_RUNTIME_DIR"), f"/run/user/{uid}"):
        try:
            if folder and os.stat(folder).st_uid == uid:
                return os.path.join(folder, "lsp-orch")
        except OSError:
            continue  # it is not there, so it is not ours
    return f"/tmp/lsp-orch-{uid}"  # noqa: S108 - the folder is made 0700 and its owner checked


def _fitting(path: str, platform: str, uid: int) -> str:
    if len(os.fsencode(path)) <= _LONGEST.get(platform, 107):
        return path
    import hashlib  # only who has such a long path pays for it

    return f"/tmp/lsp-orch-{uid}/{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"  # noqa: S108 - as above


def _own(folder: str, uid: int) -> None:
    try:
        found = os.lstat(folder)
    except FileNotFoundError:
        make(folder)
        found = os.lstat(folder)
    except OSError as error:
        raise _read_only(folder, error) from error
    if sys.platform == "win32":
        return  # %LOCALAPPDATA% is the user's own
    if not stat.S_ISDIR(found.st_mode):
        raise _unsafe(folder, "is not a folder (a link does not count)", "Remove it")
    if found.st_uid != uid:
        raise _unsafe(folder, f"belongs to user {found.st_uid}, not to you ({uid})", "Remove it")
    if found.st_mode & 0o077:
        raise _unsafe(folder, f"is open to others (mode {found.st_mode & 0o777:04o})", f"chmod 700 {folder}")


def _unsafe(folder: str, why: str, mend: str) -> ClientError:
    return ClientError(
        "daemon-unreachable",
        f"{folder}, where the daemon's socket lives, {why}",
        f"{mend}, or set LSP_ORCH_HOME to a folder of your own.",
    )


def _read_only(folder: str, error: OSError) -> ClientError:
    return ClientError(
        "home-read-only",
        f"{folder} can't be made: {error.strerror}",
        "Set LSP_ORCH_HOME to a folder that you can write.",
    )
