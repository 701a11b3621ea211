"""One Claude Code session at work: what it says, what it came to, and its end."""

import asyncio
import contextlib
import json
import shutil
import signal
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_orch.adapters import claude_events
from lsp_orch.adapters.claude_events import Event, Said
from lsp_orch.adapters.worker_log import WorkerLog
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.fault import Fault, refusal
from lsp_orch.domain.reply import Reply
from lsp_orch.domain.result import Ending
from lsp_orch.domain.signs import judge
from lsp_orch.services.ports import Job, Processes

_TAIL = 4096  # bytes of what it wrote to stderr
_SHORT = 300  # characters of its own words, where people are told
_INTERRUPT = {"subtype": "interrupt"}
_TOLD = {
    Ending.NO_RESULT: (Code.RESULT_INVALID, "the attempt's log shows what it did: lsp-orch task logs ID"),
    Ending.OVER_BUDGET: (Code.OVER_BUDGET, "make the task smaller, or raise its money cap: --max-usd"),
    Ending.OVER_TURNS: (Code.OVER_TURNS, "make the task smaller, or raise its turn cap: --max-turns"),
    Ending.REFUSED_BY_MODEL: (
        Code.WORKER_REFUSED,
        "put the task in other words, or give it to another model",
    ),
}


class ClaudeRun:
    """The port ``Run``. Standard input stays open until the result, so that it can be spoken to."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        job: Job,
        processes: Processes,
        log: WorkerLog,
        tmp: Path,
    ) -> None:
        self._process = process
        self._job = job
        self._processes = processes
        self._log = log
        self._tmp = tmp
        self._said = Said(job.session_id)
        self._stderr = ""
        self.pid = process.pid
        self.started = processes.started(process.pid) or 0.0

    def say(self, text: str) -> None:
        """Send a message as the user."""
        self._send({"type": "user", "message": {"role": "user", "content": text}})

    async def events(self) -> AsyncGenerator[str, None]:
        """The kind of each event as it comes; ends when the session has closed its output."""
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # longer than we keep; the session goes on
                yield "oversized"
                continue
            if not line:
                return
            yield await self._take(line.decode("utf-8", "backslashreplace"))

    def reply(self) -> Reply:
        """What it came to, known after ``end``: only what it hands back for its schema counts."""
        result = self._said.result
        if result is None:
            return Reply(came_to=self._died(), ending=Ending.DIED)
        came_to = claude_events.came_to(result)
        signs = self._said.signs(self._job.model)
        ending, fault = (None, None) if came_to else judge(replace(signs, said=self._short(signs.said)))
        return Reply(
            came_to=came_to or self._failed(result, ending, fault),
            cost_usd=claude_events.cost_usd(result),
            turns=claude_events.turns(result),
            ending=ending,
            fault=fault,
            denials=tuple(map(self._short, claude_events.denials(result))),
        )

    async def end(self, grace_s: float) -> None:
        """Stop the session and all it has started; returns when all are gone.

        First it is interrupted in its own language, then told by SIGTERM, then killed, each after
        ``grace_s`` seconds; whoever carries its id goes with it, also when it had ended well.
        """
        try:
            if self._process.returncode is None:
                if self._said.result is None:
                    self._send({"type": "control_request", "request_id": "end", "request": _INTERRUPT})
                self._close_input()
                with contextlib.suppress(TimeoutError):  # it does not listen: the signals follow
                    await asyncio.wait_for(self._process.wait(), grace_s)
        finally:
            gone = await asyncio.to_thread(
                self._processes.end, self._job.session_id, self.pid, self.started, grace_s
            )
            if gone:
                await self._process.wait()
            self._bury()

    async def _take(self, line: str) -> str:
        await asyncio.to_thread(self._log.write, line)  # it is looked through for secrets
        kind = self._said.take(line)
        if kind == "result":
            self._close_input()
        return kind

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        if not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    def _close_input(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        self._process.stdin.close()

    def _died(self) -> Refusal:
        last = self._stderr.splitlines()[-1:]
        said = f" and said: {last[0]}" if last else ""
        return Refusal(
            code=Code.WORKER_DIED,
            message=f"the worker ended without a result ({_ending(self._process.returncode)}){said}",
            hint="the attempt's log shows how far it came: lsp-orch task logs ID",
        )

    def _failed(self, result: Event, ending: Ending | None, fault: Fault | None) -> Refusal:
        reason = ", ".join(
            filter(None, [claude_events.reason(result), self._short(claude_events.detail(result))])
        )
        if fault:
            return refusal(replace(fault, said=reason))
        code, hint = _TOLD.get(ending or Ending.NO_RESULT, _TOLD[Ending.NO_RESULT])
        return Refusal(code=code, message=f"the worker reported no structured result: {reason}", hint=hint)

    def _short(self, words: str) -> str:
        return self._log.clean(words)[:_SHORT]

    def _bury(self) -> None:
        said = (self._tmp / "stderr").read_bytes()[-_TAIL:].decode("utf-8", "backslashreplace")
        self._stderr = self._log.clean(said).strip()
        if self._stderr:
            self._log.write(self._stderr)
        self._log.close()
        shutil.rmtree(self._tmp, ignore_errors=True)  # what a worker leaves in its own /tmp is nobody's loss


def _ending(status: int | None) -> str:
    if status is None:
        return "it closed its output"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
