"""What stands before a tool call: for a worker a POST on loopback, for a person's session a process."""

import itertools
import json
import os
import time
from collections.abc import Sequence
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

import floors
import hook
from programs import run as run_program
from report import Row, compare
from stage import PYTHON, Stage
from turns import Sampler, take_turns
from worker import Worker, working

_ECHO, _GATE = "bare asyncio http echo", "http gate"
_PYTHON, _HOOK = "python3 -S -c pass", "lsp-orch hook"
_numbers = itertools.count()


def run(place: Stage) -> list[Row]:
    """Both gates, each with a lease for a file that nobody holds."""
    return [_worker(), _session(place)]


def _worker() -> Row:
    """What the gate adds to the time that a hook over HTTP takes anyhow."""
    with working() as worker, floors.http() as url:
        samplers: dict[str, Sampler] = {
            _GATE: partial(_posts, worker, Poster(worker.url, worker.authorization)),
            _ECHO: partial(_posts, worker, Poster(url, worker.authorization)),
        }
        rounds = take_turns(samplers, rounds=12, samples=40)
    return compare("PreToolUse of a worker, http", 2.0, rounds, ours=_GATE, theirs=_ECHO)


def _session(place: Stage) -> Row:
    os.environ["CLAUDE_PID"] = str(os.getpid())  # as Claude Code does: its leases live as long as it
    samplers: dict[str, Sampler] = {
        _HOOK: hook.Calls(place, "PreToolUse", hook.INSTALLED),
        _PYTHON: lambda times: [run_program([PYTHON, "-S", "-c", "pass"]) for _ in range(times)],
    }
    rounds = take_turns(samplers, rounds=24, samples=6)
    return compare("PreToolUse of a person's session", 1.8, rounds, ours=_HOOK, theirs=_PYTHON)


class Poster:
    """A hook of Claude Code that is an address: one connection that stays open, one POST an event."""

    def __init__(self, url: str, authorization: str) -> None:
        address = urlsplit(url)
        self._path = address.path or "/"
        self._http = HTTPConnection(address.hostname or "127.0.0.1", address.port)
        self._headers = {"Content-Type": "application/json", "Authorization": authorization}

    def post(self, body: bytes) -> float:
        """Ask; the seconds until the verdict was read. RuntimeError when the call may not go ahead."""
        begin = time.perf_counter()
        self._http.request("POST", self._path, body, self._headers)
        answer = self._http.getresponse()
        text = answer.read()
        taken = time.perf_counter() - begin
        if answer.status != 200 or b"deny" in text:  # noqa: PLR2004 - OK
            raise RuntimeError(f"the gate said {answer.status}: {text.decode()}")
        return taken


def _posts(worker: Worker, poster: Poster, times: int) -> Sequence[float]:
    return [poster.post(_event(worker)) for _ in range(times)]


def _event(worker: Worker) -> bytes:
    number = next(_numbers)
    event = {
        "hook_event_name": "PreToolUse",
        "session_id": worker.session,
        "cwd": worker.folder,
        "permission_mode": "default",
        "tool_name": "Edit",
        "tool_input": {
            "file_path": f"{worker.folder}/http{number}.py",
            "old_string": "a",
            "new_string": "b",
        },
        "tool_use_id": f"toolu_{number}",
    }
    return json.dumps(event).encode()
