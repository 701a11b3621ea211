"""The programs that we start for people: where they are, and whether they are new enough."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lsp_orch.domain.errors import Code, Unavailable

GIT_LEAST = (2, 38)  # `git merge-tree` that writes a tree
_LIMIT_S = 20.0  # a first start from a cold disk is slow
_NPM = "npm install -g @anthropic-ai/claude-code"


def find_claude(program: str) -> str | None:
    """Where ``program`` is: on the PATH, else beside our own interpreter, as in a virtual environment."""
    return shutil.which(program) or shutil.which(program, path=str(Path(sys.executable).parent))


def claude_version(program: str) -> str:
    """``2.1.329 (...), PATH``.

    Raises:
        Unavailable: claude-missing, also when it is there and does not run.
    """
    found = find_claude(program)
    if found is None:
        raise Unavailable(
            Code.CLAUDE_MISSING,
            f"there is no program {program}; tasks need Claude Code",
            f"{_NPM}, or set LSP_ORCH_CLAUDE to its path and run `lsp-orch daemon restart`",
        )
    try:
        said = say_claude_version(found)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(
            Code.CLAUDE_MISSING, f"{found} does not run: {error}", f"install it again: {_NPM}"
        ) from error
    return f"{said}, {found}"


def say_claude_version(found: str) -> str:
    """``2.1.329 (Claude Code)``; raises OSError or SubprocessError where it does not run."""
    with tempfile.TemporaryDirectory(prefix="lo-") as home:
        return _say_version(found, _stranger(home))


def git_version() -> str:
    """``git version 2.39.5``.

    Raises:
        Unavailable: git-missing, also when it is too old for us.
    """
    least = ".".join(map(str, GIT_LEAST))
    mend = f"install git {least} or newer"
    try:
        said = _say_version("git", os.environ)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(Code.GIT_MISSING, f"git does not run: {error}", mend) from error
    numbers = re.findall(r"\d+", said)[:2]
    if tuple(map(int, numbers)) < GIT_LEAST:
        raise Unavailable(Code.GIT_MISSING, f"{said} is older than {least}", mend)
    return said


def _stranger(home: str) -> dict[str, str]:
    """An environment in which it finds nothing of the user's and calls nobody."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "CLAUDE_CONFIG_DIR": home,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
    }


def _say_version(program: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [program, "--version"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_LIMIT_S,
        check=True,
        text=True,
        errors="backslashreplace",
    )
    return done.stdout.strip()
