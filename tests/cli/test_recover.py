"""``lsp-orch recover`` with the real daemon, on what was kept before it started."""

import subprocess
from pathlib import Path

import pytest

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Content, Version, Why
from lsp_orch.services.recovery import Recovery
from lsp_orch.store.base import Tx
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import FakeClock, SerialIds
from tests.fixtures.daemon import Instance
from tests.fixtures.versions import BOB

BINARY = bytes(range(256)) * 3


@pytest.fixture
def kept(instance: Instance) -> list[Version]:
    """``data.bin`` said three things, a second after each other, and says the last of them now."""
    state = instance.home / "state"
    state.mkdir(parents=True)
    clock, store = FakeClock(), SqliteStore(state / "default.db")
    contents = StoredContents(state / "default-contents", 1 << 20, clock)
    recovery = Recovery(contents, clock, SerialIds(), Settings())
    file = instance.workspace / "data.bin"
    versions = []
    for data in (b"first\n", BINARY, b"now\n"):
        file.write_bytes(data)
        clock.advance(1)
        versions.append(_note(store, recovery, file, contents.keep(str(file))))
    store.close()
    return versions


def test_what_is_kept_is_listed_shown_and_restored(instance: Instance, kept: list[Version]) -> None:
    listed = instance.json("recover", "list")["versions"]
    assert [each["id"] for each in listed] == [each.id for each in kept[::-1]]
    assert {each["path"] for each in listed} == {"data.bin"}
    assert instance.json("recover", "list", "data.bin", "--limit", "1")["versions"] == listed[:1]
    told = instance.cli("recover", "list", "data.bin")
    assert all(word in told.stdout for word in (kept[0].id, "data.bin", "768", "Bob", "before-write"))
    restored = instance.json("recover", "restore", "data.bin")
    assert restored["restored"] == listed[1]
    assert (instance.workspace / "data.bin").read_bytes() == BINARY
    again = instance.cli("recover", "restore", "data.bin", "--id", "nonsense")
    assert again.returncode == 2
    back = instance.cli("recover", "restore", "--id", restored["replaced"]["id"])
    assert back.returncode == 0
    assert "data.bin says again what it said at 2027-01-15T08:00:03.000Z" in back.stdout
    assert (instance.workspace / "data.bin").read_bytes() == b"now\n"
    assert "says that already" in instance.cli("recover", "restore", "--id", kept[2].id).stdout


@pytest.mark.usefixtures("kept")
def test_bytes_go_to_stdout_as_they_are(instance: Instance) -> None:
    assert _raw(instance, "recover", "show", "data.bin") == BINARY
    assert _raw(instance, "recover", "show", "data.bin", "--before", "2027-01-15T08:00:02Z") == b"first\n"
    assert (
        instance.json("recover", "show", "data.bin", "--before", "2027-01-15T08:00:02Z")["text"] == "first\n"
    )


@pytest.mark.usefixtures("kept")
def test_a_time_without_a_zone_is_the_time_here(instance: Instance) -> None:
    instance.env["TZ"] = "Asia/Kolkata"
    shown = instance.json("recover", "show", "data.bin", "--before", "2027-01-15 13:30:02")
    assert shown["text"] == "first\n"


@pytest.mark.usefixtures("kept")
def test_a_held_file_is_refused_and_only_a_person_may_force_it(instance: Instance) -> None:
    instance.json("lease", "acquire", "data.bin", "--as", "ada")
    error = instance.json("recover", "restore", "data.bin", status=1)["error"]
    assert error["code"] == "lease-held"
    assert "ada" in error["message"]
    instance.env["CLAUDE_CODE_SESSION_ID"] = "s1"
    error = instance.json("recover", "restore", "data.bin", "--force", status=1)["error"]
    assert error["code"] == "lease-held"
    assert "only a person" in error["hint"]
    assert (instance.workspace / "data.bin").read_bytes() == b"now\n"
    del instance.env["CLAUDE_CODE_SESSION_ID"]
    assert instance.json("recover", "restore", "data.bin", "--force")["changed"]
    assert (instance.workspace / "data.bin").read_bytes() == BINARY


@pytest.mark.usefixtures("kept")
def test_what_is_not_kept_or_not_understood_says_so(instance: Instance) -> None:
    assert instance.json("recover", "show", "other", status=1)["error"]["code"] == "version-not-found"
    assert instance.json("recover", "list", "other")["versions"] == []
    assert instance.cli("recover", "list", "other").stdout == "Nothing is kept.\n"
    for wrong in (
        ["show"],
        ["restore"],
        ["show", "a", "--before", "noon"],
        ["restore", "--id", "x", "--before", "2027"],
    ):
        assert instance.json("recover", *wrong, status=2)["error"]["code"] == "bad-request"


@pytest.mark.usefixtures("kept")
def test_a_damaged_content_is_named_and_touches_nothing(instance: Instance) -> None:
    folder = instance.home / "state" / "default-contents"
    for file in folder.glob("??/*"):
        file.write_bytes(b"\0")
    error = instance.json("recover", "restore", "data.bin", status=1)["error"]
    assert error["code"] == "store-corrupt"
    assert str(folder) in error["message"]
    assert (instance.workspace / "data.bin").read_bytes() == b"now\n"


@pytest.mark.usefixtures("kept")
def test_pruning_leaves_the_newest(instance: Instance) -> None:
    (instance.home / "config").mkdir()
    (instance.home / "config" / "config.toml").write_text("recover.max_bytes = 1\n", encoding="utf-8")
    assert instance.json("recover", "prune", "--dry-run") == {"versions": 0, "contents": 0, "bytes": 0}
    assert "Gone: 0 versions" in instance.cli("recover", "prune").stdout
    assert len(instance.json("recover", "list")["versions"]) == 3


def test_what_was_absent_is_told(instance: Instance, kept: list[Version]) -> None:
    (instance.workspace / "data.bin").unlink()
    restored = instance.json("recover", "restore", "--id", kept[0].id)
    done = instance.cli("recover", "show", "--id", restored["replaced"]["id"])
    assert (done.returncode, done.stdout) == (0, "")
    assert "There was no file data.bin then" in done.stderr
    gone = instance.cli("recover", "restore", "--id", restored["replaced"]["id"])
    assert "data.bin is gone again, as it was" in gone.stdout
    assert not (instance.workspace / "data.bin").exists()


def _note(store: SqliteStore, recovery: Recovery, file: Path, content: object) -> Version:
    assert isinstance(content, Content)

    def work(tx: Tx) -> Version | None:
        return recovery.note(tx, str(file), content, BOB, Why.BEFORE_WRITE)

    with store.transaction() as tx:
        version = work(tx)
    assert version
    return version


def _raw(instance: Instance, *arguments: str) -> bytes:
    return subprocess.run(
        instance.command(*arguments),
        cwd=instance.workspace,
        env=instance.env,
        capture_output=True,
        check=True,
    ).stdout
