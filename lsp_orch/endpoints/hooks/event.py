"""One event of a Claude Code session, as far as we need it."""

from dataclasses import dataclass, field
from typing import Any

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.lease import Holder, Party
from lsp_orch.endpoints.params import optional, required


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """``agent`` is empty for the session's own agent; ``pid`` is the client's process, 0 when unknown.

    ``call`` is the same before and after one use of a tool.
    """

    name: str
    session: str
    cwd: str
    agent: str = ""
    pid: int = 0
    tool: str = ""
    tool_input: dict[str, Any] = field(default_factory=dict)
    prompt: str = ""
    source: str = ""
    call: str = ""


def parse(document: dict[str, Any], pid: int, cwd: str) -> HookEvent:
    """Read what the client wrote on the hook's standard input.

    Raises:
        Misuse: a field that every event has is missing, or one has the wrong type.
    """
    session = required(document, "session_id", str)
    if not session or not session.isascii():
        raise Misuse(Code.BAD_REQUEST, f"session_id must be an identifier, not {session!a}")
    return HookEvent(
        name=required(document, "hook_event_name", str),
        session=session,
        cwd=optional(document, "cwd", cwd),
        agent=optional(document, "agent_id", ""),
        pid=pid,
        tool=optional(document, "tool_name", ""),
        tool_input=optional(document, "tool_input", {}),
        prompt=optional(document, "prompt", ""),
        source=optional(document, "source", ""),
        call=optional(document, "tool_use_id", ""),
    )


def holder(event: HookEvent, name: str) -> Holder:
    """Who asks: a subagent is a holder of its own, and ends with its session."""
    agent = f"{event.session}/{event.agent}" if event.agent else event.session
    return Holder(id=agent, kind=Party.AGENT, name=name, session=event.session)
