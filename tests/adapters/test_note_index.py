"""The index: any question is answered, a thousand notes too, and a broken file mends itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lsp_orch.adapters.note_index import NoteIndexFile
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.note import PERSONAL, Draft, Filed, Scope, make
from lsp_orch.domain.recall import Filter, rank
from lsp_orch.domain.words import question
from tests.fixtures.vault import NOW

PROJECT = "/work/project"
VAULTS = (PROJECT, PERSONAL)


def filed(
    number: int, title: str, body: str = "", paths: tuple[str, ...] = (), workspace: str = PROJECT
) -> Filed:
    note = make(Draft(title=title, body=body, paths=paths), f"note-{number}", NOW + number)
    if workspace == PERSONAL:
        note = replace(note, scope=Scope.USER)
    return Filed(note=note, workspace=workspace, path=f"{number}.md", signature=str(number))


def found(index: NoteIndexFile, text: str) -> list[str]:
    ranked = rank(index.matches(question(text), VAULTS, Filter()))
    return [each.note.id for each in index.read([each.key for each in ranked])]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[NoteIndexFile]:
    index = NoteIndexFile(tmp_path / "deep" / "index.sqlite3")
    yield index
    index.close()


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoteIndexFile]:
    index = NoteIndexFile(tmp_path_factory.mktemp("index") / "index.sqlite3")
    words = ["parser", "daemon", "socket", "lease", "editor", "index", "token", "merge"]
    index.put(
        filed(
            number,
            f"{words[number % 8]} {words[number // 8 % 8]} {number}",
            f"fact {number * 7919 % 1000} of many",
        )
        for number in range(1000)
    )
    yield index
    index.close()


def test_a_thousand_notes_answer_with_the_one_that_fits(thousand: NoteIndexFile) -> None:
    assert thousand.count(VAULTS) == 1000
    assert found(thousand, "what was the lease daemon 451?")[0] == "note-451"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=300))
@example('"')
@example("NEAR(a b, 3) AND title : x* ^y NOT {z}")
@example("-*()[]{}:^\x00'\"")
@example("\ud800 lone")
@example("word " * 20_000)
@example(" ".join(f"w{number}" for number in range(20_000)))
@example("x" * 100_000)
@example("日本語のメモ и русский ﷺ ² Ⅷ")
def test_any_text_is_a_question(thousand: NoteIndexFile, text: str) -> None:
    found(thousand, text)


def test_stems_humps_tags_and_dates_are_found(index: NoteIndexFile) -> None:
    index.put([filed(1, "Closing noteIndexFile leaks"), filed(2, "Unrelated")])
    for asked in ("closes", "index", "leak", "November 2026", "21 November"):
        assert "note-1" in found(index, asked), asked
    assert found(index, "closes") == ["note-1"]


def test_paths_are_no_words(index: NoteIndexFile) -> None:
    index.put([filed(1, "A fact", paths=("src/parser.py",))])
    assert found(index, "parser") == []


def test_paths_find_their_notes(index: NoteIndexFile) -> None:
    notes = {
        1: ("src/parser.py",),
        2: ("src/",),
        3: ("src/*.py", "docs"),
        4: ("*.md",),
        5: ("srcs/parser.py",),
        6: ("a[1]*/x.py",),
    }
    index.put(filed(number, f"fact {number}", paths=paths) for number, paths in notes.items())

    def about(path: str) -> set[int]:
        return {int(each.note.id.removeprefix("note-")) for each in index.on_path(path, VAULTS)}

    assert about("src/parser.py") == {1, 2, 3}
    assert about("src") == {1, 2, 3}
    assert about("docs/guide.md") == {3, 4}
    assert about("a[1]*") == {6}
    assert about("elsewhere") == set()


def test_putting_a_file_again_replaces_what_it_held(index: NoteIndexFile) -> None:
    index.put([filed(1, "alpha", paths=("a",)), filed(2, "beta")])
    index.put([filed(1, "gamma", paths=("b",))])
    assert (found(index, "alpha"), found(index, "gamma")) == ([], ["note-1"])
    assert (index.on_path("a", VAULTS), len(index.on_path("b", VAULTS))) == ((), 1)
    assert index.signatures(PROJECT) == {"1.md": "1", "2.md": "2"}
    with index._working() as db:
        assert db.table("note_path").count == 1
    index.drop(PROJECT, ["1.md"])
    assert (found(index, "gamma"), index.on_path("b", VAULTS), index.count(VAULTS)) == ([], (), 1)


def test_workspaces_do_not_see_each_other(index: NoteIndexFile) -> None:
    index.put(
        [filed(1, "alpha"), filed(2, "alpha", workspace=PERSONAL), filed(3, "alpha", workspace="/other")]
    )
    assert found(index, "alpha") == ["note-1", "note-2"]
    assert [each.note.id for each in index.newest(VAULTS, Filter(), 9)] == ["note-1", "note-2"]
    assert index.by_id("note-3", VAULTS) == ()


def broken(file: Path) -> None:
    file.write_bytes(b"no database" * 500)


def newer(file: Path) -> None:
    index = NoteIndexFile(file)
    with index._working() as db:
        db.table("_sqlite_migrations").insert(
            {"migration_set": "note-index", "name": "from_the_future", "applied_at": "2099"}
        )
    index.close()


@pytest.mark.parametrize("damage", [broken, newer])
def test_a_file_that_cannot_be_understood_is_replaced_and_it_is_said(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(damage)
    file = tmp_path / "index.sqlite3"
    damage(file)
    index = NoteIndexFile(file)
    with pytest.raises(Unavailable) as caught:
        index.count(VAULTS)
    assert caught.value.refusal.code is Code.STORE_CORRUPT
    assert "built anew" in caplog.text
    index.put([filed(1, "alpha")])
    assert found(index, "alpha") == ["note-1"]
    index.close()


def test_an_index_that_cannot_be_opened_says_that_the_notes_are_safe(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite3").mkdir()
    with pytest.raises(Unavailable) as caught:
        NoteIndexFile(tmp_path / "index.sqlite3").count(VAULTS)
    assert caught.value.refusal.code is Code.INDEX_UNAVAILABLE
    assert "safe" in caught.value.refusal.hint
