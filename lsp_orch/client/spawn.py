"""Start the daemon, detached, and wait until it listens."""

import os
import subprocess
import sys

from lsp_orch.client.errors import ClientError
from lsp_orch.client.places import Places, make

_LOG_CAP = 5 * 1024 * 1024  # bytes; a longer log moves aside when a daemon starts
_TAIL_LINES = 12
_REASON = '{"error": '  # how the last line of a daemon begins that knows why it can't start

# What marks a process as part of one Claude session: the reaper ends whoever carries it.
_OF_ONE_SESSION = ("CLAUDECODE", "_SESSION", "_MESSAGING", "_PID", "_PROJECT_DIR", "_ENV_FILE", "_ENTRYPOINT")


class Spawned:
    """A daemon that was started; ``mark`` is where its lines in the log begin."""

    def __init__(self, places: Places, mark: int) -> None:
        self._log = places.log
        self._mark = mark

    def died(self) -> ClientError:
        """Say why it died: in its own words, or with the log's path and what it last wrote."""
        with open(self._log, "rb") as file:
            file.seek(self._mark)
            lines = file.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
        if lines and lines[-1].startswith(_REASON):
            return _told(lines[-1])
        said = "and said nothing" if not lines else "saying:\n  " + "\n  ".join(lines) + "\n"
        return ClientError(
            "daemon-unreachable",
            f"The lsp-orch daemon died at its start, {said}".rstrip(),
            f"Its log is {self._log}.",
        )


def daemon(places: Places, guard: int) -> Spawned:
    """Start the daemon and return when it listens; ClientError when it dies first.

    It holds ``guard``, the spawn lock, until it listens: should we be killed now, nobody starts a second.
    """
    log = _open_log(places)
    try:
        spawned = Spawned(places, os.fstat(log).st_size)
        if not _ready(log, guard):
            raise spawned.died()
    finally:
        os.close(log)
    return spawned


def command() -> list[str]:
    """The daemon's command line: this interpreter and this very copy of lsp-orch."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    code = f"import sys; sys.path.insert(0, {root!r}); from lsp_orch.daemon.__main__ import main; main()"
    return [sys.executable, "-I", "-c", code]


def _told(line: str) -> ClientError:
    import json

    error = json.loads(line)["error"]
    return ClientError(error["code"], error["message"], error["hint"])


def _ready(log: int, guard: int) -> bool:
    """Start it and wait for the word on its stdout, whose end means that the daemon died."""
    word, told = os.pipe()
    try:
        process = _spawn(guard, told, log)
    finally:
        os.close(told)
    with open(word, "rb") as stream:
        ready = stream.readline().strip() == b"ready"
    if sys.platform != "win32":
        process.wait()  # the daemon is this process's child, and nobody's zombie
    return ready


def _spawn(guard: int, told: int, log: int) -> subprocess.Popen[bytes]:
    if sys.platform == "win32":
        apart = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(
            [*command(), "--detach"],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=log,
            creationflags=apart,
            env=_environment(),
        )
    return subprocess.Popen(
        [*command(), "--detach", f"--spawn-lock={guard}"],
        stdin=subprocess.DEVNULL,
        stdout=told,
        stderr=log,
        start_new_session=True,
        cwd="/",
        pass_fds=(guard,),
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("CLAUDE") and any(each in name for each in _OF_ONE_SESSION))
    }
    if home := kept.get("LSP_ORCH_HOME"):
        kept["LSP_ORCH_HOME"] = os.path.abspath(home)  # the daemon stands elsewhere
    return kept


def _open_log(places: Places) -> int:
    make(os.path.dirname(places.log))
    try:
        if os.path.exists(places.log) and os.path.getsize(places.log) > _LOG_CAP:
            os.replace(places.log, places.log + ".1")
        return os.open(places.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise ClientError(
            "home-read-only",
            f"The daemon's log, {places.log}, can't be written: {error.strerror}",
            "Set LSP_ORCH_HOME to a folder that you can write.",
        ) from error
