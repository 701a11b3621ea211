"""Contents on disk: each once, whole or not at all, and never given back other than they were."""

import errno
import os
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Barrier, Thread
from typing import BinaryIO, NoReturn, Self

import pytest

from lsp_orch.adapters import contents as module
from lsp_orch.adapters.contents import StoredContents
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.version import ABSENT, Content
from tests.fixtures.clock import START, FakeClock
from tests.fixtures.versions import content, refused

REPOSITORY = Path(__file__).parents[2]
LARGEST = 1000_000
TEXT = b"def f():\n    return 1\n" * 5000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "contents"


@pytest.fixture
def contents(folder: Path) -> StoredContents:
    return StoredContents(folder, LARGEST, FakeClock())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a.py"
    file.write_bytes(TEXT)
    return file


def kept(contents: StoredContents, file: Path) -> Content:
    found = contents.keep(str(file))
    assert isinstance(found, Content)
    return found


def stored(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.is_file())


def test_a_content_is_given_back_byte_for_byte(contents: StoredContents, tmp_path: Path) -> None:
    for number, data in enumerate((b"", b"\0\r\n\xff", TEXT, os.urandom(LARGEST))):
        file = tmp_path / str(number)
        file.write_bytes(data)
        assert kept(contents, file) == content(data)
        assert contents.read(content(data).digest) == data
        assert contents.has(content(data).digest)


def test_a_content_is_compressed_and_for_its_owner_only(
    contents: StoredContents, folder: Path, file: Path
) -> None:
    digest = kept(contents, file).digest
    assert stored(folder) == [folder / digest[:2] / digest[2:]]
    assert stored(folder)[0].stat().st_size < len(TEXT) / 20
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_same_content_is_kept_once(contents: StoredContents, folder: Path, file: Path) -> None:
    first = kept(contents, file)
    (before,) = stored(folder)
    written = before.stat().st_mtime_ns
    other = file.with_name("b.py")
    other.write_bytes(TEXT)
    assert kept(contents, other) == first
    assert [each.stat().st_mtime_ns for each in stored(folder)] == [written]


def test_a_look_keeps_nothing(contents: StoredContents, folder: Path, file: Path) -> None:
    assert contents.look(str(file)) == content(TEXT)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["nothing", "no/folder/either", "a.py/below a file"])
def test_where_no_file_is_its_content_is_known_to_be_absent(
    contents: StoredContents, file: Path, name: str
) -> None:
    assert contents.keep(f"{file.parent}/{name}") == ABSENT


def test_a_file_that_is_too_large_is_refused_with_the_limit(
    contents: StoredContents, folder: Path, file: Path
) -> None:
    file.write_bytes(b"x" * LARGEST)
    kept(contents, file)
    before = stored(folder)
    file.write_bytes(b"x" * (LARGEST + 1))
    refusal = refused(contents.keep(str(file)))
    assert refusal.code is Code.CONTENT_NOT_KEPT
    assert f"{file}" in refusal.message
    assert f"more than {LARGEST} bytes" in refusal.message
    assert "recover.max_file_bytes" in refusal.message
    assert stored(folder) == before


def test_what_is_no_regular_file_is_refused_and_nobody_waits_for_it(
    contents: StoredContents, file: Path
) -> None:
    os.mkfifo(file.with_name("pipe"))
    file.with_name("link").symlink_to(file)
    for name, why in (("pipe", "no regular file"), ("link", "it is a link"), ("", "no regular file")):
        refusal = refused(contents.keep(str(file.parent / name)))
        assert refusal.code is Code.CONTENT_NOT_KEPT
        assert why in refusal.message


