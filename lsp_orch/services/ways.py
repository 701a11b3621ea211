"""Whether what a task says that it may change is free of leases, and of what other runs may change."""

from collections.abc import Callable, Iterator
from functools import cache

from lsp_orch.domain.declared import ROOT, meeting, reach, shown
from lsp_orch.domain.lease import Lease, Mode, Party
from lsp_orch.domain.lease import State as LeaseState
from lsp_orch.domain.repository import Checkout, moved
from lsp_orch.domain.scope import Scope
from lsp_orch.domain.starting import Hold, Rule, Scene, until_lease, until_task
from lsp_orch.domain.task import Isolation, State, Task
from lsp_orch.store.base import Tx

CheckoutOf = Callable[[str], Checkout | None]
"""The checkout that a workspace is, or lies in; None while that is not known."""


def by_itself(workspace: str) -> Checkout:
    """A workspace that is no checkout of anything else."""
    return Checkout(root=workspace, repository=workspace)


class Ways:
    """Paths are compared as seen from the top of a checkout: work in any of one repository will be merged."""

    def __init__(self, checkout_of: CheckoutOf) -> None:
        self._checkout_of = checkout_of
        self.unknown: set[str] = set()  # workspaces of which somebody must find out which checkout they are

    def rule(self, tx: Tx) -> Rule:
        """The rule by which a task waits until its way is free."""
        workspaces = cache(tx.leases.workspaces)

        def free(task: Task, scene: Scene) -> Hold | None:
            if task.state is State.PARKED:
                return None
            others = (*scene.working, *scene.resting)
            if found := next((each for each in others if _crowded(task, each)), None):
                words = "and what one of the two may change in the shared checkout was not said"
                return Hold(reason=f"{_task(found)} is at work, {words}", waits_for=until_task(found))
            return self._on_paths(tx, task, others, workspaces) if task.paths else None

        return free

    def _on_paths(
        self, tx: Tx, task: Task, others: tuple[Task, ...], workspaces: Callable[[], list[str]]
    ) -> Hold | None:
        places = {each.workspace for each in others if each.paths} | {task.workspace, *workspaces()}
        checkouts = {place: self._checkout_of(place) for place in places}
        if unknown := {place for place, checkout in checkouts.items() if checkout is None}:
            self.unknown |= unknown
            return Hold(reason="git is asked which repository this is", everyone=True)
        known = {place: checkout for place, checkout in checkouts.items() if checkout}
        here = known[task.workspace]
        return _with_tasks(task, here, others, known) or _with_leases(tx, task, here, known)


def _crowded(task: Task, other: Task) -> bool:
    """Whether both work in one folder, and one may change anything there."""
    shared = task.isolate is other.isolate is Isolation.SHARED and task.workspace == other.workspace
    return shared and not (task.paths and other.paths)


def _with_tasks(
    task: Task, here: Checkout, others: tuple[Task, ...], known: dict[str, Checkout]
) -> Hold | None:
    mine = _whole(task, here)
    for other in others:
        if other.paths and known[other.workspace].repository == here.repository:
            met = meeting(mine, _whole(other, known[other.workspace]))
            if met:
                rests = " (parked)" if other.state is State.PARKED else ""
                reason = f"{_task(other)}{rests} may change {shown(met)}, too"
                return Hold(reason=reason, waits_for=until_task(other))
    return None


def _with_leases(tx: Tx, task: Task, here: Checkout, known: dict[str, Checkout]) -> Hold | None:
    mine = _whole(task, here)
    roots = {each.root for each in known.values() if each.repository == here.repository}
    asked = [there for root in roots for each in mine if (there := moved(each, ROOT, root))]
    for lease in _writers(tx, asked):
        checkout = known.get(lease.workspace)
        if checkout and checkout.repository == here.repository:
            met = meeting(mine, _seen_from_the_top(lease, checkout))
            if met:
                return Hold(reason=_held(lease, shown(met), checkout), waits_for=until_lease(lease.id))
    return None


def _writers(tx: Tx, asked: list[Scope]) -> list[Lease]:
    """Who only reads has nothing that would have to be merged."""
    return [each for each in tx.leases.touching(asked) if each.mode is Mode.WRITE]


def _whole(task: Task, checkout: Checkout) -> tuple[Scope, ...]:
    """What a task may change, seen from the top of its checkout; it may be filed for a folder below."""
    if task.workspace == checkout.root:
        return reach(task.paths)
    below = (moved(each, ROOT, task.workspace) for each in reach(task.paths))
    found = (moved(each, checkout.root, ROOT) for each in below if each)
    return tuple(each for each in found if each)


def _seen_from_the_top(lease: Lease, checkout: Checkout) -> Iterator[Scope]:
    return (each for scope in lease.scopes if (each := moved(scope, checkout.root, ROOT)))


def _task(task: Task) -> str:
    return f"{task.id} ({task.title})"


def _held(lease: Lease, path: str, checkout: Checkout) -> str:
    how = {LeaseState.DIRTY: ", not saved yet", LeaseState.SAVED: ", saved a moment ago"}
    why = f" ({lease.reason})" if lease.reason else ""
    who = "" if lease.holder.kind is Party.HUMAN else "the agent "
    return f"{who}{lease.holder.name} has {path}{why} in {checkout.root}{how.get(lease.state, '')}"
