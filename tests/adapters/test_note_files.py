"""Vaults on disk: whole files, nothing outside, and a clear word about what cannot be read."""

import os
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.note import PERSONAL, Draft, Filed, confirm, make
from tests.fixtures.vault import NOW, Bench

DRAFT = Draft(title="One daemon", body="why")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def added(bench: Bench, note_id: str = "note-1") -> Filed:
    filed = bench.files.add(bench.workspace, make(DRAFT, note_id, NOW))
    assert isinstance(filed, Filed)
    return filed


def refused(bench: Bench, path: str, code: Code = Code.NOTE_UNREADABLE) -> str:
    refusal = bench.files.read(bench.workspace, path)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    return refusal.message


def test_a_name_that_is_taken_gets_the_end_of_the_id(bench: Bench) -> None:
    paths = [added(bench, note_id).path for note_id in ("note-1", "note-ab12cd34", "note-zz12cd34")]
    assert paths == [
        "references/one-daemon.md",
        "references/one-daemon-cd34.md",
        "references/one-daemon-note-zz12cd34.md",
    ]


def test_a_file_that_is_no_utf_8_is_named_with_its_line(bench: Bench) -> None:
    file = bench.write("a.md", b"---\ntitle: a\n---\n\ncaf\xe9\n")
    assert refused(bench, "a.md") == f"{file}:5: it is not UTF-8"


def test_broken_front_matter_is_named_with_its_line(bench: Bench) -> None:
    file = bench.write("a.md", "---\ntitle: a\nmine: 1\ntype: nonsense\n---\n")
    assert refused(bench, "a.md").startswith(f"{file}:4: type: expected one of decision, ")


def test_a_huge_file_is_refused_and_not_read(bench: Bench) -> None:
    with bench.write("a.md", "---\n---\n").open("r+b") as file:
        file.truncate(50_000_000)
    assert "50000000 bytes" in refused(bench, "a.md")


def test_a_pipe_named_like_a_note_makes_nobody_wait(bench: Bench) -> None:
    os.mkfifo(bench.vault / "a.md")
    assert "no regular file" in refused(bench, "a.md")


def test_a_file_name_that_is_no_utf_8_is_refused_and_hides_no_other(bench: Bench) -> None:
    filed = added(bench)
    Path(os.fsdecode(os.fsencode(bench.vault) + b"/caf\xe9.md")).write_text(
        "---\ntitle: a\n---\n", encoding="utf-8"
    )
    scanned = bench.files.scan(bench.workspace)
    assert isinstance(scanned, dict)
    assert len(scanned) == 2
    (odd,) = scanned.keys() - {filed.path}
    assert "caf\\xe9.md:1: its name is not UTF-8" in refused(bench, odd)


def test_links_out_of_the_vault_are_refused(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("---\ntitle: secret\n---\n", encoding="utf-8")
    (bench.vault / "link.md").symlink_to(outside / "secret.md")
    (bench.vault / "references").symlink_to(outside)
    refused(bench, "link.md", Code.PATH_OUTSIDE)
    refused(bench, "references/secret.md", Code.PATH_OUTSIDE)
    assert bench.files.read(bench.workspace, "../outside/secret.md") is None
    refusal = bench.files.add(bench.workspace, make(DRAFT, "note-1", NOW))
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.PATH_OUTSIDE
    assert [each.name for each in outside.iterdir()] == ["secret.md"]


def test_a_link_inside_the_vault_is_no_note(bench: Bench) -> None:
    filed = added(bench)
    (bench.vault / "link.md").symlink_to(bench.vault / filed.path)
    assert "it is a link" in refused(bench, "link.md")


def test_the_personal_vault_may_be_a_link(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "synced").mkdir()
    bench.personal.parent.mkdir()
    bench.personal.symlink_to(tmp_path / "synced")
    assert isinstance(bench.files.add(PERSONAL, make(DRAFT, "note-1", NOW)), Filed)


def test_a_young_file_has_no_signature(bench: Bench) -> None:
    file = bench.write("a.md", "---\n---\n")
    os.utime(file, (NOW - 1, NOW - 1))
    assert bench.files.scan(bench.workspace) == {"a.md": ""}
    os.utime(file, (NOW - 3, NOW - 3))
    scanned = bench.files.scan(bench.workspace)
    assert isinstance(scanned, dict)
    assert scanned["a.md"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = added(bench)
    before = (bench.vault / old.path).read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unavailable) as changed:
        bench.files.change(old, confirm(old.note, Draft(title="x", tags=("new",)), NOW + 1))
    with pytest.raises(Unavailable) as new:
        bench.files.add(bench.workspace, make(DRAFT, "note-2", NOW))
    assert {changed.value.refusal.code, new.value.refusal.code} == {Code.DISK_FULL}
    assert (bench.vault / old.path).read_bytes() == before
    assert [each.name for each in (bench.vault / old.path).parent.iterdir()] == ["one-daemon.md"]


def test_a_private_note_stays_private_when_it_is_changed(bench: Bench) -> None:
    old = added(bench)
    (bench.vault / old.path).chmod(0o600)
    bench.files.change(old, confirm(old.note, Draft(title="x", tags=("new",)), NOW + 1))
    assert (bench.vault / old.path).stat().st_mode & 0o777 == 0o600


def test_a_note_that_was_removed_meanwhile_is_not_brought_back(bench: Bench) -> None:
    old = added(bench)
    (bench.vault / old.path).unlink()
    refusal = bench.files.change(old, confirm(old.note, DRAFT, NOW + 1))
    assert isinstance(refusal, Refusal)
    assert not (bench.vault / old.path).exists()
