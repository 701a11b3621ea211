"""``lsp-orch guard``: what git's hooks start. May this be committed, or pushed? One question, one answer."""

import json
import os
import sys
from typing import Any

from lsp_orch.client import commits
from lsp_orch.client.caller import trace
from lsp_orch.client.connect import connect
from lsp_orch.client.errors import ClientError
from lsp_orch.client.git import line
from lsp_orch.client.line import frame

HOOKS = {
    "pre-commit": "commit",
    "pre-merge-commit": "commit",
    "pre-push": "push",
    "pre-rebase": "rebase",  # which paths it will change only git knows, later
}
AGAIN = "--again"  # asked once more in one commit: what was warned of is known

_LONGEST_S = 30.0  # for the daemon to answer, and it waits for nobody
_REFUSED = 1
_USAGE = 2
_HELD = "commit-held"


def main(arguments: list[str]) -> None:
    """Answer as git's hook of that name, with its arguments and input; exits 0 or 1, and never returns."""
    if not arguments or arguments[0] not in HOOKS:
        _leave(_USAGE, f"lsp-orch guard: name one of git's hooks: {', '.join(HOOKS)}")
    operation = HOOKS[arguments[0]]
    try:
        _leave(0, *_judge(operation, arguments[1:]))
    except ClientError as error:
        _leave(*(_refused(error) if error.code == _HELD else _failed(error, operation)))
    except Exception as error:  # noqa: BLE001 - whatever broke, it is our failure and the mode decides
        _leave(*_failed(ClientError("internal", f"{type(error).__name__}: {error}"), operation))


def command() -> list[str]:
    """Give the quickest command line, which ``setup`` writes into git's hooks; the hook's name follows."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    words = "from lsp_orch.client.guard import main; main(sys.argv[1:])"
    return [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {root!r}); {words}"]


def _judge(operation: str, arguments: list[str]) -> list[str]:
    """What the person should know of a commit or push that may be."""
    paths = []
    if operation == "commit":
        paths = commits.staged()
    elif operation == "push":
        updates = sys.stdin.buffer.read()
        if not updates.strip():
            return []  # nothing is pushed
        paths = commits.pushed(updates, arguments[0] if arguments else "")
    answer = _ask({**_where(), "operation": operation, "paths": paths})
    return [] if AGAIN in arguments else [f"lsp-orch: {each}" for each in answer["warnings"]]


def _where() -> dict[str, Any]:
    """Which checkout of which repository, and what shows who we are; a bare repository has no checkout."""
    bare = line("rev-parse", "--is-bare-repository") == "true"
    return {
        "worktree": "" if bare else line("rev-parse", "--show-toplevel"),
        "repository": line("rev-parse", "--path-format=absolute", "--git-common-dir"),
        **trace(),
    }


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    for name in [each for each in os.environ if each.startswith("GIT_")]:
        del os.environ[name]  # a daemon that we start would do all its work in this one repository
    request = {"jsonrpc": "2.0", "id": 1, "method": "guard.check", "params": question}
    body = json.dumps(request).encode()
    answer = _once(body)
    if answer is None:  # it was told to leave meanwhile; its successor can be asked the same again
        answer = _once(body)
    if answer is None:
        raise ClientError("daemon-unreachable", "The lsp-orch daemon went away twice before it answered")
    if error := answer.get("error"):
        raise ClientError(error["data"]["code"], error["message"], error["data"]["hint"])
    result: dict[str, Any] = answer["result"]
    return result


def _once(body: bytes) -> Any:
    daemon = connect("cli")
    daemon.socket.settimeout(_LONGEST_S)
    try:
        daemon.write(frame(body))
        got = daemon.next()
    except TimeoutError as error:
        words = f"The lsp-orch daemon took longer than {_LONGEST_S:.0f} s"
        raise ClientError("daemon-unreachable", words, "Run `lsp-orch daemon restart`.") from error
    except OSError:
        return None  # killed while we waited
    finally:
        daemon.close()
    return got and json.loads(got[1])


def _refused(error: ClientError) -> tuple[int, str]:
    what, _, held = str(error).partition("\n")
    return _REFUSED, f"lsp-orch: {what} [{error.code}]\n{held}\n{error.hint}"


def _failed(error: ClientError, operation: str) -> tuple[int, str]:
    """Decide what *our* failure means: the mode says."""
    from lsp_orch.client.mode import configured  # a failure is rare and may take its time

    mode = os.environ.get("LSP_ORCH_MODE", "").lower() or configured(os.getcwd())
    reason = f"{error} [{error.code}] {error.hint}".strip()
    if mode == "enforce":
        words = f"could not check this {operation}, and in mode `enforce` it is refused then. {reason}"
        return _REFUSED, f"lsp-orch {words}\nTry once more, then run `lsp-orch doctor`."
    return 0, f"lsp-orch could not check this {operation}, so it went ahead unchecked. {reason}"


def _leave(status: int, *words: str) -> None:
    """Leave at once: nothing is left to tidy."""
    view = memoryview("".join(f"{each}\n" for each in words).encode(errors="backslashreplace"))
    try:
        while view:
            view = view[os.write(2, view) :]
    finally:
        os._exit(status)
