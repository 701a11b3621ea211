"""The files of which a person wants to hear when they are free or go to somebody else."""

import asyncio
from collections.abc import Callable

from lsp_orch.domain.lease import Lease
from lsp_orch.domain.scope import Scope, touch
from lsp_orch.endpoints.view import LeaseView

_Holders = dict[str, str]  # names by ids


class Watching:
    """One editor's; ``say`` is told of the file and of what is new. Nobody queues by watching."""

    def __init__(self, view: LeaseView, say: Callable[[Scope, str], None]) -> None:
        self._view = view
        self._say = say
        self._known: dict[Scope, _Holders] = {}
        self._due: set[Scope] = set()

    def __contains__(self, scope: Scope) -> bool:
        return scope in self._known

    def start(self, scope: Scope) -> None:
        """Tell of each change from now on."""
        self._known[scope] = self._holders(scope)

    def stop(self, scope: Scope) -> bool:
        """Tell no more; whether it was watched."""
        return self._known.pop(scope, None) is not None

    def changed(self, changed: Scope, me: str) -> None:
        """Something is new there. What ends and goes to the next in one commit is looked at as one."""
        news = {each for each in self._known if touch((each,), (changed,))} - self._due
        self._due |= news
        for scope in news:
            asyncio.get_running_loop().call_soon(self._look, scope, me)

    def _look(self, scope: Scope, me: str) -> None:
        self._due.discard(scope)
        before, now = self._known.get(scope), self._holders(scope)
        if before is None or before == now:
            return
        self._known[scope] = now
        others = ", ".join(name for holder_id, name in now.items() if holder_id != me)
        if not now:
            self._say(scope, "is free now")
        elif others:  # what is one's own is told as a grant
            self._say(scope, f"is with {others} now")

    def _holders(self, scope: Scope) -> _Holders:
        holding: list[Lease] = self._view.on(scope)[0]
        return {lease.holder.id: lease.holder.name for lease in holding}
