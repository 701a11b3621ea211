"""What people, agents and scripts are told when a file was written behind its holder's back."""

from typing import Any

from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.endpoints.resources import shown
from lsp_orch.endpoints.shapes import clock_time, holder, rfc3339

CODE = "foreign-write"


def name(write: ForeignWrite) -> str:
    """The file, as people write it."""
    return shown(Scope(Kind.FILE, write.path), write.workspace)


def happened(write: ForeignWrite) -> str:
    """Who did what, when."""
    return f"{name(write)} was written at {clock_time(write.at)} by {write.by.name}, without holding it."


def mend(write: ForeignWrite) -> str:
    """How to get back what the file said."""
    if not write.before:
        return "Nothing was kept of what it said before."
    return f"What it said before is kept: `lsp-orch recover show --id {write.before}`."


def advice(write: ForeignWrite, *, held: bool) -> str:
    """What an agent is told."""
    tie = "which you hold" if held else "which you have read"
    now = f" What it says now is version {write.after}." if write.after else ""
    return (
        f"[{CODE}] {name(write)}, {tie}, was written at {clock_time(write.at)} by {write.by.name}, without "
        f"holding it. {mend(write)}{now} Read the file again before you write it, and keep the other's work."
    )


def document(write: ForeignWrite) -> dict[str, Any]:
    """What ``lease watch`` prints; ``by.id``, ``before`` and ``after`` are null where there is none."""
    return {
        "event": CODE,
        "at": rfc3339(write.at),
        "path": name(write),
        "by": {"id": write.by.id or None, "name": write.by.name},
        "before": write.before or None,
        "after": write.after or None,
        "holders": [holder(each) for each in write.holders],
        "readers": list(write.readers),
    }
