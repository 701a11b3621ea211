"""Claude Code as a worker: how one is started."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_orch.adapters.claude_command import command, files
from lsp_orch.adapters.claude_run import ClaudeRun
from lsp_orch.adapters.claude_version import ClaudeVersion
from lsp_orch.adapters.sandbox import ignore_file
from lsp_orch.adapters.worker_environment import environment
from lsp_orch.adapters.worker_log import WorkerLog, secrets
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.services.ports import Job, Processes

_LINE = 16 * 1024 * 1024  # bytes: an event holds a whole tool result


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
        self._version = ClaudeVersion()
        self._environment = dict(os.environ if environment is None else environment)

    async def start(self, job: Job) -> ClaudeRun:
        """Begin a session on the job's folder.

        Raises:
            Unavailable: claude-missing or claude-too-old.
        """
        await asyncio.to_thread(self._version.check, self._program)
        tmp = tempfile.mkdtemp(prefix="lo-")  # short: the client makes a Unix socket below it
        log = WorkerLog(job.log, (*secrets(self._environment), job.entry.token))
        try:
            files(Path(tmp), self._hook, job)
            with (Path(tmp) / "stderr").open("wb") as stderr:
                process = await asyncio.create_subprocess_exec(
                    *command(self._program, job, Path(tmp)),
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
        run = ClaudeRun(process, job, self._processes, log, Path(tmp))
        if not job.resumes:  # else it takes up its call by itself
            run.say(job.prompt)
        return run

    def _environment_of(self, job: Job, tmp: str) -> dict[str, str]:
        its = environment(self._environment, job.session_id, tmp, self._silence_s)
        return its | (ignore_file(Path(tmp) / "ignored", job.folder, its) if job.shelter else {})


def _missing(program: str, error: OSError) -> Unavailable:
    return Unavailable(
        Code.CLAUDE_MISSING,
        f"Claude Code cannot be started as {program}: {error.strerror}",
        "install it, or set LSP_ORCH_CLAUDE to its path; lsp-orch doctor says more",
    )
