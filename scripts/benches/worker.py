"""A dispatched worker without a model: a program in the client's place, which tells where it would ask."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stage import LSP_ORCH, Stage, stage

_READY_S = 60.0

_CLIENT = """#!{python}
import json, os, sys
argument = dict(zip(sys.argv, sys.argv[1:]))
with open(argument["--settings"]) as file:
    hook = json.load(file)["hooks"]["PreToolUse"][0]["hooks"][0]
told = {{"url": hook["url"], "authorization": hook["headers"]["Authorization"],
         "session": argument["--session-id"], "folder": os.getcwd()}}
with open({pipe!r}, "w") as pipe:
    json.dump(told, pipe)
while sys.stdin.buffer.read(65536):
    pass
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Where a worker asks, with which Authorization header, as which session, and its worktree."""

    url: str
    authorization: str
    session: str
    folder: str


@contextlib.contextmanager
def working() -> Iterator[Worker]:
    """A daemon with one task, whose worker is at work until the block ends.

    Raises:
        TimeoutError: the daemon did not start it.
    """
    with stage(claude="client") as place:
        yield _dispatched(place)


def _dispatched(place: Stage) -> Worker:
    pipe = str(place.root / "told")
    os.mkfifo(pipe)
    client = place.root / "client"
    client.write_text(_CLIENT.format(python=sys.executable, pipe=pipe), "utf-8")
    client.chmod(0o755)
    _git(place.repository, "commit", "--quiet", "--allow-empty", "--message", "begin")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(reader, encoding="utf-8") as told:
        command = [LSP_ORCH, "task", "add", "wait"]
        subprocess.run(command, cwd=place.repository, check=True, capture_output=True)
        if not select.select([reader], [], [], _READY_S)[0]:
            raise TimeoutError("no worker was started; `lsp-orch task list` says why")
        os.set_blocking(reader, True)
        return Worker(**json.load(told))


def _git(repository: Path, *words: str) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", "-C", str(repository), *who, *words], check=True)
