"""Which Claude Code hooks we need, in the form its settings have."""

from collections.abc import Sequence
from typing import Any

GUARDED = "Edit|Write|NotebookEdit|MultiEdit|Bash"
TOOL_EVENTS = {
    "PreToolUse": GUARDED,
    "PostToolUse": f"{GUARDED}|Read",  # what it has read decides what it may write
    "PostToolUseFailure": GUARDED,
}
SESSION_EVENTS = ("SessionStart", "UserPromptSubmit", "SubagentStop", "Stop", "SessionEnd")

_LIMIT_S = 60  # a held file is waited for inside the hook, but never for so long


def hooks(command: Sequence[str], *, fail_closed: bool) -> dict[str, Any]:
    """Build the value of ``hooks`` in a settings file; ``command`` is what to start for each event.

    With ``fail_closed`` a hook that crashes or takes too long stops the tool: Claude Code's own default is
    to let it pass.
    """
    entry = {"type": "command", "command": command[0], "args": list(command[1:]), "timeout": _LIMIT_S}
    guard = {**entry, "onFailure": "block"} if fail_closed else entry
    tools = {
        event: [{"matcher": matcher, "hooks": [guard if event == "PreToolUse" else entry]}]
        for event, matcher in TOOL_EVENTS.items()
    }
    return tools | {event: [{"hooks": [entry]}] for event in SESSION_EVENTS}
