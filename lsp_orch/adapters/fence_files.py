"""Fences as files: the local settings of the sessions in a folder, which their clients watch."""

import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from lsp_orch.adapters import whole_files
from lsp_orch.adapters.git_command import GitCommand
from lsp_orch.domain.errors import Code, OrchError, Unavailable
from lsp_orch.domain.sandbox_settings import fenced, named

_FILE = Path(".claude") / "settings.local.json"


class FenceFiles:
    """The port ``Fences``; ``records``, a folder of the daemon's, says after a crash what was added where."""

    def __init__(self, records: Path, environment: Mapping[str, str] | None = None) -> None:
        self._records = records
        self._git = GitCommand(os.environ if environment is None else environment)

    def put(self, folder: str, paths: Sequence[str]) -> None:
        """Let those who work in ``folder`` write none of ``paths``, and all that was fenced before."""
        file, record = Path(folder) / _FILE, self._record(folder)
        ours = _ours(record)
        if not paths and not record.exists():
            return
        document, there = _read(file), file.exists()
        if paths and not record.exists() and self._tracked(folder):
            raise _unable(file, "it is under version control, and a fence there would be committed")
        # what a person has denied themselves is not ours to take away
        wanted = [each for each in paths if each in ours or each not in named(document)]
        after = fenced(document, ours, wanted)
        try:
            self._note(record, folder, sorted({*ours, *wanted}))  # before: nothing is ever there unknown
            _write(file, after, there=there)
            if wanted:
                self._note(record, folder, wanted)
            else:
                record.unlink()
        except OSError as error:
            raise _unable(file, str(error.strerror)) from error

    def left(self) -> list[str]:
        """The folders in which a daemon that has died left a fence."""
        found = (json.loads(each.read_text(encoding="utf-8")) for each in self._records.glob("*.json"))
        return [str(each["folder"]) for each in found]

    def _note(self, record: Path, folder: str, paths: Sequence[str]) -> None:
        self._records.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"folder": folder, "paths": paths})
        whole_files.put(record, text.encode("utf-8", "surrogateescape"), 0o600)

    def _record(self, folder: str) -> Path:
        return self._records / f"{sha256(folder.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.json"

    def _tracked(self, folder: str) -> bool:
        try:
            return bool(self._git.line(folder, "ls-files", "--", str(_FILE)))
        except OrchError:  # in no repository nothing is committed
            return False


def _ours(record: Path) -> frozenset[str]:
    if not record.exists():
        return frozenset()
    return frozenset(json.loads(record.read_text(encoding="utf-8"))["paths"])


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8") or "{}")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unable(file, f"it cannot be read ({error})") from error
    if not isinstance(document, dict):
        raise _unable(file, "it is no JSON object")
    return document


def _write(file: Path, document: Mapping[str, Any], *, there: bool) -> None:
    """In one step; a file in which nothing is left was ours."""
    if document:
        file.parent.mkdir(exist_ok=True)
        whole_files.put(file, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    elif there:
        file.unlink()


def _unable(file: Path, why: str) -> Unavailable:
    return Unavailable(
        Code.FENCE_MISSING,
        f"what others hold cannot be fenced in {file}: {why}",
        "mend the file; until then a worker's shell is only asked, not hindered",
    )
