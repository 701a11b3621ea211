"""Vaults on disk: the files are the truth, written whole or not at all, and never outside the vault."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lsp_orch.adapters import note_format, whole_files
from lsp_orch.adapters.front_matter import UnreadableError
from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.note import PERSONAL, Filed, Note, Scope, slug
from lsp_orch.services.ports import Clock, SettingsOf

LARGEST = 1024 * 1024  # bytes of a file that is read as a note

_YOUNG_S = 2.0  # a file changed so lately can change again without a trace in its times
_FOLDER = 0o755


class VaultFiles:
    """Each workspace's vault, and the personal one. Folders whose name begins with a dot are left alone."""

    def __init__(self, settings: SettingsOf, personal: Path, clock: Clock) -> None:
        """``settings`` name each workspace's vault; ``personal`` is the user's own."""
        self._settings = settings
        self._personal = personal
        self._clock = clock

    def root(self, workspace: str) -> Path:
        """The folder that holds a vault, whether or not it is there yet."""
        if workspace == PERSONAL:
            return self._personal
        return Path(workspace, self._settings(workspace).vault_path)

    def scan(self, workspace: str) -> dict[str, str] | Refusal:
        """Every Markdown file of a vault with its signature, which is empty when it is too young to tell."""
        root = self._checked(workspace)
        if isinstance(root, Refusal):
            return root
        settled = self._clock.now() - _YOUNG_S
        return {path: _signature(found, settled) for path, found in _walk(root)}

    def read(self, workspace: str, path: str) -> Filed | Refusal | None:
        """Read one file; None when it is gone, or no note because it is hidden or has no front matter."""
        if not is_note(path):
            return None
        root = self._checked(workspace, path)
        if isinstance(root, Refusal):
            return root
        scope = Scope.USER if workspace == PERSONAL else Scope.PROJECT
        try:
            text, found = _text(root / path)
            note = note_format.read(text, path, scope, float(int(found.st_mtime)))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnreadableError as error:
            return _unreadable(root / path, error)
        settled = self._clock.now() - _YOUNG_S
        signature = _signature(found, settled)
        return Filed(note=note, workspace=workspace, path=path, signature=signature) if note else None

    def add(self, workspace: str, note: Note) -> Filed | Refusal:
        """Write a new file, named for the title; a name that is taken gets the end of the id.

        Raises:
            Unavailable: the disk is full or cannot be written.
        """
        folder = note_format.FOLDERS[note.type]
        root = self._checked(workspace, folder)
        if isinstance(root, Refusal):
            return root
        with _explained(root):
            (root / folder).mkdir(_FOLDER, parents=True, exist_ok=True)
            file = whole_files.add(root / folder, _names(note), note_format.write(note))
        return self._read_back(workspace, f"{folder}/{file.name}")

    def change(self, old: Filed, note: Note) -> Filed | Refusal:
        """Bring the file of a note to a new state; only what differs between the two is touched.

        Raises:
            Unavailable: the disk is full or cannot be written.
        """
        root = self._checked(old.workspace, old.path)
        if isinstance(root, Refusal):
            return root
        file = root / old.path
        try:
            changed = note_format.rewrite(_text(file)[0], old.note, note)
        except UnreadableError as error:
            return _unreadable(file, error)
        except FileNotFoundError:
            return _unreadable(file, _gone())
        with _explained(file):
            whole_files.replace(file, changed)
        return self._read_back(old.workspace, old.path)

    def _read_back(self, workspace: str, path: str) -> Filed | Refusal:
        return self.read(workspace, path) or _unreadable(self.root(workspace) / path, _gone())

    def _checked(self, workspace: str, below: str = "") -> Path | Refusal:
        """The vault's folder, unless a link leads out of the workspace, or ``below`` out of the vault."""
        root = self.root(workspace)
        real = os.path.realpath(root)
        if workspace != PERSONAL and not _within(real, os.path.realpath(workspace)):
            return _outside(str(root), workspace)
        if not _within(os.path.realpath(root / below), real):
            return _outside(str(root / below), str(root))
        return Path(real)


def is_note(path: str) -> bool:
    """Whether a file of this path in the vault can be a note; hidden files and folders are left alone."""
    return path.endswith(".md") and not any(part.startswith(".") for part in path.split("/"))


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            if is_note(name):
                file = os.path.join(folder, name)  # noqa: PTH118 - ten thousand of them
                with contextlib.suppress(FileNotFoundError):  # removed while we look: it is not there
                    yield os.path.relpath(file, root).replace(os.sep, "/"), os.lstat(file)


def _text(file: Path) -> tuple[str, os.stat_result]:
    """What is in a file that is no link; a pipe does not make us wait."""
    if str(file) != _shown(file):
        raise UnreadableError(1, "its name is not UTF-8; rename it")
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as stream:  # noqa: PTH123 - the file is open already
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableError(1, "it is no regular file")
            if found.st_size > LARGEST:
                raise UnreadableError(1, f"it has {found.st_size} bytes; a note has at most {LARGEST}")
            raw = stream.read(LARGEST)
        return raw.decode(), found
    except UnicodeDecodeError as error:
        raise UnreadableError(raw.count(b"\n", 0, error.start) + 1, "it is not UTF-8") from error
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise UnreadableError(1, _why(error)) from error


def _names(note: Note) -> tuple[str, ...]:
    title, own = slug(note.title), slug(note.id)
    return f"{title}.md", f"{title}-{own[-4:]}.md", f"{title}-{own}.md"


def _signature(found: os.stat_result, settled: float) -> str:
    return f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}" if found.st_mtime < settled else ""


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def _explained(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = Code.DISK_FULL if full else Code.VAULT_READ_ONLY
        hint = (
            "make room and say it again"
            if full
            else "make the folder writable, or set `vault.path` to another"
        )
        raise Unavailable(code, f"the note was not written to {where}: {_why(error)}", hint) from error


def _why(error: OSError) -> str:
    return "it is a link" if error.errno == errno.ELOOP else error.strerror or str(error)


def _gone() -> UnreadableError:
    return UnreadableError(1, "somebody else has just replaced it")


def _unreadable(file: Path, error: UnreadableError) -> Refusal:
    return Refusal(
        code=Code.NOTE_UNREADABLE,
        message=f"{_shown(file)}:{error.line}: {error}",
        hint="mend the file in any editor; it is read again as soon as it is saved",
    )


def _outside(path: str, folder: str) -> Refusal:
    return Refusal(
        code=Code.PATH_OUTSIDE,
        message=f"{path} leads out of {folder}",
        hint="notes live inside the vault: replace the link by a folder, or set `vault.path`",
    )
