"""What git's hooks ask: may this be committed, or pushed?"""

import asyncio
from typing import Any

from lsp_orch.domain.caller import Caller
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.guard import Operation, Overlap, Verdict
from lsp_orch.domain.lease import Lease, Party, State
from lsp_orch.domain.scope import Kind
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional, required, strings
from lsp_orch.endpoints.resources import shown
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.shapes import clock_time, without_progress
from lsp_orch.services.guard import Attempt, Guard

_SHOWN = 10  # leases, and files of each, that are told one by one
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}

_LEAVE_OUT = {
    Operation.COMMIT: "leave it out (`git restore --staged PATH`; in a first commit `git rm --cached PATH`)",
    Operation.PUSH: "push what does without it",
}


class GuardMethods:
    """Translates ``guard.check``."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk = desk
        self._guard = guard

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"guard.check": self.check}

    async def check(self, params: dict[str, Any]) -> Answer:
        """``{"operation", "repository", "worktree", "paths", "pid", "sessions"}`` to what is to be known.

        That is ``{"warnings": [str]}``; refused as commit-held when somebody else holds any of it.
        """
        attempt = Attempt(
            operation=_operation(params),
            repository=required(params, "repository", str),
            worktree=optional(params, "worktree", ""),
            paths=strings(params, "paths"),
            pid=optional(params, "pid", 0),
            sessions=tuple(filter(None, strings(params, "sessions"))),
        )
        scene = await self._desk.do(self._guard.look)
        # many paths, and each one's folder on the disk
        who, verdict = await asyncio.to_thread(self._guard.judge, attempt, scene)
        return _refusal(attempt, who, verdict) or {"warnings": _warnings(attempt, verdict)}


def _operation(params: dict[str, Any]) -> Operation:
    wanted = required(params, "operation", str)
    try:
        return Operation(wanted)
    except ValueError:
        known = " or ".join(Operation)
        raise Misuse(Code.BAD_REQUEST, f"operation must be {known}, not {wanted}") from None


def _refusal(attempt: Attempt, who: Caller, verdict: Verdict) -> Refusal | None:
    if not verdict.refuses:
        return None
    told = [_held(attempt, each) for each in verdict.refuses[:_SHOWN]]
    more = len(verdict.refuses) - len(told)
    lines = [*told, *([f"and {more} more"] if more else [])]
    return Refusal(
        code=Code.COMMIT_HELD,
        message=f"this {attempt.operation} takes what somebody else holds"
        + "".join(f"\n  {each}" for each in lines),
        hint=_mend(attempt, who, verdict),
    )


def _mend(attempt: Attempt, who: Caller, verdict: Verdict) -> str:
    """What to do now; a person can stand in line, an agent's tool call cannot."""
    if any(each.lease.holder.kind is Party.HUMAN for each in verdict.refuses):
        wait = "wait until it is saved and free, which `lsp-orch lease list` shows"
    else:
        wait = "wait until it is free, which `lsp-orch lease list` shows"
    if who.person:
        wait += " (`lsp-orch lease acquire PATH --wait 600` waits in line)"
    else:
        wait += ", or end your turn and say that you wait for it"
    paths = any(scope.kind is not Kind.GIT for each in verdict.refuses for scope in each.scopes)
    leave_out = f"either {_LEAVE_OUT[attempt.operation]}, or " if paths else ""
    advice = f"{leave_out}{wait}; then {attempt.operation} again."
    return advice[0].upper() + advice[1:]


def _warnings(attempt: Attempt, verdict: Verdict) -> list[str]:
    return [
        f"{_named(attempt, each)} has unsaved changes in {_plain(each.lease.holder.name)}, "
        f"and this {attempt.operation} is without them"
        for each in verdict.warns[:_SHOWN]
    ]


def _held(attempt: Attempt, overlap: Overlap) -> str:
    return f"{_named(attempt, overlap)}: {_plain(_doing(overlap.lease))}"


def _named(attempt: Attempt, overlap: Overlap) -> str:
    names = [
        f"the {attempt.operation} itself" if each.kind is Kind.GIT else shown(each, attempt.worktree)
        for each in overlap.scopes
    ]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return _plain(", ".join(names[:_SHOWN])) + more


def _doing(lease: Lease) -> str:
    since = f"since {clock_time(lease.acquired_at)}{without_progress(lease)}"
    person = "a person, " if lease.holder.kind is Party.HUMAN else ""
    if lease.state is State.DIRTY:
        return f"{person}{lease.holder.name}, has unsaved changes in it {since}"
    why = f" ({lease.reason})" if lease.reason else ""
    return f"{person}{lease.holder.name} holds it {since}{why}"


def _plain(text: str) -> str:
    """A name may hold what a terminal would obey."""
    return text.translate(_CONTROLS)
