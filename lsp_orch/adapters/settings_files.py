"""The settings that people write into files: a user's own, and a workspace's."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from lsp_orch.domain import layers
from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.layers import Layer, Source, Value
from lsp_orch.domain.settings import Settings
from lsp_orch.services.ports import Clock

USER_FILE = "config.toml"
WORKSPACE_FILE = "lsp-orch.toml"
PROJECT_FILE = "pyproject.toml"  # its table [tool.lsp-orch]

GLANCE_S = 0.02
"""For how long one with a clock does not look at a file again."""

_TABLE = ("tool", "lsp-orch")
_Key: TypeAlias = tuple[str, ...]
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class SettingsFiles:
    """Reads the layers; ``folder`` holds the user's file.

    One request asks several times: with a clock, the files are looked at once in ``GLANCE_S`` seconds.

    Raises (from every method but ``sound``):
        Misuse: bad-setting, naming the file and the line.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], clock: Clock | None = None) -> None:
        self._user = folder / USER_FILE
        self._environment = dict(environment)
        self._known: dict[str, tuple[_Stamp, Settings]] = {}
        self._names: dict[str, tuple[str, ...]] = {}  # of `files`: every request asks
        self._clock = clock
        self._seen: dict[str, tuple[float, Settings]] = {}  # sound at that moment of a clock that nobody sets

    def of(self, workspace: str = "") -> Settings:
        """What counts in a workspace, or without one; read again when a file has changed."""
        if self._clock is None:
            return self._looked(workspace)
        now, seen = self._clock.steady(), self._seen.get(workspace)
        if seen and now - seen[0] < GLANCE_S:
            return seen[1]
        settings = self._looked(workspace)
        self._seen[workspace] = now, settings
        return settings

    def sound(self, workspace: str = "") -> Settings:
        """As ``of``, for what must go on while a file is wrong: then with what counted before.

        That is the workspace's own where it was ever sound, else what counts without one; call ``of`` first.
        """
        try:
            return self.of(workspace)
        except Misuse:
            return (self._known.get(workspace) or self._known[""])[1]

    def values(self, workspace: str = "", environment: Mapping[str, str] | None = None) -> dict[str, Value]:
        """Every key with its value and where that came from; ``environment`` in place of our own."""
        read = [_read(self._user, Source.USER, ())]
        if workspace:
            read += [
                _read(Path(workspace, PROJECT_FILE), Source.WORKSPACE, _TABLE),
                _read(Path(workspace, WORKSPACE_FILE), Source.WORKSPACE, ()),
            ]
        variables = self._environment if environment is None else environment
        return layers.layered(*read, layers.from_environment(variables))

    def files(self, workspace: str = "") -> list[Path]:
        """The files that count, the weakest first, whether they are there or not."""
        return [self._user] + [Path(workspace, name) for name in (PROJECT_FILE, WORKSPACE_FILE) if workspace]

    def _looked(self, workspace: str) -> Settings:
        names = self._names.get(workspace)
        if names is None:
            names = self._names[workspace] = tuple(map(str, self.files(workspace)))
        stamp = tuple(map(_stamp, names))
        known = self._known.get(workspace)
        if known is None or known[0] != stamp:
            known = self._known[workspace] = (stamp, layers.settings(self.values(workspace)))
        return known[1]


def _read(path: Path, source: Source, table: _Key) -> Layer:
    text = _text(path)
    if table and table[-1] not in text:
        return {}  # somebody else's file: whether it is well formed is not for us to say
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = at[1] if at else len(text.splitlines())  # else it ends too early
        raise Misuse(
            Code.BAD_SETTING, f"{path}:{line}: this is not TOML: {error}", "mend it, or move the file away"
        ) from error
    found: dict[str, Value] = {}
    for key, value in _leaves(_within(document, table, path, text)):
        where = f"{path}:{line_of(text, (*table, *key))}"
        found[".".join(key)] = layers.parse(".".join(key), value, source, where)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""  # most people write none
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(
            Code.BAD_SETTING, f"{path} can't be read: {error}", "mend the file, or move it away"
        ) from error


def _within(document: dict[str, Any], table: _Key, path: Path, text: str) -> dict[str, Any]:
    for depth, name in enumerate(table, start=1):
        inner: Any = document.get(name, {})
        if not isinstance(inner, dict):
            where, whole = f"{path}:{line_of(text, table[:depth])}", ".".join(table)
            raise Misuse(Code.BAD_SETTING, f"{where}: {whole} must be a table", f"write it as [{whole}]")
        document = inner
    return document


def _leaves(document: dict[str, Any], above: _Key = ()) -> Iterator[tuple[_Key, Any]]:
    """Every value by its whole key, whichever way its tables are written; an empty table counts as one."""
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def line_of(text: str, key: _Key) -> int:
    """The line, from 1, where a key of a well-formed document is written.

    A document that is cut off between two lines parses exactly when no value is left open, so the key's
    statement begins behind the longest beginning that parses without it: TOML's grammar stays tomllib's.
    """
    lines = text.split("\n")

    def beginning(end: int) -> dict[str, Any] | None:
        try:
            return tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            return None  # a value goes on in the next line

    without, having = 0, len(lines)
    while having - without > 1:
        middle = (without + having) // 2
        whole = next((end for end in range(middle, without, -1) if beginning(end) is not None), without)
        if whole == without:  # nothing but one long value up to the middle
            whole = next(end for end in range(middle + 1, having + 1) if beginning(end) is not None)
            if _has(beginning(whole), key) or whole == having:
                break
        if _has(beginning(whole), key):
            having = whole
        else:
            without = whole
    return without + 1


def _has(document: Any, key: _Key) -> bool:
    for name in key:
        if not isinstance(document, dict) or name not in document:
            return False
        document = document[name]
    return True


def _stamp(name: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116 - a name is quicker than a Path, and this runs at each request
    except OSError:
        return None  # reading it says what is wrong, if anything is
    return found.st_mtime_ns, found.st_size, found.st_ino
