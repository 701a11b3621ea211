"""What an editor shows about a file, by the two channels that reach every editor."""

from collections.abc import Sequence

from lsprotocol import types as lsp

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease, Party, State
from lsp_orch.endpoints.shapes import clock_time

SOURCE = "lsp-orch"
REQUEST = "lspOrch.lease.request"
RELEASE = "lspOrch.lease.release"

# column 0 to 0 means the same in every position encoding
_TOP = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))


def diagnostics(me: str, leases: Sequence[Lease], waiters: Sequence[Waiter]) -> list[lsp.Diagnostic]:
    """Say who else works on the file, and who waits for what is mine."""
    others = [lease for lease in leases if lease.holder.id != me]
    mine = any(lease.holder.id == me for lease in leases)
    waiting = [each for each in waiters if each.ask.holder.id != me]
    i_wait = any(each.ask.holder.id == me for each in waiters)
    severity = lsp.DiagnosticSeverity.Warning if i_wait else lsp.DiagnosticSeverity.Information
    found = [top("lease-held", severity, _held(lease, len(waiting), i_wait)) for lease in others]
    if mine and waiting:
        names = ", ".join(dict.fromkeys(each.ask.holder.name for each in waiting))
        message = f"{names} waits for this file: it is theirs as soon as you save or release it."
        found.append(top("lease-waited", lsp.DiagnosticSeverity.Information, message))
    return found


def actions(me: str, uri: str, leases: Sequence[Lease], waiters: Sequence[Waiter]) -> list[lsp.CodeAction]:
    """Offer what the person can do about it."""
    if any(lease.holder.id == me for lease in leases):
        return [_action("Release this file", RELEASE, uri)]
    if any(each.ask.holder.id == me for each in waiters):
        return [_action("Stop waiting for this file", RELEASE, uri)]
    if leases:
        return [_action(f"Ask for this file (held by {leases[0].holder.name})", REQUEST, uri)]
    return []


def _held(lease: Lease, waiting: int, i_wait: bool) -> str:  # noqa: FBT001 - private, both callers name it
    doing = "has unsaved changes in" if lease.state is State.DIRTY else "is working on"
    why = f" ({lease.reason})" if lease.reason and lease.holder.kind is Party.AGENT else ""
    queue = f" {waiting} more waiting." if waiting else ""
    turn = " It will be yours when they have finished." if i_wait else ""
    return f"{lease.holder.name} {doing} this file since {clock_time(lease.acquired_at)}{why}.{turn}{queue}"


def top(code: str, severity: lsp.DiagnosticSeverity, message: str) -> lsp.Diagnostic:
    """Say something about the whole file, where every editor shows it."""
    return lsp.Diagnostic(range=_TOP, message=message, severity=severity, code=code, source=SOURCE)


def _action(title: str, command: str, uri: str) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=f"lsp-orch: {title}",
        kind=lsp.CodeActionKind.QuickFix,
        command=lsp.Command(title=title, command=command, arguments=[uri]),
    )
