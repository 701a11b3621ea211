"""The note format, as vault/README.md promises it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.adapters.front_matter import UnreadableError
from lsp_orch.adapters.note_format import read, rewrite, write
from lsp_orch.domain.note import Draft, Note, Scope, Source, Type, make
from tests.fixtures.vault import NOW

VAULT = Path(__file__).parents[2] / "vault"


def parsed(text: str, path: str = "x.md") -> Note:
    note = read(text, path, Scope.PROJECT, NOW)
    assert note is not None
    return note


def test_the_example_in_the_readme_is_a_note_with_every_key() -> None:
    example = re.search(
        r"```markdown\n(.*?)```", (VAULT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert example is not None
    assert parsed(example[1]) == Note(
        id="note-8k2m0c4v9xqa",
        type=Type.PITFALL,
        title="The parser keeps the file open on Windows",
        body="`Parser.read` maps the file; on Windows nobody can replace it until the map is closed."
        " Close it before writing.",
        tags=("parser", "windows"),
        paths=("src/parser.py", "tests/"),
        scope=Scope.PROJECT,
        created=NOW,
        updated=NOW,
        source=Source(session="7f0c2a", task="task-3v9k2m0c4xqa", commit="0c43118"),
        confidence=0.9,
        supersedes=("note-1a2b3c4d5e6f",),
        expires=1_826_755_200.0,
    )


def test_the_readme_itself_is_no_note() -> None:
    assert read((VAULT / "README.md").read_text(encoding="utf-8"), "README.md", Scope.PROJECT, NOW) is None


@pytest.mark.parametrize("file", sorted(VAULT.glob("decisions/*.md")), ids=lambda file: file.stem)
def test_each_decision_of_this_project_is_a_note(file: Path) -> None:
    note = parsed(file.read_text(encoding="utf-8"), file.relative_to(VAULT).as_posix())
    assert note.type is Type.DECISION


def test_a_written_note_is_read_back() -> None:
    draft = Draft(
        title="yes: no # x", body="---\nx", tags=("a: b", "1"), confidence=0.5, expires=NOW, paths=("*.py",)
    )
    note = make(draft, "note-1", NOW)
    assert parsed(write(note)) == note


def test_a_person_may_leave_everything_out() -> None:
    note = parsed("---\n---\nhello", "decisions/why.md")
    assert (note.id, note.type, note.title, note.created) == ("decisions/why", Type.DECISION, "why", NOW)


def test_a_rewritten_note_keeps_what_is_not_ours() -> None:
    text = "---\nmine: {a:  1} # keep\ntitle:  a\n---\n\nbody\n\n\n"
    note = parsed(text)
    assert rewrite(text, note, note) == text
    changed = rewrite(text, note, replace(note, tags=("t",)))
    assert changed == text.replace("a\n---", "a\ntags: [t]\n---")
    assert parsed(rewrite(text, note, replace(note, body="other"))).body == "other"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("type", "nonsense"),
        ("confidence", "2"),
        ("confidence", "much"),
        ("created", "soon"),
        ("created", "7"),
        ("tags", "{a: 1}"),
        ("tags", "[[a]]"),
        ("title", "[a]"),
        ("source", "{task: [a]}"),
        ("expires", "2026-02-30"),
    ],
)
def test_a_wrong_value_names_its_key_or_line(key: str, value: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parsed(f"---\nmine: 1\n{key}: {value}\n---\n")
    assert key in str(caught.value) or "makes no sense" in str(caught.value)
