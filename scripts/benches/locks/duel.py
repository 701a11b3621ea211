"""Two that take turns, or the reason why the other one is not here."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from report import Absent, Row, compare
from turns import Sampler, take_turns

from locks.install import Missing

OURS = "lsp-orch"


def duel(
    what: str,
    target: float,
    ours: Sampler,
    name: str,
    theirs: Callable[[], AbstractContextManager[Sampler]],
    *,
    rounds: int = 12,
    samples: int = 40,
) -> Row | Absent:
    """Start the other one, measure both by turns, and end it."""
    try:
        with theirs() as sampler:
            found = take_turns({OURS: ours, name: sampler}, rounds=rounds, samples=samples)
    except Missing as error:
        return Absent(what=what, against=name, target=target, why=str(error))
    return compare(what, target, found, ours=OURS, theirs=name)
