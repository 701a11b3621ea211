"""Refusals and news of a tool call, in words that a model can act on."""

from lsp_orch.domain import read
from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.grants import Queued
from lsp_orch.domain.lease import Lease, Party, State
from lsp_orch.domain.read import Stale
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.resources import shown
from lsp_orch.endpoints.shapes import clock_time

_MOST_NAMED = 5


def held(queued: Queued, settings: Settings) -> str:
    """Somebody else holds what the call writes: who, since when, and what to do."""
    ask = queued.waiter.ask
    who = "; ".join(_doing(lease) for lease in queued.conflicts) or "others asked for it before you"
    wanted = _names([shown(each, ask.workspace) for each in ask.scopes])
    minutes = round(settings.leases_ticket_s / 60)
    return (
        f"[lease-held] {wanted} not yours to write now: {who}. "
        f"You are number {queued.position} in the queue (ticket {queued.waiter.id}, valid {minutes} min): "
        "it becomes yours by itself as soon as it is free. Nothing was written. "
        "Do something else meanwhile and then repeat this very call, or end your turn and say that you wait "
        "for it. Do not write it another way, such as through the shell."
    )


def told(refusal: Refusal) -> str:
    """A rule's refusal."""
    return f"[{refusal.code}] {refusal.message}. Nothing was written: {refusal.hint}."


def stale(found: Stale, name: str) -> Refusal:
    """The file has changed since the agent read it."""
    written = clock_time(found.writer.at) if found.writer else ""
    return read.refuse(found, name, (clock_time(found.read.at), written))


def changed_meanwhile(found: Stale, name: str) -> str:
    """The same, where the change does not touch what the call replaces."""
    refusal = stale(found, name)
    return f"{refusal.message}. Your edit is applied to what it says now: read it again before the next one."


def _names(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    rest = len(names) - _MOST_NAMED
    more = [f"{rest} more"] if rest > 0 else []
    return f"{', '.join([*names[:_MOST_NAMED], *more])} are"


def _doing(lease: Lease) -> str:
    where = "" if len(lease.scopes) == 1 else f" ({shown(lease.scopes[0], lease.workspace)} and more)"
    since = f"since {clock_time(lease.acquired_at)}"
    if lease.state is State.DIRTY:
        return f"a person, {lease.holder.name}, has unsaved changes in it{where} {since}"
    if lease.holder.kind is Party.HUMAN:
        return f"a person, {lease.holder.name}, is editing it{where} {since}"
    return f"{lease.holder.name} is working on it{where} {since}"
