"""A plan's folders on disk: ``context`` is read-only, ``scratch/TASK`` is that task's."""

import errno
import stat
from collections.abc import Mapping
from pathlib import Path

from lsp_orch.adapters.whole_files import put
from lsp_orch.domain.errors import Code, Unavailable

_FILE, _FOLDER, _OPEN, _OWN = 0o400, 0o500, 0o700, 0o700


class PlanFolders:
    """The port ``ContextFiles``; ``root`` is a folder of the daemon's, outside of every checkout."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def share(self, plan_id: str, files: Mapping[str, str]) -> str:
        """Write what is not there or not as it must be; what else lies there is taken away."""
        folder = self._root / plan_id / "context"
        try:
            if not _is_as(folder, files):
                _write(folder, files)
        except OSError as error:
            raise _unavailable(folder, error) from error
        return str(folder)

    def scratch(self, plan_id: str, task_id: str) -> str:
        """Make it where it is missing; what a former attempt has left stays for the next."""
        folder = self._root / plan_id / "scratch" / task_id
        try:
            folder.mkdir(mode=_OWN, parents=True, exist_ok=True)
        except OSError as error:
            raise _unavailable(folder, error) from error
        return str(folder)

    def conventions(self, workspace: str, names: tuple[str, ...], most: int) -> dict[str, str]:
        """Read them; one that is a link to elsewhere, no text or not to be read counts as none."""
        top = Path(workspace).resolve()
        found = {}
        for name in names:
            file = (top / name).resolve()
            if file.is_relative_to(top) and file.is_file():
                try:
                    with file.open(encoding="utf-8") as stream:
                        found[name] = stream.read(most)
                except (OSError, UnicodeDecodeError):
                    continue  # they help, and no more
        return found


def _is_as(folder: Path, files: Mapping[str, str]) -> bool:
    """Whether it holds these files, read-only, and nothing else."""
    if not folder.is_dir() or stat.S_IMODE(folder.stat().st_mode) != _FOLDER:
        return False
    if {each.name for each in folder.iterdir()} != set(files):
        return False
    return all(_holds(folder / name, text) for name, text in files.items())


def _holds(file: Path, text: str) -> bool:
    found = file.lstat()
    data = text.encode()
    plain = stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == _FILE
    return plain and found.st_size == len(data) and file.read_bytes() == data


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(mode=_OPEN, parents=True, exist_ok=True)
    folder.chmod(_OPEN)
    for each in folder.iterdir():
        if each.name not in files or not each.is_file() or each.is_symlink():
            _take_away(each)
    for name, text in files.items():
        put(folder / name, text.encode(), _FILE)
    folder.chmod(_FOLDER)


def _take_away(path: Path) -> None:
    """Whatever somebody has put there: it is ours to be as it was."""
    if path.is_dir() and not path.is_symlink():
        path.chmod(_OPEN)
        for each in path.iterdir():
            _take_away(each)
        path.rmdir()
    else:
        path.unlink()


def _unavailable(folder: Path, error: OSError) -> Unavailable:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return Unavailable(
        Code.DISK_FULL if full else Code.HOME_READ_ONLY,
        f"{folder} cannot be written: {error.strerror}",
        "free some space, or set LSP_ORCH_HOME to where it can be",
    )
