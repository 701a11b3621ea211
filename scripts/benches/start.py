"""From an editor's start of ``lsp-orch lsp`` to the answer to its ``initialize``, with a daemon that runs."""

import time
from collections.abc import Sequence

from programs import Program
from programs import run as run_program
from report import Row, compare
from stage import LSP_ORCH, PYTHON, stage
from talk import INITIALIZE
from turns import take_turns

_ROUNDS = 24
_SAMPLES = 6
_OURS, _FLOOR = "lsp-orch lsp", "python3 -c pass"


def run() -> list[Row]:
    """Time it against a Python that starts and ends."""
    with stage():
        samplers = {
            _OURS: lambda times: [_until_answered([LSP_ORCH, "lsp"]) for _ in range(times)],
            _FLOOR: lambda times: [run_program([PYTHON, "-c", "pass"]) for _ in range(times)],
        }
        found = take_turns(samplers, rounds=_ROUNDS, samples=_SAMPLES)
    return [compare("editor start to `initialize` answered", 3.0, found, ours=_OURS, theirs=_FLOOR)]


def _until_answered(command: Sequence[str]) -> float:
    begin = time.perf_counter()
    with Program(command) as program:
        program.ask("initialize", INITIALIZE)
        return time.perf_counter() - begin
