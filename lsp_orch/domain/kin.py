"""Leases on one path in different checkouts of one repository: no collision, but a conflict to come."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lsp_orch.domain.lease import Lease, Mode
from lsp_orch.domain.repository import Checkout, moved
from lsp_orch.domain.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A lease in another checkout, and its ``scope`` that touches what was ``asked`` about here."""

    lease: Lease
    checkout: Checkout
    scope: Scope
    asked: Scope


class Kin:
    """All live writers by repository; to look for those of one file costs the same however many there are."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[Lease, Checkout]] = {}
        self._files: dict[Scope, set[str]] = {}
        self._broad: dict[str, set[str]] = {}  # by repository
        self._roots: Counter[Checkout] = Counter()

    def add(self, lease: Lease, checkout: Checkout) -> None:
        """A lease was granted; only a writer's work has to be merged."""
        self.remove(lease.id)
        if lease.mode is Mode.WRITE:
            self._leases[lease.id] = lease, checkout
            self._roots[checkout] += 1
            for scope in lease.scopes:
                self._shelf(scope, checkout).add(lease.id)

    def remove(self, lease_id: str) -> tuple[Lease, Checkout] | None:
        """It has ended; what it was, if it was known."""
        known = self._leases.pop(lease_id, None)
        if known:
            lease, checkout = known
            for scope in lease.scopes:
                shelf = self._shelf(scope, checkout)
                shelf.discard(lease_id)
                if not shelf:
                    self._files.pop(scope, None)
            self._roots[checkout] -= 1
            if not self._roots[checkout]:
                del self._roots[checkout]
        return known

    def lonely(self, root: str) -> bool:
        """Whether nobody holds anything in another checkout, of whatever repository."""
        return all(checkout.root == root for checkout in self._roots)

    def of(self, lease_id: str) -> tuple[Elsewhere, ...]:
        """Those of others elsewhere that this one will conflict with, each once."""
        known = self._leases.get(lease_id)
        if known is None:
            return ()
        lease, checkout = known
        if self.lonely(checkout.root):  # mostly so
            return ()
        found = {
            each.lease.id: each
            for scope in lease.scopes
            for each in self.on(scope, checkout)
            if each.lease.holder.id != lease.holder.id
        }
        return tuple(found.values())

    def on(self, scope: Scope, checkout: Checkout) -> tuple[Elsewhere, ...]:
        """Everybody's in other checkouts that touch what ``scope`` is there, the oldest first."""
        found = (self._touching(scope, checkout, *self._leases[each]) for each in self._near(scope, checkout))
        return tuple(sorted(filter(None, found), key=lambda each: each.lease.token))

    def _near(self, scope: Scope, checkout: Checkout) -> Iterable[str]:
        repository = checkout.repository
        if scope.broad:
            return [key for key, (_, other) in self._leases.items() if other.repository == repository]
        others = (each.root for each in self._roots if each.repository == repository)
        there = filter(None, (moved(scope, checkout.root, root) for root in others))
        return {
            *self._broad.get(repository, ()),
            *(key for each in there for key in self._files.get(each, ())),
        }

    def _touching(self, scope: Scope, checkout: Checkout, lease: Lease, other: Checkout) -> Elsewhere | None:
        there = moved(scope, checkout.root, other.root)
        if there is None or other.root == checkout.root:
            return None
        theirs = next((each for each in lease.scopes if each.overlaps(there)), None)
        return Elsewhere(lease=lease, checkout=other, scope=theirs, asked=scope) if theirs else None

    def _shelf(self, scope: Scope, checkout: Checkout) -> set[str]:
        if scope.broad:
            return self._broad.setdefault(checkout.repository, set())
        return self._files.setdefault(scope, set())
