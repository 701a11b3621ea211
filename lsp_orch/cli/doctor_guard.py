"""What the doctor tries of git's hooks: they are there, and they do refuse."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_orch.cli import git_guard
from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code

_LIMIT_S = 60.0
_MEND = "run `lsp-orch setup --git`"
_NAME = "canary"
_OPTIONS = ("-c", "user.name=doctor", "-c", "user.email=doctor@localhost", "-c", "commit.gpgSign=false")


def installed(where: str) -> str:
    """Git's hooks lead to the guard."""
    if lacking := git_guard.lacking(where):
        raise ClientError(
            Code.GUARD_NOT_INSTALLED,
            f"git does not ask before it commits or pushes held files: {', '.join(lacking)} in "
            f"{git_guard.hooks(where)}",
            _MEND,
        )
    return str(git_guard.hooks(where))


def canary(where: str) -> str:
    """The hook that git would start here does stop a commit: of a held file, in a repository made for it."""
    hooks = git_guard.hooks(where)
    with tempfile.TemporaryDirectory(prefix="lsp-orch-doctor-") as made:
        folder = os.path.realpath(made)
        _git(folder, "init", "--quiet")
        Path(folder, _NAME).write_bytes(b"")
        _git(folder, "add", _NAME)
        with _held(folder):
            done = _git(folder, "-c", f"core.hooksPath={hooks}", *_OPTIONS, "commit", "--message=canary")
    said = (done.stderr + done.stdout).decode(errors="replace").strip()
    if done.returncode == 0 or Code.COMMIT_HELD not in said:
        raise ClientError(
            Code.INTERNAL,
            f"a commit of a held file should be refused with [{Code.COMMIT_HELD}]; "
            f"git left with {done.returncode}: {said}",
            f"{_MEND} once more; `lsp-orch daemon logs` says more",
        )
    return f"a commit of a held file was refused by {hooks}"


@contextmanager
def _held(folder: str) -> Iterator[None]:
    with Call() as call:
        ask = {"paths": [_NAME], "workspace": folder, "as": "lsp-orch doctor", "ttl_s": _LIMIT_S}
        lease = call.request("lease.acquire", ask)["lease"]
        try:
            yield
        finally:
            call.request("lease.release", {"ids": [lease["id"]]})


def _git(folder: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", "-C", folder, *arguments],
            env=kept | {"LSP_ORCH_MODE": "enforce"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClientError(Code.GIT_FAILED, f"git did not end within {_LIMIT_S:.0f} s", _MEND) from error
