"""Ask git, in the environment that git's hooks are given."""

import os
import subprocess

from lsp_orch.client.errors import ClientError

_LIMIT_S = 60.0


def ask(*arguments: str, stdin: bytes = b"", folder: str | None = None, none: int = 0) -> bytes:
    """What git answers, byte for byte; ``none`` is the exit status that means that there is nothing.

    Raises ClientError: ``git-missing``; ``git-failed`` with git's own last line, or ``not-a-repository``.
    """
    done = _run(arguments, stdin, folder)
    if done.returncode not in (0, none):
        raise _failed(arguments, done.stderr.decode(errors="backslashreplace").strip())
    return done.stdout


def line(*arguments: str, folder: str | None = None) -> str:
    """The same without its last newline; a path may hold more of them."""
    return os.fsdecode(ask(*arguments, folder=folder).removesuffix(b"\n"))


def names(answer: bytes) -> list[str]:
    """The entries of an answer that was asked for with ``-z``."""
    return [os.fsdecode(each) for each in answer.split(b"\0") if each]


def _run(
    arguments: tuple[str, ...], stdin: bytes, folder: str | None
) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            input=stdin,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise ClientError("git-missing", "git is not on the PATH", "install git") from error
    except subprocess.TimeoutExpired as error:
        raise ClientError("git-failed", f"git {arguments[0]} did not end within {_LIMIT_S:.0f} s") from error


def _failed(arguments: tuple[str, ...], said: str) -> ClientError:
    if "not a git repository" in said:
        return ClientError(
            "not-a-repository",
            "this folder is not inside a git repository",
            "go to one, or name it: --workspace DIR",
        )
    last = said.splitlines()[-1] if said else "it did not say why"
    return ClientError("git-failed", f"git {arguments[0]} failed: {last}")
