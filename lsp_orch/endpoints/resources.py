"""Resources as people write them: ``src/a.py``, ``src/``, ``src/**/*.py``, ``port:8080``, ``git:commit``."""

import re
from collections.abc import Callable, Iterable
from pathlib import PurePath

from lsp_orch.domain import glob
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.scope import MOST, OPERATIONS, Kind, Scope
from lsp_orch.services.ports import Paths

_LAST_PORT = 65535
_ON_A_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class Resources:
    """Reads what somebody in a workspace names."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._named: dict[str, Callable[[str, str], Scope]] = {
            "git": self._operation,
            "mcp": lambda name, _: Scope(Kind.MCP, _name("mcp", name)),
            "port": lambda number, _: Scope(Kind.PORT, _port(number)),
            "terminal": lambda name, _: Scope(Kind.TERMINAL, _name("terminal", name)),
        }

    def read(self, texts: Iterable[str], workspace: str, cwd: str) -> tuple[Scope, ...] | Refusal:
        """What the texts stand for, each once; relative paths are seen from ``cwd``.

        A folder, or a path with a slash at its end, is the folder with all below it; what holds one of
        ``*?[{`` is a pattern unless there is a file of that very name. Refused: path-outside and
        lease-too-broad.

        Raises:
            Misuse: a text stands for nothing that there can be.
        """
        named = dict.fromkeys(texts)
        if len(named) > MOST:
            return _too_many(len(named))  # before the disk is asked about each
        found: dict[Scope, None] = {}
        for text in named:
            scope = self._one(text, workspace, cwd)
            if isinstance(scope, Refusal):
                return scope
            found[scope] = None
        return tuple(found)

    def _one(self, text: str, workspace: str, cwd: str) -> Scope | Refusal:
        kind, colon, rest = text.partition(":")
        if colon and kind in self._named:
            return self._named[kind](rest, workspace)
        path = self._paths.canonical(text, cwd)
        if _ON_A_DRIVE.match(text) and path.endswith(f"/{text}") and not self._paths.exists(path):
            return _elsewhere(text, workspace)  # a path of Windows, where there are no drives
        if glob.is_glob(text) and not self._paths.exists(path):
            return self._pattern(text, workspace, cwd)
        if refusal := _outside(text, path, workspace):
            return refusal
        folder = text.endswith("/") or self._paths.is_folder(path)
        return Scope(Kind.DIR if folder else Kind.FILE, path)

    def _pattern(self, text: str, workspace: str, cwd: str) -> Scope | Refusal:
        names = text.split("/")
        plain = next(index for index, name in enumerate(names) if glob.is_glob(name))
        head = self._paths.canonical("/".join(names[:plain]) + "/" if plain else ".", cwd)
        key = f"{glob.escape(head).rstrip('/')}/{'/'.join(names[plain:])}"
        if ".." in names[plain:]:
            raise Misuse(Code.BAD_REQUEST, f"{text}: `..` cannot come after a pattern")
        patterns = glob.parse(key)
        if refusal := _outside(text, glob.anchor(patterns), workspace):
            return refusal
        if glob.everywhere(patterns, workspace):
            return _too_broad(text)
        return Scope(Kind.DIR, head) if names[plain:] == ["**"] else Scope(Kind.GLOB, key)

    def _operation(self, name: str, workspace: str) -> Scope:
        if name not in OPERATIONS:
            raise Misuse(Code.BAD_REQUEST, f"git:{name} is none of git:{', git:'.join(OPERATIONS)}")
        return Scope(Kind.GIT, f"{name} {self._paths.repository(workspace)}")


def shown(scope: Scope, workspace: str) -> str:
    """A scope as people write it: relative to the workspace, with slashes; a folder ends with one."""
    match scope.kind:
        case Kind.FILE:
            return _relative(scope.key, workspace)
        case Kind.DIR:
            return f"{_relative(scope.key, workspace) or '.'}/".replace("//", "/")
        case Kind.GLOB:
            return _relative(scope.key, glob.escape(workspace))
        case Kind.GIT:
            return f"git:{scope.key.partition(' ')[0]}"
        case _:
            return f"{scope.kind}:{scope.key}"


def _relative(path: str, workspace: str) -> str:
    if workspace and path == workspace:
        return ""
    return path.removeprefix(f"{workspace.rstrip('/')}/") if workspace else path


def _outside(text: str, path: str, workspace: str) -> Refusal | None:
    if path == workspace or path.startswith(f"{workspace.rstrip('/')}/"):
        return None
    return _elsewhere(text, workspace)


def _elsewhere(text: str, workspace: str) -> Refusal:
    return Refusal(
        code=Code.PATH_OUTSIDE,
        message=f"{text} is outside the workspace {workspace}",
        hint="run the command inside the checkout that holds the file, or name it with --workspace",
    )


def _too_broad(text: str) -> Refusal:
    return Refusal(
        code=Code.LEASE_TOO_BROAD,
        message=f"{text} matches every file of the workspace",
        hint="name what you are about to change; if it is really everything, ask for the folder itself: ./",
    )


def _too_many(count: int) -> Refusal:
    return Refusal(
        code=Code.LEASE_TOO_BROAD,
        message=f"{count} resources are more than one lease can hold ({MOST})",
        hint="ask for the folder that holds them, or for a pattern",
    )


def _port(text: str) -> str:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _LAST_PORT):
        raise Misuse(Code.BAD_REQUEST, f"port:{text} is no port from 1 to {_LAST_PORT}")
    return str(int(text))


def _name(kind: str, text: str) -> str:
    if not text or not text.isprintable() or PurePath(text).name != text:
        raise Misuse(Code.BAD_REQUEST, f"{kind}:{text} needs a name without slashes")
    return text
