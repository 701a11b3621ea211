"""Twelve equal tasks that wait for nobody, four at once: the wall clock against a quarter of their sum."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from report import Absent, Row
from stage import LSP_ORCH, Stage, stage

_TASKS, _CAP = 12, 4
_WORK_S = 4.0  # as long as the shortest that a real client needs for anything
_ROUNDS = 3
_TARGET = 1.15
_LIMIT_S = "300"
_CLIENT = """#!{python} -IS
import json, sys, time
if "--version" in sys.argv:
    print("2.1.329 (Claude Code)")
    sys.exit()
session = dict(zip(sys.argv, sys.argv[1:]))["--session-id"]
def say(**event):
    print(json.dumps({{"session_id": session, **event}}), flush=True)
say(type="system", subtype="init", model="sonnet", tools=[], cwd=".")
time.sleep({work_s})
done = {{"status": "done", "summary": "did it", "changed_files": [], "follow_ups": [], "learnings": []}}
say(type="result", subtype="success", is_error=False, structured_output=done, result="", num_turns=1,
    total_cost_usd=0.01, duration_ms=1)
sys.stdin.buffer.read()
"""


def rows() -> list[Row | Absent]:
    """From the moment that all are filed: worktrees, clients and commits are part of it."""
    best = _TASKS * _WORK_S / _CAP
    with stage(claude="client") as place:
        _prepare(place)
        walls = [_round(place) for _ in range(_ROUNDS)]
    return [
        Row(
            what=f"{_TASKS} tasks of {_WORK_S:g} s, {_CAP} at once: wall clock",
            against="their sum / 4",
            target=_TARGET,
            unit="x",
            values=[wall / best for wall in walls],
            ours=walls,
            theirs=[best] * _ROUNDS,
        )
    ]


def _prepare(place: Stage) -> None:
    """A client that only takes its time, a commit to begin from, and a daemon that knows the cap."""
    client = place.root / "client"
    client.write_text(_CLIENT.format(python=sys.executable, work_s=_WORK_S), "utf-8")
    client.chmod(0o755)
    config = place.home / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"[tasks]\nworkers = {_CAP}\nmemory_floor_mb = 0\nday_usd = 0\n", "utf-8")
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    begin = ("commit", "--quiet", "--allow-empty", "--message", "begin")
    subprocess.run(["git", "-C", place.repository, *who, *begin], check=True)
    _say(place, "daemon", "restart")


def _round(place: Stage) -> float:
    """File them while nothing starts, let them go, and wait for all; the seconds from the first start."""
    _say(place, "pause")
    ids = [_say(place, "task", "add", f"task {number}").split()[0] for number in range(_TASKS)]
    begin = time.perf_counter()
    _say(place, "resume")
    _say(place, "task", "wait", *ids, "--timeout", _LIMIT_S)
    wall = time.perf_counter() - begin
    _check(place.store, ids)
    return wall


def _check(store: Path, ids: list[str]) -> None:
    """A task that failed was not done in time: it was not done."""
    with closing(sqlite3.connect(store)) as db:
        marks = ",".join("?" * len(ids))
        query = f"SELECT COUNT(*) FROM task WHERE id IN ({marks}) AND state = 'review' AND attempt = 1"  # noqa: S608
        [[done]] = db.execute(query, ids).fetchall()
    if done != len(ids):
        raise RuntimeError(f"only {done} of {len(ids)} tasks were done at the first attempt")


def _say(place: Stage, *words: str) -> str:
    command = [LSP_ORCH, *words]
    done = subprocess.run(
        command, cwd=place.repository, env=os.environ, check=True, capture_output=True, text=True
    )
    return done.stdout


ROWS = rows
