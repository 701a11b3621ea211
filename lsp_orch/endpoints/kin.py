"""Who works on the same file in another checkout of the repository: both are told, and nobody is stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.events import Event, LeaseEnded, LeaseGranted
from lsp_orch.domain.kin import Elsewhere, Kin
from lsp_orch.domain.lease import Lease
from lsp_orch.domain.repository import Checkout, moved
from lsp_orch.domain.scope import Scope
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.resources import shown
from lsp_orch.services.ports import Paths, Repositories

_PATIENCE_S = 2.0  # a call waits so long for git to say which repository it is
_MOST = 4096  # pairs that are remembered as told

_Named = tuple[str, str, str]  # a holder, a root, a path

Answer = dict[str, Any] | Refusal
Method = Callable[[dict[str, Any]], Awaitable[Answer]]

_log = logging.getLogger(__name__)


class Tell(Protocol):
    """Takes news for an agent, which hears of it when it next can."""

    def __call__(self, holder_id: str, text: str) -> None:
        """Keep it for the holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Somebody at work on the same elsewhere, and what there is to say about it."""

    holder_id: str
    text: str


class Relatives:
    """Follows the leases of all checkouts. ``tell`` reaches agents, and ``show`` editors once it is set."""

    def __init__(self, repositories: Repositories, paths: Paths, live: Iterable[Lease], tell: Tell) -> None:
        self._repositories = repositories
        self._paths = paths
        self._tell = tell
        self.show: Callable[[Sequence[Scope]], None] = _nobody_looks
        self._kin = Kin()
        self._told: dict[frozenset[_Named], None] = {}
        self._shown: set[str] = set()  # the roots that editors show files of
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._then: dict[str, list[Callable[[Checkout], None]]] = {}
        self._ended: set[str] = set()  # while git was asked
        for lease in live:
            self._began(lease)

    def on_event(self, event: Event) -> None:
        """Follow what begins and what ends."""
        match event:
            case LeaseGranted(lease=lease):
                self._began(lease)
            case LeaseEnded(lease=lease):
                if self._asking:
                    self._ended.add(lease.id)
                if known := self._kin.remove(lease.id):
                    self._refresh(*known)
            case _:
                pass

    def on(self, scope: Scope) -> tuple[Neighbour, ...]:
        """Who holds an open file elsewhere; what is not known yet is followed by ``show``.

        Git is asked only once there is a lease in some other checkout: most people have but one.
        """
        root = self._paths.workspace(scope.key)
        if not root:
            return ()
        self._shown.add(root)
        if self._kin.lonely(root):
            return ()
        checkout = self._repositories.known(root)
        if checkout is None:
            self._find(root, lambda _: self.show([scope]))
            return ()
        found = self._kin.on(scope, checkout)
        return tuple(Neighbour(holder_id=each.lease.holder.id, text=self._said(each)) for each in found)

    async def settled(self) -> None:
        """Wait a moment until git has said what it was asked."""
        if self._asking:
            await asyncio.wait(list(self._asking.values()), timeout=_PATIENCE_S)

    def answering(self, acquire: Method) -> Method:
        """``lease.acquire``, whose answer also says who holds the same elsewhere, if anybody does."""

        async def answered(params: dict[str, Any]) -> Answer:
            answer = await acquire(params)
            if isinstance(answer, Refusal) or not answer["granted"]:
                return answer
            await self.settled()
            elsewhere = [self._shape(each) for each in self._kin.of(answer["lease"]["id"])]
            return {**answer, "elsewhere": elsewhere} if elsewhere else answer

        return answered

    def _began(self, lease: Lease) -> None:
        root = self._paths.workspace(lease.workspace) or lease.workspace
        if checkout := self._repositories.known(root):
            self._add(lease, checkout)
        else:
            self._find(root, partial(self._add, lease))

    def _add(self, lease: Lease, checkout: Checkout) -> None:
        if lease.id in self._ended:
            return
        self._kin.add(lease, checkout)
        for other in self._kin.of(lease.id):
            self._warn(lease, checkout, other)
        self._refresh(lease, checkout)

    def _warn(self, lease: Lease, checkout: Checkout, other: Elsewhere) -> None:
        """Tell each of the two of the other, once for each pair and path."""
        mine = Elsewhere(lease=lease, checkout=checkout, scope=other.asked, asked=other.scope)
        pair = frozenset((_named(mine), _named(other)))
        if pair in self._told:
            return
        self._told[pair] = None
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]
        self._tell(lease.holder.id, self._said(other))
        self._tell(other.lease.holder.id, self._said(mine))

    def _refresh(self, lease: Lease, checkout: Checkout) -> None:
        for root in self._shown - {checkout.root}:
            if other := self._repositories.known(root):
                self._show(lease, checkout, other)
            else:
                self._find(root, partial(self._show, lease, checkout))

    def _show(self, lease: Lease, here: Checkout, there: Checkout) -> None:
        if here.repository == there.repository:
            scopes = (moved(scope, here.root, there.root) for scope in lease.scopes)
            self.show([scope for scope in scopes if scope])

    def _find(self, root: str, then: Callable[[Checkout], None]) -> None:
        self._then.setdefault(root, []).append(then)
        if root not in self._asking:
            self._asking[root] = asyncio.get_running_loop().create_task(self._ask(root))

    async def _ask(self, root: str) -> None:
        try:
            checkout = await asyncio.to_thread(self._repositories.find, root)
        except Exception:  # noqa: BLE001 - a warning that is not given must not cost anybody a lease
            _log.exception("which repository %s is of was not found out", root)
            self._then.pop(root)
        else:
            for then in self._then.pop(root):
                then(checkout)
        finally:
            del self._asking[root]
        if not self._asking:
            self._ended.clear()

    def _shape(self, each: Elsewhere) -> dict[str, Any]:
        branch = self._repositories.branch(each.checkout.root)
        return {**shapes.lease(each.lease), "workspace": each.checkout.root, "branch": branch}

    def _said(self, each: Elsewhere) -> str:
        lease, root = each.lease, each.checkout.root
        path, branch = shown(each.scope, root), self._repositories.branch(root)
        why = f" ({lease.reason})" if lease.reason else ""
        on = f", branch {branch}" if branch else ""
        return (
            f"{lease.holder.name} is working on {path}{why} since {shapes.clock_time(lease.acquired_at)} "
            f"in another checkout of this repository, {root}{on}. "
            "Nobody is in your way, but expect a conflict when both are merged."
        )


def _named(each: Elsewhere) -> _Named:
    root = each.checkout.root
    return each.lease.holder.id, root, shown(each.scope, root)


def _nobody_looks(_: Sequence[Scope]) -> None:
    pass
