"""Whether this machine can shut a worker's shell in, and what must stay writable for it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lsp_orch.adapters.git_command import GitCommand
from lsp_orch.domain.errors import Code, OrchError, Unavailable
from lsp_orch.domain.settings import Sandbox

_LIMIT_S = 20.0
_PROGRAMS = ("bwrap", "socat")
_TRY = ("--ro-bind", "/", "/", "--dev", "/dev", "--unshare-net", "--unshare-pid")
_TMP = "/tmp"  # noqa: S108 - of its own in each sandbox
_MEND = (
    "apt-get install bubblewrap socat (or their like) and let user namespaces be made,"
    " or set tasks.sandbox = off"
)
# What the sandbox shows in place of files that nobody may make; `git add --all` stumbles over devices.
_SHOWN = (
    *("/.claude/", "/.idea", "/.vscode", "/.mcp.json", "/.ripgreprc", "/.gitconfig", "/.gitmodules"),
    *("/.bashrc", "/.bash_profile", "/.profile", "/.zshrc", "/.zprofile"),
)


def probe(environment: Mapping[str, str] = os.environ) -> bool:
    """Start something in a sandbox, for real; whether it must do without a /proc of its own.

    Raises:
        Unavailable: sandbox-missing.
    """
    path = environment.get("PATH", os.defpath)
    if missing := [each for each in _PROGRAMS if shutil.which(each, path=path) is None]:
        raise _unable(f"there is no {' and no '.join(missing)} on the PATH")
    first = _start(path, "--proc", "/proc")
    if not first:
        return False
    if _start(path):
        raise _unable(f"bwrap cannot make one here: {first}")
    return True


def around(wish: Sandbox, folder: str, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """What a command is started by that reads everything, reaches no network and writes to ``folder`` only.

    Its /tmp and its cache are its own. Empty where there shall be or can be no sandbox.

    Raises:
        Unavailable: sandbox-missing, where it is required.
    """
    if wish is Sandbox.OFF:
        return ()
    try:
        nested = probe(environment)
    except OrchError:
        if wish is Sandbox.REQUIRE:
            raise
        return ()
    place = os.path.realpath(folder)
    repository = str(Path(_absolute(place, _common(place, environment))).parent)  # it may lie in /tmp itself
    own = ("--tmpfs", _TMP, "--ro-bind", repository, repository, "--bind", place, place)
    proc = () if nested else ("--proc", "/proc")
    ends = ("--setenv", "XDG_CACHE_HOME", f"{_TMP}/cache", "--die-with-parent", "--chdir", place)
    return ("bwrap", *_TRY, *proc, *own, *ends)


def git_folders(folder: str, branches: str, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """What git writes when somebody commits on one of ``branches`` in a worktree, beside the worktree."""
    common = _absolute(folder, _common(folder, environment))
    own = _absolute(folder, GitCommand(environment).line(folder, "rev-parse", "--git-dir"))
    if common == own:
        return ()  # inside the folder itself
    shared = ("objects", f"refs/heads/{branches}", f"logs/refs/heads/{branches}")
    return (*(str(Path(common) / each) for each in shared), own)


def ignore_file(file: Path, folder: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Write ``file`` so that git ignores what the sandbox shows; the variables that make git read it.

    It takes the place of the user's own one, and says the same.
    """
    own = _own_ignore_file(folder, environment)
    theirs = own.read_text(encoding="utf-8", errors="surrogateescape") if own.is_file() else ""
    text = "\n".join((theirs.rstrip("\n"), *_SHOWN, ""))
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.excludesFile",
        "GIT_CONFIG_VALUE_0": str(file),
    }


def _own_ignore_file(folder: str, environment: Mapping[str, str]) -> Path:
    try:
        named = GitCommand(environment).try_line(folder, "config", "--path", "--get", "core.excludesFile")
    except OrchError:  # no git: then nothing of it is ignored
        named = ""
    home = Path(environment.get("HOME") or Path.home())
    default = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "ignore"
    return Path(named) if named else default


def _start(path: str, *options: str) -> str:
    """Empty when it could be started, else what bwrap says."""
    try:
        done = subprocess.run(
            ["bwrap", *_TRY, *options, "true"],
            env={"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
            text=True,
            errors="backslashreplace",
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    said = done.stderr.strip() or f"exit status {done.returncode}"
    return said if done.returncode else ""


def _common(folder: str, environment: Mapping[str, str]) -> str:
    return GitCommand(environment).line(folder, "rev-parse", "--git-common-dir")


def _absolute(folder: str, path: str) -> str:
    return os.path.realpath(Path(folder) / path)


def _unable(why: str) -> Unavailable:
    return Unavailable(Code.SANDBOX_MISSING, f"workers' shells cannot be shut in: {why}", _MEND)
