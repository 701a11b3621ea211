"""A hook call of Claude Code, from the start of its process to its end, with a daemon that runs."""

import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path

import floors
from programs import run as run_program
from report import Row, compare
from stage import LSP_ORCH, PYTHON, Stage, stage
from turns import Sampler, take_turns

from lsp_orch.client import hook

_ROUNDS = 24
_SAMPLES = 6
_FLOOR = "python3 -S + one round trip"
_INSTALLED, _CONSOLE = "installed command", "lsp-orch hook"
INSTALLED = hook.command()
"""The command line that the plugin and ``setup`` install."""
_KINDS = {"PreToolUse": "Edit, lease on disk", "PostToolUse": "no lease"}


def run() -> list[Row]:
    """Time the command that the plugin installs, and pip's, against the least that Python could do."""
    socket: str
    with stage() as place, floors.daemon(socket := str(place.root / "floor.sock"), {}):
        os.environ["CLAUDE_PID"] = str(os.getpid())  # as Claude Code does: its leases live as long as it
        calls = {_INSTALLED: INSTALLED, _CONSOLE: [LSP_ORCH, "hook"]}
        samplers: dict[str, Sampler] = {
            _FLOOR: lambda times: [
                run_program([PYTHON, "-S", "-c", floors.HOOK, socket]) for _ in range(times)
            ]
        }
        for kind in _KINDS:
            for name, command in calls.items():
                samplers[f"{name}, {kind}"] = Calls(place, kind, command)
        found = take_turns(samplers, rounds=_ROUNDS, samples=_SAMPLES)
    return [
        compare(f"{name}: {kind}, {note}", target, found, ours=f"{name}, {kind}", theirs=_FLOOR)
        for kind, note in _KINDS.items()
        for name, target in ((_INSTALLED, 1.8), (_CONSOLE, 2.5))
    ]


class Calls:
    """A session after the other, each of which makes ``times`` calls, each about a file nobody holds."""

    _numbers = itertools.count()

    def __init__(self, place: Stage, kind: str, command: Sequence[str]) -> None:
        self._place = place
        self._kind = kind
        self._command = command
        self._said = str(place.root / "said")
        self._editor = place.editor()

    def __call__(self, times: int) -> list[float]:
        """Start the session, time its calls, see that each did what it should, and end it."""
        session = f"session-{next(self._numbers)}"
        run_program(self._command, stdin=self._event(session, "SessionStart"))
        events = [self._event(session, self._kind) for _ in range(times)]
        taken = [run_program(self._command, stdin=event, stdout=self._said) for event in events]
        self._check(session, times)
        run_program(self._command, stdin=self._event(session, "SessionEnd"))
        return taken

    def _check(self, session: str, times: int) -> None:
        """A hook that could not do its work says so and exits 0 all the same."""
        if said := Path(self._said).read_text("utf-8"):
            raise RuntimeError(f"a hook call failed: {said}")
        leases = self._editor.ask("lspOrch/leases", {})["leases"]
        held = sum(lease["holder"]["id"] == session for lease in leases)
        if held != (times if self._kind == "PreToolUse" else 0):
            raise RuntimeError(f"{times} calls of {self._kind} left {held} leases")

    def _event(self, session: str, kind: str) -> str:
        number = next(self._numbers)
        path = self._place.repository / f"file{number}.py"
        event = {
            "hook_event_name": kind,
            "session_id": session,
            "cwd": str(self._place.repository),
            "transcript_path": str(self._place.root / f"{session}.jsonl"),
            "permission_mode": "default",
            "tool_name": "Edit",
            "tool_input": {"file_path": str(path), "old_string": "before", "new_string": "after"},
            "tool_use_id": f"toolu_{number}",
        }
        file = self._place.root / f"event{number}.json"
        file.write_text(json.dumps(event), "utf-8")
        return str(file)
