"""Where paths really lead, on a real file system."""

import codecs
import os
from pathlib import Path

import pytest

from lsp_orch.adapters.paths import RealPaths
from lsp_orch.domain.errors import Code, Misuse

PATHS = RealPaths()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def test_a_path_is_seen_from_its_base_and_need_not_exist(root: Path) -> None:
    assert PATHS.canonical("sub/../a.py", str(root)) == f"{root}/a.py"
    assert PATHS.canonical("/elsewhere//./a.py", str(root)) == "/elsewhere/a.py"


def test_links_are_followed_to_the_end(root: Path) -> None:
    (root / "real").mkdir()
    (root / "door").symlink_to("real")
    (root / "real" / "link.py").symlink_to(root / "real" / "a.py")
    assert PATHS.canonical("door/link.py", str(root)) == f"{root}/real/a.py"


def test_links_that_lead_in_a_circle_have_one_name_all_the_same(root: Path) -> None:
    (root / "a").symlink_to(root / "b")
    (root / "b").symlink_to(root / "a")
    assert PATHS.canonical("a", str(root)) == PATHS.canonical("a", str(root))


def test_odd_bytes_can_be_stored_and_shown(root: Path) -> None:
    key = PATHS.canonical(os.fsdecode(b"caf\xe9.py"), str(root))
    assert key == rf"{root}/caf\xe9.py"
    assert key.encode("utf-8")


def test_every_letter_of_utf8_stays_as_it_is(root: Path) -> None:
    assert PATHS.canonical("Zürich 東京.py", str(root)) == f"{root}/Zürich 東京.py"


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_what_no_file_can_be_called_is_misuse(root: Path, path: str) -> None:
    with pytest.raises(Misuse, match="is not a path") as caught:
        PATHS.canonical(path, str(root))
    assert caught.value.refusal.code is Code.BAD_REQUEST
    assert caught.value.refusal.message.isascii()  # so that it can be shown itself


def test_the_nearest_checkout_is_the_workspace(root: Path) -> None:
    (root / "outer" / ".git").mkdir(parents=True)
    (root / "outer" / "inner").mkdir()
    (root / "outer" / "inner" / ".git").write_text("gitdir: elsewhere", encoding="utf-8")  # a worktree
    assert PATHS.workspace(f"{root}/outer/a.py") == f"{root}/outer"
    assert PATHS.workspace(f"{root}/outer/new/folder/a.py") == f"{root}/outer"
    assert PATHS.workspace(f"{root}/outer/inner/a.py") == f"{root}/outer/inner"
    assert PATHS.workspace(f"{root}/a.py") == ""


def test_a_folder_is_told_from_a_file(root: Path) -> None:
    (root / "a.py").touch()
    assert PATHS.is_folder(str(root))
    assert not PATHS.is_folder(f"{root}/a.py")
    assert not PATHS.is_folder(f"{root}/missing")


@pytest.mark.parametrize(
    ("content", "text", "same"),
    [
        (b"", "", True),
        (b"a\r\n", "a\r\n", True),
        ("é\n".encode(), "é\n", True),
        (codecs.BOM_UTF8 + b"a\n", "a\n", True),
        (b"a\n", "a", False),
        (b"a\n", "b\n", False),
        (b"xyz" + b"a\n", "a\n", False),
        (b"\xe9\n", "\ufffd\n", False),
        (b"???", "\ud800", False),
    ],
)
def test_a_file_says_just_its_text(root: Path, content: bytes, text: str, *, same: bool) -> None:
    (root / "a.py").write_bytes(content)
    assert PATHS.says(f"{root}/a.py", text) is same


def test_what_is_no_file_says_nothing(root: Path) -> None:
    os.mkfifo(root / "pipe")  # and to open it would wait for ever
    for name in ("missing", ".", "pipe"):
        assert not PATHS.says(str(root / name), "")


def test_a_disk_that_is_blind_to_case_knows_a_file_by_one_spelling(root: Path) -> None:
    blind = RealPaths(case_blind=True)
    (root / "Src").mkdir()
    (root / "Src" / "A.py").touch()
    wanted = f"{root}/Src/A.py"
    assert {blind.canonical(each, str(root)) for each in ("Src/A.py", "src/a.py", "SRC/a.PY")} == {wanted}
    new = {blind.canonical(each, str(root)) for each in ("src/New.py", "SRC/NEW.PY", "Src/new/../new.py")}
    assert new == {f"{root}/Src/new.py"}


def test_all_worktrees_of_a_repository_share_one_name(root: Path) -> None:
    (root / "main/.git/worktrees/side").mkdir(parents=True)
    (root / "main/.git/worktrees/side/commondir").write_text("../..\n")
    (root / "side").mkdir()
    (root / "side/.git").write_text(f"gitdir: {root}/main/.git/worktrees/side\n")
    assert PATHS.repository(f"{root}/main") == PATHS.repository(f"{root}/side") == f"{root}/main/.git"
    assert PATHS.repository(f"{root}/elsewhere") == f"{root}/elsewhere"
