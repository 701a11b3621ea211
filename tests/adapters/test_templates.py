"""Templates in files: ours come with the package, users add theirs and replace ours."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from lsp_orch.adapters.templates import LARGEST, OURS, TemplateFiles
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.template import Kind, Shelf, Template

ROOT = Path(__file__).parents[2]


def shelf(folder: str = "") -> Shelf:
    found = TemplateFiles().shelf(folder)
    assert isinstance(found, Shelf), found
    return found


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_ours_are_all_sound_and_the_pipelines_whole() -> None:
    found = shelf()
    assert list(found.of[Kind.ROLE]) == ["documentation", "performance", "security", "testing"]
    full = found.pipeline("full")
    assert isinstance(full, Template)
    assert full.stages == ("research", "plan", "implement", "integrate")
    assert found.words(full).stages == {
        "research": False,
        "plan": False,
        "implement": True,
        "integrate": True,
    }
    assert all(isinstance(found.pipeline(name), Template) for name in found.of[Kind.PIPELINE])


def test_ours_are_in_the_wheel(tmp_path: Path) -> None:
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    names = set(zipfile.ZipFile(built).namelist())
    ours = {f"lsp_orch/templates/{file.relative_to(OURS).as_posix()}" for file in OURS.rglob("*.md")}
    assert len(ours) == 10
    assert ours <= names


def test_a_users_file_is_added_and_replaces_ours(tmp_path: Path) -> None:
    write(tmp_path, "roles/legal.md", "---\nabout: Reads licences.\n---\nRead them.\n")
    write(tmp_path, "stages/research.md", "---\nabout: Mine.\nwrites: true\ntools: [Read]\n---\nMine.\n")
    found = shelf(str(tmp_path))
    assert found.of[Kind.ROLE]["legal"].text == "Read them."
    mine = found.of[Kind.STAGE]["research"]
    assert (mine.about, mine.writes, mine.tools) == ("Mine.", True, ("Read",))
    assert "implement" in found.of[Kind.STAGE]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Read them.", "front matter"),
        ("---\nabout: x\nmodel: opus\n---\ny", "line 3: there is no key model"),
        ("---\nabout: 3\n---\ny", "line 2: about must be a text"),
        ("---\nabout: x\nwrites: maybe\n---\ny", "line 3: writes"),
        ("---\nabout: x\ntools: Read\n---\ny", "line 3: tools"),
        ("---\nabout: x\ntools: [1]\n---\ny", "line 3: tools"),
        ("---\nabout: x\n---\n", "says nothing"),
        ("---\nabout: [\n---\ny", "line "),
        ("---\nabout: x\n---\n" + "y" * LARGEST, "at most"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = write(tmp_path, "roles/legal.md", text)
    refusal = TemplateFiles().shelf(str(tmp_path))
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.TEMPLATE_INVALID
    assert refusal.message.startswith(f"{file}: ")
    assert told in refusal.message


def test_a_folder_in_place_of_a_file_and_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "roles/a.md").mkdir(parents=True)
    assert isinstance(TemplateFiles().shelf(str(tmp_path)), Refusal)
    (tmp_path / "roles/a.md").rmdir()
    (tmp_path / "roles/a.md").write_bytes(b"---\nabout: \xff\n---\ny")
    refusal = TemplateFiles().shelf(str(tmp_path))
    assert isinstance(refusal, Refusal)
    assert "cannot be read" in refusal.message
