"""Claude Code as a worker: its command line, its environment, and the hooks that keep it to the rules."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsp_orch.adapters.claude_run import ClaudeRun
from lsp_orch.adapters.sandbox import ignore_file
from lsp_orch.adapters.worker_environment import environment
from lsp_orch.adapters.worker_log import WorkerLog, secrets
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.hook_settings import gate
from lsp_orch.domain.result import schema
from lsp_orch.domain.sandbox_settings import sandbox
from lsp_orch.services.ports import Job, Processes

# The user's and the project's memory and rules count; the local file belongs to another checkout.
_SOURCES = "user,project"
_FENCED = f"{_SOURCES},local"  # but the fence stands there
_LINE = 16 * 1024 * 1024  # bytes: an event holds a whole tool result
_GIT = ("git status", "git diff", "git log", "git add", "git commit")


class ClaudeWorker:
    """The port ``Worker``; ``hook`` is the command that Claude Code runs for each of its hooks."""

    def __init__(
        self,
        program: str,
        hook: Sequence[str],
        processes: Processes,
        silence_s: float,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._program = program
        self._hook = hook
        self._processes = processes
        self._silence_s = silence_s
        self._environment = dict(os.environ if environment is None else environment)

    async def start(self, job: Job) -> ClaudeRun:
        """Begin a session on the job's folder.

        Raises:
            Unavailable: claude-missing.
        """
        tmp = tempfile.mkdtemp(prefix="lo-")  # short: the client makes a Unix socket below it
        log = WorkerLog(job.log, (*secrets(self._environment), job.entry.token))
        try:
            file = _private(Path(tmp) / "settings.json", json.dumps(settings(self._hook, job)))
            with (Path(tmp) / "stderr").open("wb") as stderr:
                process = await asyncio.create_subprocess_exec(
                    *command(self._program, job, file),
                    cwd=job.folder,
                    env=await asyncio.to_thread(self._environment_of, job, tmp),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=True,
                    limit=_LINE,
                )
        except BaseException as error:  # also when we are cancelled: then asyncio has ended the process
            log.close()
            shutil.rmtree(tmp, ignore_errors=True)
            if isinstance(error, OSError):
                raise _missing(self._program, error) from error
            raise
        run = ClaudeRun(process, job.session_id, self._processes, log, Path(tmp))
        if not job.resumes:  # else it takes up its call by itself
            run.say(job.prompt)
        return run

    def _environment_of(self, job: Job, tmp: str) -> dict[str, str]:
        its = environment(self._environment, job.session_id, tmp, self._silence_s)
        return its | (ignore_file(Path(tmp) / "ignored", job.folder, its) if job.shelter else {})


def command(program: str, job: Job, settings: Path) -> list[str]:
    """The command line; neither the prompt nor the token is in it, because other users may read those."""
    return [
        *(program, "-p", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"),
        *("--json-schema", json.dumps(schema())),
        *("--resume" if job.resumes else "--session-id", job.session_id),
        *("--model", job.model),
        *("--max-turns", str(job.max_turns)),
        *("--max-budget-usd", f"{job.max_usd:g}"),
        *("--permission-mode", "acceptEdits"),
        *("--setting-sources", _FENCED if job.shelter else _SOURCES),
        *("--settings", str(settings)),
    ]


def settings(hook: Sequence[str], job: Job) -> dict[str, Any]:
    """The session's own settings: our hooks, and leave to commit and to run the check command."""
    allowed = [f"Bash({words}:*)" for words in (*_GIT, *filter(None, [job.check]))]
    # the user's own "no hooks" must not take away the guard of other people's files
    shut_in = sandbox(job.shelter.writable, nested=job.shelter.nested) if job.shelter else {"enabled": False}
    return {
        "disableAllHooks": False,
        "hooks": gate(hook, job.entry.url, job.entry.token),
        "permissions": {"allow": allowed},
        "sandbox": shut_in,
    }


def _private(path: Path, text: str) -> Path:
    """Write what only we and the worker may read: the folder is its own."""
    path.write_text(text, encoding="utf-8")
    return path


def _missing(program: str, error: OSError) -> Unavailable:
    return Unavailable(
        Code.CLAUDE_MISSING,
        f"Claude Code cannot be started as {program}: {error.strerror}",
        "install it, or set LSP_ORCH_CLAUDE to its path; lsp-orch doctor says more",
    )
