"""A pause: the dispatcher starts nothing of a workspace, or nothing at all, until somebody says so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """``workspace`` is empty where everything is paused; ``at`` is seconds since the epoch."""

    workspace: str
    why: str
    by: str
    at: float


def told(pause: Pause) -> str:
    """Why nothing starts, in words for people."""
    what = "the dispatcher" if not pause.workspace else "this workspace"
    why = f" ({pause.why})" if pause.why else ""
    end = "lsp-orch resume --all" if not pause.workspace else "lsp-orch resume"
    return f"{pause.by} has paused {what}{why}; it goes on with `{end}`"
