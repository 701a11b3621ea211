"""One event of a Claude Code session, as far as we need it."""

from dataclasses import dataclass, field
from typing import Any

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.lease import Holder, Party
from lsp_orch.endpoints.params import optional, required
from lsp_orch.services.ports import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """``agent`` is empty for the session's own agent; ``pid`` is the client's process, 0 when unknown.

    ``call`` tells a tool call's events from those of another; ``mode`` is empty where the settings decide;
    ``sandboxed``: the system itself keeps what the shell starts from writing what others hold.
    ``inbox`` is where the session takes messages, told when it starts; ``permissions`` its permission mode.
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
    mode: str = ""
    sandboxed: bool = False
    permissions: str = ""
    inbox: Address | None = None

    @property
    def holder_id(self) -> str:
        """Who it is: a subagent is a holder of its own."""
        return f"{self.session}/{self.agent}" if self.agent else self.session


def parse(
    document: dict[str, Any], pid: int, cwd: str, mode: str = "", inbox: Address | None = None
) -> HookEvent:
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
        mode=mode,
        permissions=optional(document, "permission_mode", ""),
        inbox=inbox,
    )


def holder(event: HookEvent, name: str) -> Holder:
    """Who asks: a subagent is a holder of its own, and ends with its session."""
    return Holder(id=event.holder_id, kind=Party.AGENT, name=name, session=event.session)