def test_a_file_that_cannot_be_read_is_refused(
    contents: StoredContents, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", broken)
        assert "Input/output error" in refused(contents.keep(str(file))).message
    with monkeypatch.context() as patch:
        patch.setattr(module, "_opened", lambda _: _Breaking())
        assert "Input/output error" in refused(contents.keep(str(file))).message
    assert not folder.exists()


@pytest.mark.parametrize("reading", [1, 2, 3])
def test_a_file_that_is_written_while_it_is_read_is_kept_as_it_was_at_one_time(
    contents: StoredContents, file: Path, monkeypatch: pytest.MonkeyPatch, reading: int
) -> None:
    real, old, new = module._chunks, b"a" * LARGEST, b"b" * LARGEST
    readings = count(1)

    def chunks(stream: BinaryIO, largest: int) -> Iterator[bytes]:
        number = next(readings)
        for each in real(stream, largest):
            yield each
            if number == reading:
                file.write_bytes(new)

    file.write_bytes(old)
    monkeypatch.setattr(module, "_chunks", chunks)
    assert kept(contents, file) == content(old if reading == 3 else new)


def test_a_file_that_never_stands_still_is_kept_somehow(
    contents: StoredContents, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, readings = module._chunks, count()

    def chunks(stream: BinaryIO, largest: int) -> Iterator[bytes]:
        file.write_bytes(b"%d" % next(readings))
        return real(stream, largest)

    monkeypatch.setattr(module, "_chunks", chunks)
    found = kept(contents, file)
    assert found == content(contents.read(found.digest))


def test_a_damaged_content_is_noticed_named_put_aside_and_kept_anew(
    contents: StoredContents, folder: Path, file: Path
) -> None:
    digest = kept(contents, file).digest
    (where,) = stored(folder)
    whole = where.read_bytes()
    aside = where.with_name(f"{where.name}.damaged")
    for damaged in (b"", whole[:-9], b"\0" + whole[1:], zlib.compress(b"other")):
        where.write_bytes(damaged)
        with pytest.raises(Unavailable, match=f"{aside} is damaged") as caught:
            contents.read(digest)
        assert caught.value.refusal.code is Code.STORE_CORRUPT
        assert caught.value.refusal.hint
        assert aside.read_bytes() == damaged
        assert contents.stored(1e18) == []
        assert kept(contents, file).digest == digest
        assert contents.read(digest) == TEXT


def test_a_content_that_is_gone_is_named(contents: StoredContents, folder: Path, file: Path) -> None:
    digest = kept(contents, file).digest
    (where,) = stored(folder)
    where.unlink()
    assert not contents.has(digest)
    with pytest.raises(Unavailable, match=f"{where} is damaged: it is gone"):
        contents.read(digest)


def test_a_full_disk_leaves_nothing_behind_and_says_so(
    contents: StoredContents, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def full(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match=f"{folder} cannot be written: No space left") as caught:
            contents.keep(str(file))
    assert caught.value.refusal.code is Code.DISK_FULL
    assert stored(folder) == []
    assert kept(contents, file) == content(TEXT)


def test_a_folder_that_cannot_be_made_is_not_taken_for_a_file_that_is_not_there(
    contents: StoredContents, folder: Path, file: Path
) -> None:
    folder.parent.write_bytes(b"a file, where a folder must be")
    with pytest.raises(Unavailable, match=f"{folder} cannot be written") as caught:
        contents.keep(str(file))
    assert caught.value.refusal.code is Code.HOME_READ_ONLY
    assert not contents.has(content(TEXT).digest)


def test_a_content_is_on_disk_before_it_has_its_name_and_its_name_before_it_is_acknowledged(
    contents: StoredContents, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, sync, rename = [], os.fsync, Path.replace

    def noted_sync(handle: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    def noted_rename(part: Path, target: Path) -> Path:
        done.append(f"{part} -> {target}")
        return rename(part, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    digest = kept(contents, file).digest
    parent_of_folder, part, parent_of_target, renamed, target = done
    assert (parent_of_folder, parent_of_target) == (str(folder.parent), str(folder))
    assert part.endswith(".part")
    assert renamed == f"{part} -> {folder / digest[:2] / digest[2:]}"
    assert target == str(folder / digest[:2])


@pytest.mark.parametrize("halt", ["write", "fsync", "replace"])
def test_kill_9_in_mid_write_leaves_all_of_a_content_or_nothing(
    folder: Path, tmp_path: Path, halt: str
) -> None:
    acknowledged = _killed(folder, tmp_path, halt, lambda lines: lines[-1] == "halted")
    parts = list(folder.glob(".*.part"))
    assert len(parts) == 1
    assert parts[0].stat().st_size > 0
    _all_is_whole(folder, acknowledged)
    assert len(acknowledged) == len(StoredContents(folder, LARGEST, FakeClock()).stored(1e18)) == 1


def test_kill_9_at_any_moment_loses_nothing_that_was_kept(folder: Path, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for _ in range(3):
        acknowledged += _killed(folder, tmp_path, "nothing", lambda lines: len(lines) >= 15)
    assert len(set(acknowledged)) >= 45
    _all_is_whole(folder, acknowledged)


def test_what_a_crash_left_half_written_is_swept_and_what_is_in_work_stays(folder: Path, file: Path) -> None:
    clock = FakeClock()
    contents = StoredContents(folder, LARGEST, clock)
    digest = kept(contents, file).digest
    left = folder / ".0123.part"
    left.write_bytes(b"half")
    os.utime(left, (START, START))
    clock.advance(3600)
    contents.sweep()
    assert left.exists()
    clock.advance(1)
    contents.sweep()
    assert not left.exists()
    assert contents.read(digest) == TEXT


def test_sweeping_and_dropping_where_nothing_was_ever_kept_is_no_error(contents: StoredContents) -> None:
    contents.sweep()
    contents.drop([content(TEXT).digest])
    assert contents.stored(1e18) == []


def test_what_is_dropped_is_gone_and_nothing_else(contents: StoredContents, file: Path) -> None:
    first = kept(contents, file)
    file.write_bytes(b"second")
    second = kept(contents, file)
    assert sorted(contents.stored(1e18)) == sorted([first.digest, second.digest])
    contents.drop([first.digest, first.digest])
    assert contents.stored(1e18) == [second.digest]
    assert not contents.has(first.digest)
    assert contents.read(second.digest) == b"second"


def test_what_is_stored_is_told_by_its_age(contents: StoredContents, folder: Path, file: Path) -> None:
    digest = kept(contents, file).digest
    os.utime(stored(folder)[0], (START, START))
    assert contents.stored(START) == []
    assert contents.stored(START + 1) == [digest]


def test_several_threads_keep_the_same_at_once(contents: StoredContents, folder: Path, file: Path) -> None:
    barrier, found = Barrier(8), []

    def keep() -> None:
        barrier.wait()
        found.append(contents.keep(str(file)))

    threads = [Thread(target=keep) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [content(TEXT)] * 8
    assert len(stored(folder)) == 1
    assert contents.read(content(TEXT).digest) == TEXT


def test_a_file_says_again_what_was_kept_and_keeps_its_mode(contents: StoredContents, file: Path) -> None:
    file.chmod(0o777)  # more than a umask would let through
    before = kept(contents, file)
    file.write_bytes(b"other")
    contents.write(str(file), before)
    assert file.read_bytes() == TEXT
    assert stat.S_IMODE(file.stat().st_mode) == 0o777
    assert [each.name for each in file.parent.iterdir() if each.is_file()] == ["a.py"]


def test_a_file_that_is_gone_comes_back_with_its_folder(contents: StoredContents, file: Path) -> None:
    before = kept(contents, file)
    again = file.parent / "new" / "folder" / "b.py"
    contents.write(str(again), before)
    assert again.read_bytes() == TEXT


def test_what_was_absent_is_taken_away(contents: StoredContents, file: Path) -> None:
    for _ in range(2):
        contents.write(str(file), ABSENT)
        assert not file.exists()


def test_a_file_that_cannot_be_written_is_named_and_is_as_it_was(
    contents: StoredContents, file: Path
) -> None:
    before = kept(contents, file)
    for path in (str(file.parent), f"{file}/below"):
        with pytest.raises(Unavailable, match=f"{path} was not restored") as caught:
            contents.write(path, before)
        assert caught.value.refusal.code is Code.CONTENT_NOT_RESTORED
        assert "recover show" in caught.value.refusal.hint
    assert file.read_bytes() == TEXT
    assert not list(file.parent.parent.glob(".*.part"))


def test_a_damaged_content_is_never_written_into_a_file(
    contents: StoredContents, folder: Path, file: Path
) -> None:
    before = kept(contents, file)
    stored(folder)[0].write_bytes(zlib.compress(b"other"))
    file.write_bytes(b"now")
    with pytest.raises(Unavailable, match="is damaged"):
        contents.write(str(file), before)
    assert file.read_bytes() == b"now"


class _Breaking:
    """A file on a disk that has just broken."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def seek(self, _: int) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")


def _killed(folder: Path, files: Path, halt: str, enough: object) -> list[str]:
    """Start the child, kill it when it has said enough, and return what it had acknowledged until then."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.keep_until_killed", folder, files, halt],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    assert callable(enough)
    with child:
        assert child.stdout is not None
        while not lines or not enough(lines):
            line = child.stdout.readline()
            assert line, "the child ended by itself"
            lines.append(line.rstrip("\n"))
        child.kill()
        lines += [line.rstrip("\n") for line in child.stdout.read().splitlines(keepends=True) if "\n" in line]
    return [line for line in lines if line != "halted"]


def _all_is_whole(folder: Path, acknowledged: list[str]) -> None:
    """Every content that can be seen is what its name says; and what was acknowledged is there."""
    contents = StoredContents(folder, LARGEST, FakeClock())
    seen = contents.stored(1e18)
    assert set(acknowledged) <= set(seen)
    assert [sha256(contents.read(each)).hexdigest() for each in seen] == list(seen)
