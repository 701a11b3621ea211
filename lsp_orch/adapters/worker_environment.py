"""What a worker may see of the daemon's environment: an allow-list, and what we add."""

from collections.abc import Mapping

SESSION = "LSP_ORCH_SESSION"  # inherited by all that a worker starts, so that all of it can be found

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM"),
        *("SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        *("CLAUDE_CONFIG_DIR", "API_TIMEOUT_MS", "MAX_THINKING_TOKENS"),
    }
)
_KEPT_PREFIXES = (
    *("LC_", "XDG_", "ANTHROPIC_", "CLAUDE_CODE_", "DISABLE_", "LSP_ORCH_"),
    *("AWS_", "GOOGLE_", "CLOUD_ML_", "VERTEX_"),  # where the models of an account may come from
)
# what a Claude session sets for its own children: a worker must not speak for the session that started us
_OF_A_SESSION = frozenset(
    {
        *("CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_REMOTE_SESSION_ID", "CLAUDE_CODE_CHILD_SESSION"),
        *("CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT"),
        *("CLAUDE_CODE_MESSAGING_SOCKET", "CLAUDE_CODE_MESSAGING_TOKEN"),
    }
)


def environment(inherited: Mapping[str, str], session_id: str, tmp: str, silence_s: float) -> dict[str, str]:
    """Build a worker's environment; ``tmp`` is its own temporary folder."""
    kept = {name: value for name, value in inherited.items() if _may_pass(name)}
    for name in ("NO_PROXY", "no_proxy"):  # the address it asks before it writes is no other machine's
        kept[name] = ",".join(filter(None, (kept.get(name), "127.0.0.1")))
    return {
        "CLAUDE_CODE_MAX_RETRIES": "4",  # beyond that it is our queue that waits, not a process
        # a command that is silent for longer would be taken for a dead worker
        "BASH_MAX_TIMEOUT_MS": str(int(silence_s * 800)),
        **kept,
        # else its end cuts what a subagent does in the background: this way it waits for it
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "TMPDIR": tmp,
        "LSP_ORCH_MODE": "enforce",
        SESSION: session_id,
    }


def _may_pass(name: str) -> bool:
    upper = name.upper()
    return (upper in _KEPT or upper.startswith(_KEPT_PREFIXES)) and upper not in _OF_A_SESSION
