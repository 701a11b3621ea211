"""What the doctor starts just as editors and Claude Code do, and what must come of it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from _socket import SHUT_RDWR
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lsp_orch
from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from lsp_orch.client.hook import command
from lsp_orch.client.line import Frames, frame
from lsp_orch.domain.errors import Code

_LIMIT_S = 30.0
_REFUSED = 2
_MEND = "run `lsp-orch daemon restart`; `lsp-orch daemon logs` says more"


def hook() -> str:
    """A harmless call passes; one that would write a held file is refused."""
    with tempfile.TemporaryDirectory(prefix="lsp-orch-doctor-") as made:
        folder = os.path.realpath(made)
        try:
            _expect(_ask_hook(folder, "PreToolUse", tool_name="Read"), 0, "")
            with _held(folder, "canary") as path:
                write = {"tool_name": "Write", "tool_input": {"file_path": path}}
                _expect(_ask_hook(folder, "PreToolUse", **write), _REFUSED, Code.LEASE_HELD)
        finally:
            _ask_hook(folder, "SessionEnd")  # takes the session and its place in the queue away
    return "a harmless call passed, a write to a held file was refused"


def editor() -> str:
    """An editor's whole life, without a file."""
    with _process([*_ourselves("lsp")], cwd=None) as process:
        assert process.stdin  # noqa: S101 - it was started with pipes
        assert process.stdout  # noqa: S101 - the same
        answers = Frames(process.stdout.read1)  # type: ignore[attr-defined]  # a buffered pipe has it
        capabilities: dict[str, Any] = {"processId": os.getpid(), "rootUri": None, "capabilities": {}}
        server = _request(process, answers, "initialize", capabilities).get("serverInfo", {})
        _request(process, answers, "shutdown", None)
        _send(process, {"jsonrpc": "2.0", "method": "exit"})
        process.stdin.close()
        status = process.wait()
    if status:
        raise ClientError(Code.INTERNAL, f"`lsp-orch lsp` left with exit code {status}", _MEND)
    return f"{server.get('name', 'the server')} answered, shut down and left"


@contextmanager
def _held(folder: str, name: str) -> Iterator[str]:
    """A file that somebody else holds; who asks for it is refused at once instead of after a wait."""
    with Call() as call, Call() as watcher:
        ask = {"paths": [name], "workspace": folder, "user": "lsp-orch doctor", "ttl_s": _LIMIT_S}
        lease = call.request("lease.acquire", ask)["lease"]
        watcher.request("lease.watch", {"workspace": folder})
        hurry = threading.Thread(target=_withdraw_first, args=(watcher,), daemon=True)
        hurry.start()
        try:
            yield str(Path(folder, name))
        finally:
            watcher.line.socket.shutdown(SHUT_RDWR)
            hurry.join()
            call.request("lease.release", {"ids": [lease["id"]]})


def _withdraw_first(watcher: Call) -> None:
    for _, event in watcher.notifications():
        if event["event"] == "queued":
            watcher.request("lease.release", {"ids": [event["waiter"]["id"]]})
            return


def _ask_hook(folder: str, name: str, **fields: Any) -> subprocess.CompletedProcess[bytes]:
    event = {"hook_event_name": name, "session_id": f"doctor-{os.getpid()}", "cwd": folder, **fields}
    try:
        return subprocess.run(
            command(),
            input=json.dumps(event).encode(),
            capture_output=True,
            env=_environment(),
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClientError(
            Code.INTERNAL, f"a hook call was not answered within {_LIMIT_S:.0f} s", _MEND
        ) from error


def _expect(done: subprocess.CompletedProcess[bytes], status: int, code: str) -> None:
    said = (done.stderr + done.stdout).decode(errors="replace").strip()
    if done.returncode != status or code not in said:
        wanted = f"refused with [{code}]" if code else "let through"
        raise ClientError(
            Code.INTERNAL, f"a hook call should be {wanted}; it left with {done.returncode}: {said}", _MEND
        )


def _environment() -> dict[str, str]:
    """Ours, but no part of the session that we may run in; what fails must show."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CLAUDE")}
    return {**kept, "LSP_ORCH_MODE": "enforce"}


def _ourselves(verb: str) -> list[str]:
    """This very copy, however it was installed."""
    root = str(Path(lsp_orch.__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {root!r}); from lsp_orch.__main__ import main; main()"
    return [sys.executable, "-I", "-c", code, verb]


@contextmanager
def _process(words: Sequence[str], cwd: str | None) -> Iterator[subprocess.Popen[bytes]]:
    """A process with pipes, ended after the limit or at the latest behind the block."""
    with subprocess.Popen(words, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        timer = threading.Timer(_LIMIT_S, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def _request(process: subprocess.Popen[bytes], answers: Frames, method: str, params: Any) -> dict[str, Any]:
    _send(process, {"jsonrpc": "2.0", "id": method, "method": method, "params": params})
    while got := answers.next():
        message = json.loads(got[1])
        if message.get("id") == method and "result" in message:
            return message["result"] or {}
        if message.get("id") == method:
            raise ClientError(Code.INTERNAL, f"{method} was answered: {message['error']['message']}", _MEND)
    raise ClientError(Code.EDITOR_SILENT, f"`lsp-orch lsp` never answered {method}", _MEND)


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin  # noqa: S101 - it was started with a pipe
    try:
        process.stdin.write(frame(json.dumps(message).encode()))
        process.stdin.flush()
    except BrokenPipeError as error:
        raise ClientError(Code.EDITOR_SILENT, "`lsp-orch lsp` left without a word", _MEND) from error
