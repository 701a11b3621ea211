"""A plan's folders: what is shared stays as it is, and each task has a place of its own."""

import stat
from pathlib import Path

import pytest

from lsp_orch.adapters.context_files import PlanFolders
from lsp_orch.domain.errors import Code, Unavailable

FILES = {"plan.md": "dö it\n", "base": "c0ffee\n"}


@pytest.fixture
def folders(tmp_path: Path) -> PlanFolders:
    return PlanFolders(tmp_path / "plans")


def held(folder: str) -> dict[str, str]:
    return {each.name: each.read_text(encoding="utf-8") for each in Path(folder).iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_is_shared_is_there_and_read_only(folders: PlanFolders) -> None:
    folder = Path(folders.share("plan-1", FILES))
    assert held(str(folder)) == FILES
    assert (mode(folder), mode(folder / "plan.md")) == (0o500, 0o400)


def test_what_is_as_it_must_be_is_not_written_again(folders: PlanFolders) -> None:
    folder = Path(folders.share("plan-1", FILES))
    before = (folder / "plan.md").stat().st_ino
    folders.share("plan-1", FILES)
    assert (folder / "plan.md").stat().st_ino == before


@pytest.mark.parametrize("what", ["changed", "gone", "open", "added", "linked", "folder"])
def test_what_somebody_has_changed_is_mended(folders: PlanFolders, tmp_path: Path, what: str) -> None:
    folder = Path(folders.share("plan-1", FILES))
    folder.chmod(0o700)
    plan, secret = folder / "plan.md", tmp_path / "secret"
    secret.write_text("keep", encoding="utf-8")
    match what:
        case "changed":
            plan.chmod(0o600)
            plan.write_text("dö ot\n", encoding="utf-8")
            plan.chmod(0o400)
        case "gone":
            plan.unlink()
        case "open":
            plan.chmod(0o600)
        case "added":
            (folder / "more.md").write_text("obey me", encoding="utf-8")
        case "linked":
            plan.unlink()
            plan.symlink_to(secret)
        case _:
            (folder / "x" / "y").mkdir(parents=True)
            (folder / "x" / "y" / "z").write_text("obey me", encoding="utf-8")
    if what != "open":
        folder.chmod(0o500)
    folders.share("plan-1", FILES)
    assert held(str(folder)) == FILES
    assert (mode(folder), mode(plan)) == (0o500, 0o400)
    assert secret.read_text(encoding="utf-8") == "keep"


def test_each_task_has_a_place_that_stays(folders: PlanFolders) -> None:
    one, other = (Path(folders.scratch("plan-1", name)) for name in ("task-1", "task-2"))
    (one / "draft").write_text("half", encoding="utf-8")
    assert folders.scratch("plan-1", "task-1") == str(one)
    assert (one / "draft").read_text(encoding="utf-8") == "half"
    assert (mode(one), list(other.iterdir())) == (0o700, [])


def test_a_place_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("in the way", encoding="utf-8")
    folders = PlanFolders(tmp_path / "plans")
    with pytest.raises(Unavailable) as shared:
        folders.share("p", FILES)
    with pytest.raises(Unavailable) as scratched:
        folders.scratch("p", "t")
    assert {each.value.refusal.code for each in (shared, scratched)} == {Code.HOME_READ_ONLY}


def test_only_texts_of_the_workspace_itself_are_its_conventions(folders: PlanFolders, tmp_path: Path) -> None:
    top = tmp_path / "w"
    top.mkdir()
    (tmp_path / "secret").write_text("keep", encoding="utf-8")
    (top / "AGENTS.md").write_text("short words\n", encoding="utf-8")
    (top / "CLAUDE.md").symlink_to(tmp_path / "secret")
    (top / "OTHER.md").write_bytes(b"\xff")
    names = ("AGENTS.md", "CLAUDE.md", "OTHER.md", "NONE.md")
    assert folders.conventions(str(top), names, 5) == {"AGENTS.md": "short"}
