"""A session that was taken for dead, and is not: it is told once, then it goes on."""

from lsp_orch.domain.errors import Code
from lsp_orch.domain.session import Session, State
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.hooks.verdict import Verdict, refuse
from lsp_orch.endpoints.resources import shown
from lsp_orch.services.sessions import Lost, Sessions
from lsp_orch.store.base import Tx

_MOST_NAMED = 5
# a beginning and a person's words need no warning: a write that is based on an old reading is refused anyway
_REGISTER = {"PreToolUse", "SessionStart", "UserPromptSubmit"}


def registers(event: HookEvent) -> bool:
    """Whether whoever was taken for dead is here again by this event; until then they hold nothing."""
    return event.name in _REGISTER


def refusal(tx: Tx, sessions: Sessions, event: HookEvent, known: Session | None) -> Verdict | None:
    """What is told to a session that was reaped, before its first tool runs on what it remembers."""
    if not known or known.state is not State.REAPED or event.name != "PreToolUse":
        return None
    at = shapes.clock_time(known.reaped_at or known.seen_at)
    return refuse(
        f"[{Code.SESSION_REAPED}] You were taken for dead at {at}, and what you held has ended. "
        f"{_fate(sessions.lost(tx, event.session))}Files may have changed: read them again. "
        "You are registered again now: repeat the call. Nothing was written."
    )


def _fate(lost: list[Lost]) -> str:
    """What became of it, the first few by name."""
    told = [
        f"{shown(each.scope, each.workspace)} is held by {', '.join(each.holders)} now"
        if each.holders
        else f"{shown(each.scope, each.workspace)} is held by nobody now"
        for each in lost[:_MOST_NAMED]
    ]
    if len(lost) > _MOST_NAMED:
        told.append(f"and {len(lost) - _MOST_NAMED} more")
    return f"{'; '.join(told)}. " if told else ""
