"""``lsp-orch hook``: what Claude Code starts for each event. One connection, one question, one verdict."""

import _thread
import os
import sys

from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.hello import quoted
from lsp_orch.client.line import frame

_LONGEST_S = 60.0
_CHUNK = 1 << 20
_REFUSED = 2  # Claude Code shows the model what such a hook wrote to stderr


def main() -> None:
    """Pass the event on stdin to the daemon, print its verdict and exit with its code; never returns."""
    question: list[bytes] = []
    _thread.start_new_thread(_give_up, (question,))
    try:
        question.append(_stdin())
        exit_code, words = _ask(question[0])
    except ClientError as error:
        exit_code, words = _failed(error, question)
    except Exception as error:  # noqa: BLE001 - whatever broke, Python's own exit code 1 would let the call through
        exit_code, words = _failed(ClientError("internal", f"{type(error).__name__}: {error}"), question)
    _leave(exit_code, words)


def command() -> list[str]:
    """Give the hook's quickest command line, which the plugin and ``setup`` install."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    code = f"import sys; sys.path.insert(0, {root!r}); from lsp_orch.client.hook import main; main()"
    return [sys.executable, "-I", "-S", "-c", code]


def _ask(event: bytes) -> tuple[int, bytes]:
    # A daemon may be told to leave while we wait for a held file; its successor can be asked the same again.
    answer = _once(event) or _once(event)
    if answer is None:
        raise ClientError("daemon-unreachable", "The lsp-orch daemon went away twice before it answered")
    headers, body = answer
    if b"exit-code" not in headers:
        raise ClientError(
            "bad-request", f"The lsp-orch daemon gave no verdict: {body.decode(errors='replace')}"
        )
    return int(headers[b"exit-code"]), body


def _once(event: bytes) -> tuple[dict[bytes, bytes], bytes] | None:
    line = connect("hook", pid=_claude(), mode=_mode(), after=frame(event), inbox=_inbox(event))
    try:
        return line.next()
    except OSError:
        return None  # killed while we waited
    finally:
        line.close()


def _failed(error: ClientError, question: list[bytes]) -> tuple[int, bytes]:
    """Decide what *our* failure means for the call: the mode says."""
    reason = f"{error} {error.hint}".strip()
    from lsp_orch.client.mode import configured  # a failure is rare and may take its time

    if (_mode() or configured(os.getcwd())) == "enforce" and _judged(question):
        text = (
            f"lsp-orch could not check this call, and in mode `enforce` such a call is refused. {reason}\n"
            "Do not work around this: try once more, then tell the user to run `lsp-orch doctor`.\n"
        )
        return _REFUSED, text.encode(errors="replace")
    text = f"lsp-orch could not check this call, so it went ahead unchecked. {reason} Run `lsp-orch doctor`."
    return 0, f'{{"systemMessage": {quoted(text)}}}\n'.encode(errors="replace")


def _judged(question: list[bytes]) -> bool:
    """Whether it is a tool call, or may be one: to refuse a Stop would keep the agent at work for ever."""
    import json  # as rare

    try:
        return bool(json.loads(question[0])["hook_event_name"] == "PreToolUse")
    except (LookupError, TypeError, ValueError, RecursionError):
        return True


def _give_up(question: list[bytes]) -> None:
    never = _thread.allocate_lock()
    never.acquire()
    never.acquire(timeout=_LONGEST_S)
    error = ClientError("daemon-unreachable", f"The lsp-orch daemon took longer than {_LONGEST_S:.0f} s.")
    _leave(*_failed(error, question))


def _leave(exit_code: int, words: bytes) -> None:
    out = 2 if exit_code == _REFUSED else 1
    view = memoryview(words)
    try:
        while view:
            view = view[os.write(out, view) :]
    finally:
        os._exit(exit_code)  # nothing is left to tidy, and tidying costs a millisecond


def _stdin() -> bytes:
    chunks = []
    while chunk := os.read(0, _CHUNK):
        chunks.append(chunk)
    return b"".join(chunks)


def _mode() -> str:
    return os.environ.get("LSP_ORCH_MODE", "").lower()


def _inbox(event: bytes) -> tuple[str, str]:
    """Where the session takes messages and what opens that: told once, when it starts."""
    if b'"SessionStart"' not in event:
        return "", ""
    get = os.environ.get
    return get("CLAUDE_CODE_MESSAGING_SOCKET", ""), get("CLAUDE_CODE_MESSAGING_TOKEN", "")


def _claude() -> int:
    pid = os.environ.get("CLAUDE_PID", "")
    return int(pid) if pid.isdecimal() else 0
