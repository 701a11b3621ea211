"""What files say, in a folder of the daemon's: each content once, compressed, under its digest."""

import contextlib
import errno
import math
import os
import secrets
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from lsp_orch.adapters import whole_files
from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.version import ABSENT, Content
from lsp_orch.services.ports import Clock

_CHUNK = 256 * 1024
_LEVEL = 1  # whoever is about to write the file waits for it: speed counts more than a third of the size
_TRIES = 3  # for a file that changes while it is read
_ABANDONED_S = 3600.0  # nobody writes one content for so long
_PRIVATE = 0o700  # what is kept may be a secret of its owner
_DIGITS = sha256().digest_size * 2
_FULL = {errno.ENOSPC, errno.EDQUOT}


class StoredContents:
    """Implements the port ``Contents``; any thread may call it.

    A content ``abcd...`` is the file ``ab/cd...``. What is being written has another name until it is whole
    and on disk, and is renamed then: a crash leaves all of it or nothing.
    """

    def __init__(self, folder: Path, largest: int, clock: Clock) -> None:
        """``largest`` is the size in bytes of the largest file that is kept."""
        self._folder = folder
        self._largest = largest
        self._clock = clock

    def there(self, path: str) -> bool:
        """Whether there is anything at all: one quick look, also for an event loop."""
        return os.path.lexists(path)

    def look(self, path: str) -> Content | Refusal:
        """What a file says now, and nothing is kept."""
        return self._reading(path, self._sum)

    def keep(self, path: str) -> Content | Refusal:
        """The same, and it is on disk when this returns.

        Raises:
            Unavailable: the disk is full or cannot be written.
        """
        return self._reading(path, self._take_in)

    def has(self, digest: str) -> bool:
        """Whether this content is kept."""
        with contextlib.suppress(OSError):  # what cannot be seen is not kept: whoever keeps it is told why
            return self._file(digest).is_file()
        return False

    def read(self, digest: str) -> bytes:
        """Give a content back, checked against its digest.

        Raises:
            Unavailable: store-corrupt, naming the file. A damaged one is put aside, so that the same content
                can be kept anew.
        """
        file = self._file(digest)
        try:
            data = zlib.decompress(file.read_bytes())
        except FileNotFoundError:
            raise _damaged(file, "it is gone") from None
        except OSError as error:
            raise _damaged(file, _why(error)) from error
        except zlib.error as error:
            raise _damaged(_put_aside(file), str(error)) from error
        if sha256(data).hexdigest() != digest:
            raise _damaged(_put_aside(file), "it holds other bytes than were kept")
        return data

    def write(self, path: str, content: Content) -> None:
        """Let a file say this again, in one step; for ``ABSENT`` the file is taken away.

        Raises:
            Unavailable: content-not-restored where the file cannot be written, or as ``read`` does.
        """
        data = b"" if content.absent else self.read(content.digest)
        file = Path(path)
        try:
            if content.absent:
                file.unlink(missing_ok=True)
            else:
                _put(file, data)
        except OSError as error:
            raise Unavailable(
                Code.CONTENT_NOT_RESTORED,
                f"{path} was not restored and is as it was: {_why(error)}",
                "mend that and say it again, or take the content with `lsp-orch recover show`",
            ) from error

    def drop(self, digests: Iterable[str]) -> None:
        """Forget contents; nothing happens where one is not kept."""
        with _explained(self._folder):
            for digest in digests:
                self._file(digest).unlink(missing_ok=True)

    def stored(self, before: float) -> Sequence[str]:
        """The digest of every content that was first kept before that time (seconds since the epoch)."""
        with _explained(self._folder):
            old = [each for each in self._folder.glob("[0-9a-f][0-9a-f]/*") if _written(each) < before]
        digests = [f"{each.parent.name}{each.name}" for each in old]
        return [each for each in digests if len(each) == _DIGITS]

    def sweep(self) -> None:
        """Take away what a crash has left half-written; what may still be in work stays."""
        with _explained(self._folder):
            for part in self._folder.glob(".*.part"):
                if _written(part) < self._clock.now() - _ABANDONED_S:
                    part.unlink(missing_ok=True)

    def _file(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _reading(self, path: str, work: Callable[[BinaryIO], Content]) -> Content | Refusal:
        try:
            stream = _opened(path)
        except (FileNotFoundError, NotADirectoryError):
            return ABSENT
        except OSError as error:
            return _unkept(path, _why(error))
        with stream:
            try:
                return work(stream)
            except _UnreadableError as error:
                return _unkept(path, str(error))

    def _take_in(self, stream: BinaryIO) -> Content:
        """Read it twice: what is the same twice was no mixture of two states."""
        for _ in range(_TRIES):
            content = self._sum(stream)
            if self.has(content.digest):
                break
            before, content = content, self._store(stream)
            if content == before:
                break
        return content

    def _sum(self, stream: BinaryIO) -> Content:
        digest = sha256()
        for chunk in _chunks(stream, self._largest):
            digest.update(chunk)
        return Content(digest=digest.hexdigest(), size=stream.tell())

    def _store(self, stream: BinaryIO) -> Content:
        digest, packer = sha256(), zlib.compressobj(_LEVEL)
        part = self._folder / f".{secrets.token_hex(8)}.part"
        with _explained(self._folder):
            _make(self._folder)
            try:
                with part.open("xb") as sink:
                    for chunk in _chunks(stream, self._largest):
                        digest.update(chunk)
                        sink.write(packer.compress(chunk))
                    sink.write(packer.flush())
                    sink.flush()
                    os.fsync(sink.fileno())
                content = Content(digest=digest.hexdigest(), size=stream.tell())
                file = self._file(content.digest)
                _make(file.parent)
                part.replace(file)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            whole_files.sync(file.parent)
        return content


class _UnreadableError(Exception):
    """A file that cannot be kept; the text says why."""


def _opened(path: str) -> BinaryIO:
    """A regular file, and no link; a pipe does not make us wait."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return open(handle, "rb", buffering=0)  # noqa: PTH123 - the file is open already


def _chunks(stream: BinaryIO, largest: int) -> Iterator[bytes]:
    """A file from its beginning, whatever was read of it before."""
    try:
        stream.seek(0)
        while chunk := stream.read(_CHUNK):
            if stream.tell() > largest:
                raise _UnreadableError(f"it has more than {largest} bytes, see `recover.max_file_bytes`")
            yield chunk
    except OSError as error:
        raise _UnreadableError(_why(error)) from error


def _put(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        whole_files.put(file, data, stat.S_IMODE(file.stat().st_mode))
    else:
        whole_files.put(file, data)


def _make(folder: Path) -> None:
    """Make a folder for our eyes only, whose name is on disk before anything is in it."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(_PRIVATE, exist_ok=True)
    whole_files.sync(folder.parent)


def _written(file: Path) -> float:
    """When it was; never, where it has gone meanwhile."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _put_aside(file: Path) -> Path:
    aside = file.with_name(f"{file.name}.damaged")
    try:
        return file.replace(aside)
    except OSError:  # then it stays where it is, and is named there
        return file


def _damaged(file: Path, why: str) -> Unavailable:
    return Unavailable(
        Code.STORE_CORRUPT,
        f"the kept content {file} is damaged: {why}",
        "other versions are not touched by it: `lsp-orch recover list` shows them",
    )


def _unkept(path: str, why: str) -> Refusal:
    return Refusal(
        code=Code.CONTENT_NOT_KEPT,
        message=f"what {path} says is not kept: {why}",
        hint="if it matters, keep a copy yourself before it is written",
    )


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        raise Unavailable(
            Code.DISK_FULL if full else Code.HOME_READ_ONLY,
            f"the kept contents in {folder} cannot be written: {_why(error)}",
            "free some space; nothing was changed" if full else "make the folder writable",
        ) from error


def _why(error: OSError) -> str:
    return "it is a link" if error.errno == errno.ELOOP else error.strerror or str(error)
