"""What an editor shows about a file, by diagnostics: they reach every editor."""

from collections.abc import Sequence

from lsprotocol import types as lsp

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease, Party, State
from lsp_orch.endpoints.lsp.documents import EDITING
from lsp_orch.endpoints.shapes import clock_time, exact_time, without_progress

SOURCE = "lsp-orch"

# column 0 to 0 means the same in every position encoding
_TOP = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))


def diagnostics(me: str, leases: Sequence[Lease], waiters: Sequence[Waiter]) -> list[lsp.Diagnostic]:
    """Say who else works on the file, and who waits for what is mine or takes it."""
    others = [lease for lease in leases if lease.holder.id != me]
    mine = any(lease.holder.id == me for lease in leases)
    waiting = [each for each in waiters if each.ask.holder.id != me]
    i_wait = any(each.ask.holder.id == me for each in waiters)
    severity = lsp.DiagnosticSeverity.Warning if i_wait else lsp.DiagnosticSeverity.Information
    found = [top("lease-held", severity, _held(lease, _names(waiting), i_wait)) for lease in others]
    if mine:
        found += _waited([each for each in waiting if each.claims_at is None])
        found += [_claimed(each, at) for each in waiting if (at := each.claims_at) is not None]
    return found


def top(code: str, severity: lsp.DiagnosticSeverity, message: str) -> lsp.Diagnostic:
    """Say something about the whole file, where every editor shows it."""
    return lsp.Diagnostic(range=_TOP, message=message, severity=severity, code=code, source=SOURCE)


def _held(lease: Lease, waiting: str, i_wait: bool) -> str:  # noqa: FBT001 - private, both callers name it
    doing = "has unsaved changes in" if lease.state is State.DIRTY else "is working on"
    plain = lease.holder.kind is Party.HUMAN and lease.reason == EDITING  # the sentence says as much
    why = f" ({lease.reason})" if lease.reason and not plain else ""
    queue = (
        f" {waiting} also waits." if waiting and i_wait else f" {waiting} waits for it." if waiting else ""
    )
    turn = " It will be yours when they have finished." if i_wait else ""
    since = f"since {clock_time(lease.acquired_at)}{why}{without_progress(lease)}"
    return f"{lease.holder.name} {doing} this file {since}.{turn}{queue}"


def _waited(waiting: Sequence[Waiter]) -> list[lsp.Diagnostic]:
    if not waiting:
        return []
    message = f"{_names(waiting)} waits for this file: it is theirs as soon as you save or release it."
    return [top("lease-waited", lsp.DiagnosticSeverity.Information, message)]


def _claimed(claim: Waiter, at: float) -> lsp.Diagnostic:
    why = f" ({claim.ask.reason})" if claim.ask.reason else ""
    message = (
        f"{claim.ask.holder.name} takes this file at {exact_time(at)}{why}, unless you keep it: go on "
        "typing, or choose to keep it."
    )
    return top("lease-claimed", lsp.DiagnosticSeverity.Warning, message)


def _names(waiting: Sequence[Waiter]) -> str:
    return ", ".join(dict.fromkeys(each.ask.holder.name for each in waiting))
