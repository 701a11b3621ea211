"""What it costs to keep much, and to do nothing."""

import json
import sqlite3
import time
from collections.abc import Sequence
from functools import partial

from locks.ours import Ours
from locks.wire import ask
from report import Row, compare
from stage import Stage, stage
from turns import take_turns

from lsp_orch.client.connect import connect
from lsp_orch.client.line import frame

_FEW, _MANY = 10, 1_000
_READS = 10_000  # remembered beside many leases; as many as the leases beside few
_FILES_READ = 500  # by each session
_LONG_S = 3600.0  # longer than any bench
_EDITORS, _AGENTS = 40, 16
_WINDOWS, _WINDOW_S = 6, 4.0


def scale() -> Row:
    """Acquire in a daemon that keeps much and in one that keeps little, by turns."""
    with stage() as large:
        many = Ours(large.repository)
        read = _fill(large, many, leases=_MANY, reads=_READS)
        with stage() as small:
            few = Ours(small.repository)
            _fill(small, few, leases=_FEW, reads=_FEW)
            samplers = {"many": partial(_acquires, many), "few": partial(_acquires, few)}
            found = take_turns(samplers, rounds=12, samples=40)
    reads = f"{read} reads" if read else "no reads: not remembered yet"
    return compare(f"acquire, {_MANY} leases, {reads}", 1.5, found, ours="many", theirs="few")


def idle() -> Row:
    """The processor time of a daemon with editors and agents that hold files and do nothing."""
    with stage() as place:
        everybody = [_editor(place, number) for number in range(_EDITORS)]
        agents = [_agent(place) for _ in range(_AGENTS)]
        time.sleep(_WINDOW_S)  # what they have set off is over by then
        looks = [_look(place) for _ in range(_WINDOWS)]
        if not everybody or not agents:
            raise RuntimeError("nobody is here")
    return Row(
        what=f"idle daemon, {_EDITORS} editors and {_AGENTS} agents",
        against="one core",
        target=0.2,
        unit="%",
        values=[100 * busy / passed for busy, passed in looks],
        ours=[busy for busy, _ in looks],
        theirs=[passed for _, passed in looks],
    )


def _acquires(client: Ours, times: int) -> Sequence[float]:
    taken = []
    for _ in range(times):
        words = client.acquire()
        begin = time.perf_counter()
        answer = ask(client, words)
        taken.append(time.perf_counter() - begin)
        ask(client, client.release(answer))
    return taken


def _fill(place: Stage, client: Ours, *, leases: int, reads: int) -> int:
    """Hold so many files and have read so many; gives how many reads are remembered."""
    for number in range(leases):
        wanted = {"paths": [f"held{number}.py"], "as": f"holder{number % 100}", "ttl_s": _LONG_S}
        if not client.call("lease.acquire", workspace=str(place.repository), **wanted)["granted"]:
            raise RuntimeError("a free file was not granted")
    _read(place, 0)
    if not _remembered(place):
        return 0  # then all the others would be forgotten as well
    for number in range(1, reads):
        _read(place, number)
    return _remembered(place)


def _read(place: Stage, number: int) -> None:
    """A session's agent has read a file."""
    file = place.repository / f"read{number % _FILES_READ}.py"
    file.touch()
    event = {
        "hook_event_name": "PostToolUse",
        "session_id": f"reader-{number // _FILES_READ}",
        "cwd": str(place.repository),
        "tool_name": "Read",
        "tool_input": {"file_path": str(file)},
        "tool_response": {},
        "tool_use_id": f"toolu_{number}",
    }
    line = connect("hook", pid=0, after=frame(json.dumps(event).encode()))
    line.next()
    line.close()


def _remembered(place: Stage) -> int:
    """How many reads the store holds, seen from outside."""
    database = sqlite3.connect(f"file:{place.store}?mode=ro", uri=True)
    try:
        return int(database.execute("SELECT COUNT(*) FROM read").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # no such table yet
    finally:
        database.close()


def _editor(place: Stage, number: int) -> object:
    """An editor with a file that is typed in."""
    editor = place.editor()
    uri = (place.repository / f"typed{number}.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "x = 1\n" * 200}
    editor.tell("textDocument/didOpen", {"textDocument": document})
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "x = 2\n"}]}
    editor.tell("textDocument/didChange", change)
    editor.ask("lspOrch/leases", {})
    return editor


def _agent(place: Stage) -> Ours:
    """An agent that holds a file and watches what happens."""
    agent = Ours(place.repository)
    wanted = {"paths": [f"{agent.name}.py"], "as": agent.name, "ttl_s": _LONG_S}
    agent.call("lease.acquire", workspace=str(place.repository), **wanted)
    agent.call("lease.watch", workspace="")
    return agent


def _look(place: Stage) -> tuple[float, float]:
    """The processor's seconds, and those that passed."""
    busy, begin = place.cpu(), time.perf_counter()
    time.sleep(_WINDOW_S)
    return place.cpu() - busy, time.perf_counter() - begin
