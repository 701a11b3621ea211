"""How Claude Code is told what to do: its command line and the settings of one session.

Neither the prompt nor the token is on the command line, because other users may read that.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsp_orch.domain.hook_settings import gate
from lsp_orch.domain.sandbox_settings import sandbox
from lsp_orch.services.ports import Job

# The user's and the project's memory and rules count; the local file belongs to another checkout.
_SOURCES = "user,project"
_FENCED = f"{_SOURCES},local"  # but the fence stands there
_GIT = ("git status", "git diff", "git log", "git add", "git commit")
SERVER = "lsp-orch"  # our MCP server, as a worker's configuration names it


def command(program: str, job: Job, folder: Path) -> list[str]:
    """The command line; the files that it names are those of ``files``, in ``folder``."""
    return [
        *(program, "-p", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"),
        *_session(job),
        *_model(job),
        *_limits(job),
        *_permissions(job, folder),
        *_tools(job),
        *_servers(job),
        *_system(job, folder),
        *("--json-schema", json.dumps(job.schema)),
    ]


def files(folder: Path, hook: Sequence[str], job: Job) -> None:
    """Write what only we and the worker may read; ``folder`` is its own."""
    _settings_file(folder).write_text(json.dumps(settings(hook, job)), encoding="utf-8")
    if job.system_text:
        _system_file(folder).write_text(job.system_text, encoding="utf-8")


def settings(hook: Sequence[str], job: Job) -> dict[str, Any]:
    """The session's own settings: our hooks, and leave to commit and to run the check command."""
    allowed = [f"Bash({words}:*)" for words in (*_GIT, *filter(None, [job.check]))]
    if job.mcp_config:
        allowed.append(f"mcp__{SERVER}")
    # the user's own "no hooks" must not take away the guard of other people's files
    shut_in = sandbox(job.shelter.writable, nested=job.shelter.nested) if job.shelter else {"enabled": False}
    return {
        "disableAllHooks": False,
        "hooks": gate(hook, job.entry.url, job.entry.token),
        # of all that edits, also of a command's redirections; two slashes begin an absolute path
        "permissions": {"allow": allowed, "deny": [f"Edit(/{folder}/**)" for folder in job.read_only]},
        "sandbox": shut_in,
    }


def _session(job: Job) -> list[str]:
    if job.resumes:
        return ["--resume", job.session_id]
    if not job.resume_of:
        return ["--session-id", job.session_id]
    fork = ["--fork-session", "--session-id", job.session_id] if job.fork else []
    return ["--resume", job.resume_of, *fork]


def _model(job: Job) -> list[str]:
    fallback = ["--fallback-model", job.fallback_model] if job.fallback_model else []
    return ["--model", job.model, *fallback]


def _limits(job: Job) -> list[str]:
    return ["--max-turns", str(job.max_turns), "--max-budget-usd", f"{job.max_usd:g}"]


def _permissions(job: Job, folder: Path) -> list[str]:
    return [
        *("--permission-mode", "acceptEdits"),
        *("--setting-sources", _FENCED if job.shelter else _SOURCES),
        *("--settings", str(_settings_file(folder))),
        *(["--add-dir", *job.add_dirs] if job.add_dirs else []),
    ]


def _tools(job: Job) -> list[str]:
    return [] if job.tools is None else ["--tools", ",".join(job.tools)]


def _servers(job: Job) -> list[str]:
    return ["--mcp-config", job.mcp_config, "--strict-mcp-config"] if job.mcp_config else []


def _system(job: Job, folder: Path) -> list[str]:
    return ["--append-system-prompt-file", str(_system_file(folder))] if job.system_text else []


def _settings_file(folder: Path) -> Path:
    return folder / "settings.json"


def _system_file(folder: Path) -> Path:
    return folder / "system.md"
