"""A custom request from an editor, through ``lsp-orch lsp``, to the daemon and back.

All processes share one core: on several, where the system happens to put each of them decides more than
what they do, and the wait for a sleeping core hides what the code costs.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import floors
from programs import Program
from report import Row, compare
from stage import LSP_ORCH, Stage, stage
from turns import take_turns

_ROUNDS = 12
_SAMPLES = 400
_METHOD = "lspOrch/leases"
_OURS, _ECHO, _STOCK = "lsp-orch lsp", "raw asyncio echo, equal pipe", "stock pygls stdio server"


def run() -> list[Row]:
    """Ask for the leases when there is none and when there is one; all answers have the same size."""
    with _one_core(), stage() as place:
        none = _measure(place, "none", "custom request, small answer")
        _hold_a_lease(place)
        return none + _measure(place, "one", "custom request, one lease in the answer")


@contextmanager
def _one_core() -> Iterator[None]:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _hold_a_lease(place: Stage) -> None:
    wanted = {"command": "lspOrch.lease.request", "arguments": [(place.repository / "a.py").as_uri()]}
    if not place.editor().ask("workspace/executeCommand", wanted)["granted"]:
        raise RuntimeError("a free file was not granted")


def _measure(place: Stage, name: str, what: str) -> list[Row]:
    socket = str(place.root / f"{name}.sock")
    with ExitStack() as open_:
        ours = open_.enter_context(Program([LSP_ORCH, "lsp"]))
        ours.shake_hands(str(place.repository))
        result = ours.ask(_METHOD, {})
        open_.enter_context(floors.daemon(socket, result))
        echo = open_.enter_context(Program(floors.pipe(socket)))
        stock = open_.enter_context(Program(floors.pygls(_METHOD, result)))
        stock.shake_hands()
        samplers = {
            name: partial(each.sample, _METHOD, {})
            for name, each in ((_OURS, ours), (_ECHO, echo), (_STOCK, stock))
        }
        found = take_turns(samplers, rounds=_ROUNDS, samples=_SAMPLES)
    return [
        compare(what, 2.0, found, ours=_OURS, theirs=_ECHO),
        compare(what, 0.5, found, ours=_OURS, theirs=_STOCK),
    ]
