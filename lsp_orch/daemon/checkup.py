"""What ``lsp-orch doctor`` tries and ``config path`` tells, put together from the parts that know."""

from collections.abc import Callable
from pathlib import Path

from lsp_orch.adapters import claude_version, programs, sandbox
from lsp_orch.adapters.places import places
from lsp_orch.adapters.settings_files import SettingsFiles
from lsp_orch.client.places import here
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.settings import Sandbox
from lsp_orch.services.ports import Git


def tries(
    files: SettingsFiles, git: Git, notes: Callable[[str], int], watching: Callable[[], bool]
) -> dict[str, Callable[[str], str]]:
    """Each check by its name: tried for a workspace, it says what it saw, or raises OrchError."""

    def settings(workspace: str) -> str:
        places = [each.where for each in files.values(workspace).values() if each.where]
        return (
            f"valid; {len(places)} set: {', '.join(places)}" if places else "none is set: the defaults count"
        )

    def repository(workspace: str) -> str:
        return f"{git.top_level(workspace)} at {git.head(workspace)[:12]}"

    def vault(workspace: str) -> str:
        return f"{notes(workspace)} notes can be read"

    def watcher(_: str) -> str:
        if watching():
            return "changed note files are noticed"
        raise Unavailable(
            Code.INTERNAL, "changed note files are not noticed", "run `lsp-orch daemon restart`"
        )

    def claude(workspace: str) -> str:
        said = programs.claude_version(files.of(workspace).claude)
        claude_version.refuse_old(said)
        return said

    def shut_in(workspace: str) -> str:
        if files.of(workspace).tasks_sandbox is Sandbox.OFF:
            return "tasks.sandbox is off: a worker's shell is asked, not hindered"
        nested = " (without a /proc of its own)" if sandbox.probe() else ""
        return f"workers' shells are shut in by bubblewrap{nested}"

    return {
        "settings": settings,
        "git": lambda _: programs.git_version(),
        "repository": repository,
        "claude": claude,
        "sandbox": shut_in,
        "vault": vault,
        "note watcher": watcher,
    }


def paths(files: SettingsFiles, workspace: str) -> dict[str, str]:
    """Where this daemon and a workspace keep what."""
    ours, sockets = places(), here()
    user, *theirs = map(str, files.files(workspace))
    return {
        "user settings": user,
        **{f"workspace settings ({Path(each).name})": each for each in theirs},
        "state": str(ours.state),
        "data": str(ours.data),
        "log": sockets.log,
        "socket": sockets.endpoint if sockets.tcp else sockets.socket,
    }
