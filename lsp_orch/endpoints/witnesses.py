"""What agents and editors have told us of their own doings, a moment ago or now."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from lsp_orch.domain.attribution import GRACE_S, LATE_S, Call, Ended, Save, Scene
from lsp_orch.domain.lease import Lease, Mode

MOST = 4096  # calls, saves and ended leases remembered; beyond it the oldest are forgotten
_MEMORY_S = 10 * (LATE_S + GRACE_S)  # a busy daemon may look late
_SWEEP_S = 1.0  # what is too old costs a look at all of it, and so is not looked for at each call

_Of = Callable[[Call], bool]


class Witnesses:
    """The calls and leases just over, the calls under way, the latest saves; in memory, for the loop only."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._saves: deque[Save] = deque(maxlen=MOST)
        self._leases: deque[Ended] = deque(maxlen=MOST)
        self._swept = 0.0

    def began(self, call: Call) -> None:
        """A tool is about to run."""
        self._calls.pop(call.id, None)
        self._calls[call.id] = call
        self._forget(call.began)

    def ended(self, call_id: str, now: float) -> None:
        """It has run, or was refused; nothing happens when we never heard of it."""
        if call := self._calls.get(call_id):
            self._over(call, now)
        self._forget(now)

    def stopped(self, holder_id: str, now: float) -> None:
        """An agent has ended its turn: what it did not leave in the background is over, told or not."""
        self._end(lambda call: call.by.id == holder_id, now)

    def left(self, session: str, now: float) -> None:
        """A session is over, its subagents and its background too."""
        self._end(lambda call: call.by.id.partition("/")[0] == session, now, for_good=True)

    def saved(self, save: Save) -> None:
        """An editor says that it has saved."""
        self._saves.append(save)
        self._forget(save.at)

    def released(self, lease: Lease, now: float) -> None:
        """A lease has ended."""
        if lease.mode is Mode.WRITE:
            self._leases.append(Ended(lease=lease, at=now))
            self._forget(now)

    def scene(self) -> Scene:
        """All of it."""
        return Scene(calls=tuple(self._calls.values()), saves=tuple(self._saves), ended=tuple(self._leases))

    def _end(self, those: _Of, now: float, *, for_good: bool = False) -> None:
        for call in filter(those, list(self._calls.values())):
            self._over(call, now, for_good=for_good)
        self._forget(now)

    def _over(self, call: Call, now: float, *, for_good: bool = False) -> None:
        background = call.background and not for_good
        self._calls[call.id] = replace(call, ended=call.ended or now, background=background)

    def _forget(self, now: float) -> None:
        """Forget what can explain nothing any more."""
        while len(self._calls) > MOST:
            del self._calls[next(iter(self._calls))]
        if abs(now - self._swept) < _SWEEP_S:
            return
        self._swept, old = now, now - _MEMORY_S
        for call in list(self._calls.values()):
            if call.ended is not None and call.ended < old and not call.background:
                del self._calls[call.id]
        self._saves = deque((each for each in self._saves if each.at >= old), MOST)
        self._leases = deque((each for each in self._leases if each.at >= old), MOST)
