"""What shows the daemon whose command this is: the person's, or an agent's that started it in its shell."""

import os
from typing import Any

_SESSIONS = ("CLAUDE_CODE_SESSION_ID", "LSP_ORCH_SESSION")


def trace() -> dict[str, Any]:
    """This process, and the session ids in its environment, which count where no process says better."""
    return {
        "pid": os.getpid(),
        "sessions": [found for name in _SESSIONS if (found := os.environ.get(name))],
    }
